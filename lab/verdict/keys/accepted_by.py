"""The last host that took the message over SMTP."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lab.verdict.align import NOTHING
from lab.verdict.difference import Difference
from lab.verdict.evidence import Case
from lab.verdict.key import ExpectationKey
from lab.verdict.kinds import HostName
from lab.verdict.pattern import names


class AcceptedBy(ExpectationKey[str]):
    """A host, or a pattern of hosts."""

    help = "The last host that took the message. Of many messages the least and the most of each: {mx1 = [10, 50]}."
    example = "mx1"
    kind = HostName()

    def hosts(self, expected: str) -> Iterator[tuple[str, str]]:
        """Yield it."""
        yield "", expected

    def contradictions(self, expected: str, others: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """The last of the hops is this host."""
        hops = others.get("hops")
        if hops and hops[-1] != expected:
            yield "accepted_by", f"is {expected!r}, but the last hop is {hops[-1]!r}"

    def judge(self, expected: str, case: Case) -> Iterator[Difference]:
        """Another host may take it still, as long as the route is open."""
        observed = case.route.accepted_by
        if observed is not None and case.complete and names(expected, observed):
            return
        if observed is None or not case.complete:
            yield case.absent("accepted_by", expected, observed or NOTHING)
        else:
            yield Difference("accepted_by", expected, observed)
