"""Takes faults back."""

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
class Heal(Step):
    """The faults with these names."""

    faults: tuple[str, ...]

    action = "heal"
    keys: ClassVar[Mapping[str, Key]] = {"heal": Key(ONE_OR_MORE, "Names of faults to take back.")}
    example: ClassVar[Mapping[str, object]] = {"heal": "mx-a"}

    @classmethod
    def read(cls, place: str, table: Mapping[str, Any], messages: Collection[str], notes: Notes) -> Heal:
        """Return it."""
        del messages, notes
        return cls(place, names(table["heal"]))

    def check(self, order: Order) -> None:
        """A fault that is not in force cannot be taken back."""
        known = {fault.name for fault in order.scenario.faults}
        for name in order.known(f"{self.place}.heal", self.faults, known, "fault"):
            if name not in order.applied:
                order.notes.note(f"{self.place}.heal", f"{name} is not in force here")
            order.applied.discard(name)

    def run(self, running: Running) -> None:
        """Heal them one after the other."""
        for name in self.faults:
            running.stage.heal(name)
