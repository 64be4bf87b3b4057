"""What came of one run. Pure values, with their JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from lab.route.departures import Departure
from lab.route.model import Route
from lab.scenario.format.model import Scenario
from lab.scenario.run.judge import Judged
from lab.verdict import Difference

Outcome = Literal["pass", "fail", "unknown", "skipped", "error"]


@dataclass(frozen=True, slots=True)
class Result:
    """``reason`` says why it was skipped, or what went wrong; ``differences`` are those that no expectation has.

    ``departures``: where a route left its plan without a reason that the scenario gives.
    """

    scenario: Scenario
    outcome: Outcome
    seconds: float
    reason: str | None = None
    judged: tuple[Judged, ...] = ()
    differences: tuple[Difference, ...] = ()
    routes: tuple[Route, ...] = ()
    departures: tuple[Departure, ...] = ()
    story: str = ""  # timeline and plan of each message, where it did not pass
    evidence: Path | None = None
    domains: Mapping[str, str] = field(default_factory=dict)  # what $DOMAIN and the like were
    notes: tuple[str, ...] = ()  # what a reader should know of it, and what is no difference

    @property
    def good(self) -> bool:
        """Whether nothing speaks against it: passed, or skipped."""
        return self.outcome in ("pass", "skipped")

    def lines(self) -> list[str]:
        """Return what differs, a line each, and why."""
        found = [self.reason] if self.reason else []
        for each in self.judged:
            if each.verdict.outcome != "pass":
                to = f" to {each.recipient}" if each.recipient else ""
                found.append(f"{each.place} ({each.message}{to}): {each.verdict.outcome}")
                found += [f"  {difference}" for difference in each.verdict.differences]
        found += [str(difference) for difference in self.differences]
        found += [f"the route departs from the plan: {departure}" for departure in self.departures]
        return found

    def report(self) -> str:
        """Return everything that a person needs to see why it did not pass."""
        parts = [f"{self.scenario.id}: {self.outcome}", *(f"  {line}" for line in self.lines())]
        parts += [f"  note: {note}" for note in self.notes]
        if self.domains:
            parts += [f"  {', '.join(f'{name} was {domain}' for name, domain in self.domains.items())}"]
        if self.story:
            parts += ["", self.story]
        if self.evidence is not None:
            parts += ["", f"evidence: {self.evidence}"]
        return "\n".join(parts)

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "schema": 1,
            "id": self.scenario.id,
            "group": self.scenario.group,
            "title": self.scenario.title,
            "outcome": self.outcome,
            "seconds": round(self.seconds, 3),
            "reason": self.reason,
            "differences": self.lines(),
            "notes": list(self.notes),
            "domains": dict(self.domains),
            "routes": [route.to_json() for route in self.routes],
            "evidence": str(self.evidence) if self.evidence else None,
        }
