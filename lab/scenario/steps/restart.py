"""Stops a host and starts it again."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from lab.scenario.format.problem import Notes
from lab.scenario.steps.step import Step
from lab.values import TEXT, Key

if TYPE_CHECKING:
    from lab.scenario.run.running import Running
    from lab.scenario.steps.order import Order


@dataclass(frozen=True, slots=True)
class Restart(Step):
    """A host, which nobody else may use meanwhile."""

    host: str

    action = "restart"
    keys: ClassVar[Mapping[str, Key]] = {
        "restart": Key(TEXT, "A host to stop and to start again: an MTA, a mail store, a host of [hosts].")
    }
    example: ClassVar[Mapping[str, object]] = {"restart": "mx1"}

    @classmethod
    def read(cls, place: str, table: Mapping[str, Any], messages: Collection[str], notes: Notes) -> Restart:
        """Return it."""
        del messages, notes
        return cls(place, table["restart"])

    def check(self, order: Order) -> None:
        """There is such a host."""
        order.machine(f"{self.place}.restart", self.host)

    def breaks(self) -> Collection[str]:
        """Return it."""
        return (self.host,)

    def run(self, running: Running) -> None:
        """Stop it, and go on when it is ready again."""
        with running.lab.stopped(running.real(self.host)):
            pass
