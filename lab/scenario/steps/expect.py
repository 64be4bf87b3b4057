"""Judges what has happened by now."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from lab.scenario.format import expect
from lab.scenario.format.model import RUN, Expected
from lab.scenario.format.problem import Notes
from lab.scenario.steps.step import Step
from lab.values import Key, Tables

if TYPE_CHECKING:
    from lab.scenario.run.running import Running
    from lab.scenario.steps.order import Order


@dataclass(frozen=True, slots=True)
class Expect(Step):
    """What must hold now."""

    expected: tuple[Expected, ...]

    action = "expect"
    keys: ClassVar[Mapping[str, Key]] = {"expect": Key(Tables(expect.TABLE, single=True), "What must hold now.")}
    example: ClassVar[Mapping[str, object]] = {"expect": {"outcome": "deferred"}}
    proves = True

    @classmethod
    def read(cls, place: str, table: Mapping[str, Any], messages: Collection[str], notes: Notes) -> Expect:
        """Return it."""
        return cls(place, expect.read(table["expect"], f"{place}.expect", messages, notes))

    def check(self, order: Order) -> None:
        """What is expected of a message that is not on its way cannot be seen."""
        for expected in self.expected:
            if expected.message != RUN and expected.message not in order.sent:
                order.notes.note(expected.place, f"{expected.message} has not been sent yet")

    def expectations(self) -> tuple[Expected, ...]:
        """Return them."""
        return self.expected

    def run(self, running: Running) -> None:
        """Wait until there is enough to judge by, and judge."""
        running.expect(self.expected)
