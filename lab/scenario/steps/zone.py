"""Replaces a zone."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from dnszone.problem import did_you_mean
from lab.scenario.format.model import MAIN
from lab.scenario.format.problem import Notes, joined
from lab.scenario.format.variables import zone_key
from lab.scenario.steps.step import Step
from lab.values import TEXT, Key

if TYPE_CHECKING:
    from lab.scenario.run.running import Running
    from lab.scenario.steps.order import Order


@dataclass(frozen=True, slots=True)
class Zone(Step):
    """The text that the zone has from here on; ``of`` is the zone's name in the table [zones], by default $DOMAIN's."""

    text: str
    of: str = MAIN

    action = "zone"
    keys: ClassVar[Mapping[str, Key]] = {
        "zone": Key(TEXT, "A text that replaces the zone of $DOMAIN, or of the domain named by `of`."),
        "of": Key(TEXT, "The zone meant by zone: a name of the table [zones]."),
    }
    example: ClassVar[Mapping[str, object]] = {"zone": "@ MX 10 mx2.dest.test.", "of": "other"}

    @classmethod
    def read(cls, place: str, table: Mapping[str, Any], messages: Collection[str], notes: Notes) -> Zone:
        """Return it."""
        del messages, notes
        return cls(place, table["zone"], table.get("of", MAIN))

    def check(self, order: Order) -> None:
        """There is such a zone; what is wrong with the text, the check of all zones says."""
        scenario = order.scenario
        if zone_key(self.of) not in {**scenario.zones, **scenario.fixed}:
            known = [*(name.lower() for name in scenario.zones), *scenario.fixed]
            hint = did_you_mean(self.of, known) or joined(known)
            order.notes.note(f"{self.place}.of", f"no zone is called {self.of!r}", hint)

    def zones(self) -> Iterator[tuple[str, str, str]]:
        """Yield it."""
        yield f"{self.place}.zone", zone_key(self.of), self.text

    def run(self, running: Running) -> None:
        """Serve it; plans know it from here on."""
        running.stage.zone(zone_key(self.of), self.text)
        running.plan_again()
