"""The progress of `lab up`: what is done, what is being done, and how long each step took.

On a terminal a checklist that is drawn anew as it grows; in a pipe a line for each step, as it begins.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from textwrap import wrap
from typing import TYPE_CHECKING

from lab.cli.console import Cell, joined, live, tell

if TYPE_CHECKING:
    from rich.text import Text

DETAIL = "  "  # how a report begins that says what is going on inside the step before it
READY = " is ready"  # a host that answers: many at a time, and none of them is a step that another one ends
INDENT = " " * 14
Clock = Callable[[], float]


@dataclass(slots=True)
class Step:
    """One step. ``took`` is None while it goes on; ``detail`` is what it does now; ``answered`` what got ready."""

    text: str
    began: float
    took: float | None = None
    detail: str = ""
    answered: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Checklist:
    """The steps so far. Call it with each step's text, as :meth:`lab.world.world.World.up` does."""

    drawn: bool = False  # else a line for each report
    clock: Clock = time.monotonic
    steps: list[Step] = field(default_factory=list)
    start: float = 0.0

    def __post_init__(self) -> None:
        """Begin to count."""
        self.start = self.clock()

    def __call__(self, text: str) -> None:
        """Take the next report."""
        if text.endswith(READY) and self.steps:
            self.steps[-1].answered.append(text.removesuffix(READY))
        elif text.startswith(DETAIL) and self.steps:
            self.steps[-1].detail = text.strip()
        else:
            self.end()
            self.steps.append(Step(text, self.clock()))
        if not self.drawn:
            tell(f"{self.elapsed():6.1f} s  {text}")

    def end(self) -> None:
        """Note how long the last step took."""
        if self.steps and self.steps[-1].took is None:
            self.steps[-1].took = self.clock() - self.steps[-1].began

    def elapsed(self) -> float:
        """Return the seconds since the beginning."""
        return self.clock() - self.start

    def draw(self, width: int) -> Text:
        """Return the list as it is now."""
        room, cells = width - len(INDENT), list[Cell]()
        for step in self.steps:
            done = step.took is not None
            took = step.took if step.took is not None else self.clock() - step.began
            cells += [(" ok " if done else " .. ", "green" if done else "yellow"), (f"{took:6.1f} s  ", "dim")]
            cells.append(f"{step.text}\n")
            if step.detail and not done:
                cells.append((f"{INDENT}{step.detail[:room]}\n", "dim"))
            if step.answered:
                ready = wrap(f"ready: {' '.join(step.answered)}", room, break_on_hyphens=False)
                cells += [(f"{INDENT}{line}\n", "green") for line in ready]
        text = joined(*cells)
        text.rstrip()
        return text


@contextmanager
def checklist() -> Iterator[Checklist]:
    """Yield a checklist on stderr, drawn until the context ends."""
    found = Checklist()
    with live(found.draw) as found.drawn:
        try:
            yield found
        finally:
            found.end()
