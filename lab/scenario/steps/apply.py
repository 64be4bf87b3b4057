"""Puts faults in force."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from lab.scenario.format.problem import Notes
from lab.scenario.steps.step import Step, names
from lab.values import ONE_OR_MORE, Key

if TYPE_CHECKING:
    from lab.scenario.run.running import Running
    from lab.scenario.steps.order import Order


@dataclass(frozen=True, slots=True)
class Apply(Step):
    """The faults with these names."""

    faults: tuple[str, ...]

    action = "apply"
    keys: ClassVar[Mapping[str, Key]] = {"apply": Key(ONE_OR_MORE, "Names of faults to put in force.")}
    example: ClassVar[Mapping[str, object]] = {"apply": "mx-a"}

    @classmethod
    def read(cls, place: str, table: Mapping[str, Any], messages: Collection[str], notes: Notes) -> Apply:
        """Return it."""
        del messages, notes
        return cls(place, names(table["apply"]))

    def check(self, order: Order) -> None:
        """A fault that is in force cannot be applied."""
        known = {fault.name for fault in order.scenario.faults}
        for name in order.known(f"{self.place}.apply", self.faults, known, "fault"):
            if name in order.applied:
                order.notes.note(
                    f"{self.place}.apply", f"{name} is in force already", "later = true keeps it for a step"
                )
            order.applied.add(name)
            order.ever.add(name)

    def run(self, running: Running) -> None:
        """Apply them one after the other."""
        for name in self.faults:
            running.stage.apply(name)
