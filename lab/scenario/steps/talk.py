"""Holds dialogues with hosts."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from lab.scenario.format.problem import Notes
from lab.scenario.format.session import talk
from lab.scenario.format.variables import replaced
from lab.scenario.steps.step import Step, names
from lab.values import ONE_OR_MORE, Key

if TYPE_CHECKING:
    from lab.scenario.run.running import Running
    from lab.scenario.steps.order import Order


@dataclass(frozen=True, slots=True)
class Talk(Step):
    """The sessions with these names."""

    sessions: tuple[str, ...]

    action = "talk"
    keys: ClassVar[Mapping[str, Key]] = {"talk": Key(ONE_OR_MORE, "Names of sessions to hold.")}
    example: ClassVar[Mapping[str, object]] = {"talk": "session"}

    @classmethod
    def read(cls, place: str, table: Mapping[str, Any], messages: Collection[str], notes: Notes) -> Talk:
        """Return it."""
        del messages, notes
        return cls(place, names(table["talk"]))

    def check(self, order: Order) -> None:
        """A session may be held several times."""
        known = {session.name for session in order.scenario.sessions}
        order.held.update(order.known(f"{self.place}.talk", self.sessions, known, "session"))

    def run(self, running: Running) -> None:
        """Hold them one after the other; each ends at its first difference."""
        for name in self.sessions:
            session = next(each for each in running.scenario.sessions if each.name == name)
            connect = partial(running.lab.connect, running.via(session.at))
            outcome = talk([replaced(line, running.values) for line in session.lines], connect)
            if outcome.expected is not None:
                said = "\n".join(f"    {line}" for line in outcome.transcript)
                running.differs(f"session {name}", outcome.expected, f"{outcome.observed}; what was said:\n{said}")
