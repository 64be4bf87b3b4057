"""The host that has the mailbox."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lab.route.model import Route
from lab.verdict.align import NOTHING
from lab.verdict.difference import Difference
from lab.verdict.evidence import Case
from lab.verdict.key import ExpectationKey
from lab.verdict.kinds import HostName
from lab.verdict.pattern import names


class Mailstore(ExpectationKey[str]):
    """A host, or a pattern of hosts."""

    help = "The host that has this mailbox."
    example = "mailstore"
    kind = HostName()

    def hosts(self, expected: str) -> Iterator[tuple[str, str]]:
        """Yield it."""
        yield "", expected

    def contradictions(self, expected: str, others: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """What it has has been delivered."""
        del expected
        if others.get("outcome") not in (None, "delivered"):
            yield "mailstore", f"cannot have it when the outcome is {others['outcome']!r}"

    def reached(self, expected: str, route: Route) -> bool:
        """Return whether it is delivered."""
        del expected
        return route.outcome == "delivered"

    def judge(self, expected: str, case: Case) -> Iterator[Difference]:
        """Where it is delivered to nobody knows whom, the delivery agent's own line has not been seen."""
        observed = case.route.mailstore
        if observed is not None and names(expected, observed):
            return
        known = observed is not None or (case.complete and case.route.outcome != "delivered")
        yield Difference("mailstore", expected, (observed or NOTHING) if known else None)
