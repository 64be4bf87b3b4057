"""How many hosts have written a Received field into the copy that arrived (RFC 5321 4.4)."""

from __future__ import annotations

from collections.abc import Iterator

from lab.route.model import Route
from lab.values import Number
from lab.verdict.content import parsed
from lab.verdict.difference import Difference
from lab.verdict.evidence import Case
from lab.verdict.key import ExpectationKey

HOPS = 1000  # twenty times hopcount_limit


class Received(ExpectationKey[int]):
    """A number of fields, in every copy."""

    help = "How many Received fields the copy that arrived has (RFC 5321 4.4)."
    example = 3
    kind = Number(HOPS, whole=True)
    needs = frozenset({"stored"})

    def reached(self, expected: int, route: Route) -> bool:
        """Return whether there is a copy."""
        del expected
        return route.copies > 0

    def judge(self, expected: int, case: Case) -> Iterator[Difference]:
        """Count in each copy."""
        copies = case.evidence.stored
        if not copies:
            yield Difference(
                "received", "a copy of the message", "none" if case.complete and copies is not None else None
            )
        for raw in copies or ():
            count = len(parsed(raw).get_all("Received", []))
            if count != expected:
                yield Difference("received", f"{expected} Received fields", str(count))
