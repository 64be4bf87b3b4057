"""What a step of a scenario is: one action in time, as it is written, checked without a lab, and run on one.

Each action is a module of this folder, and registered by being there; docs/architecture.md has the recipe. Nothing here
imports the container engine: what a step does in a lab, it asks of the :class:`lab.scenario.run.running.Running` that
it is handed.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from lab.scenario.format.model import Expected
from lab.scenario.format.problem import Notes
from lab.values import TEXT, Key

if TYPE_CHECKING:
    from lab.scenario.run.running import Running
    from lab.scenario.steps.order import Order

MESSAGE = Key(TEXT, "The message meant; by default the only one.")


@dataclass(frozen=True, slots=True)
class Step(ABC):
    """One action in time. ``place`` is its path in the file: "step[2]". Its texts still have their variables."""

    place: str

    action: ClassVar[str]  # the key that names it
    keys: ClassVar[Mapping[str, Key]]  # this one, and those that may stand beside it
    example: ClassVar[Mapping[str, object]]  # a table that says it
    proves: ClassVar[bool] = False  # whether a scenario that does no more than this can fail
    moves: ClassVar[bool] = False  # whether a message that is held may go on after it

    @classmethod
    @abstractmethod
    def read(cls, place: str, table: Mapping[str, Any], messages: Collection[str], notes: Notes) -> Step:
        """Return the step in a *table* whose values have the types that :attr:`keys` say. *messages*: all their names.

        What else is wrong with it is noted.
        """

    @abstractmethod
    def check(self, order: Order) -> None:
        """Note what it cannot do at this point of the scenario, and what is otherwise after it."""

    @abstractmethod
    def run(self, running: Running) -> None:
        """Do it. What is not as it should be becomes a difference. Raises LabError where nothing can be said."""

    def texts(self) -> Iterator[tuple[str, str]]:
        """Yield (path, text) of each text in which variables are replaced; zones are apart, and expectations."""
        yield from ()

    def zones(self) -> Iterator[tuple[str, str, str]]:
        """Yield (path, variable or name of the zone, text) of each zone that it serves."""
        yield from ()

    def expectations(self) -> tuple[Expected, ...]:
        """Return what it expects."""
        return ()

    def uses(self) -> Collection[str]:
        """Return the hosts that it uses as they are."""
        return ()

    def breaks(self) -> Collection[str]:
        """Return the hosts that it must have alone, because others would notice."""
        return ()


def names(value: object) -> tuple[str, ...]:
    """Return the names in a value: one, or a list of them."""
    return (value,) if isinstance(value, str) else tuple(value) if isinstance(value, list) else ()


def meant(table: Mapping[str, Any], messages: Collection[str]) -> str | None:
    """Return the name of the message that a step is about; None where it says none and there are several, or none."""
    name: str | None = table.get("message", next(iter(messages)) if len(messages) == 1 else None)
    return name
