"""How often the message reached a mailbox."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lab.route.model import Route
from lab.values import Number
from lab.verdict.difference import Difference
from lab.verdict.evidence import Case
from lab.verdict.key import ExpectationKey

MOST = 1_000_000


class Copies(ExpectationKey[int]):
    """Of one route, or of all those of its recipient, who may stand for several (an alias) or come to one twice."""

    help = "How many copies reached mailboxes: of each address that the recipient stands for, or of all together."
    example = 1
    kind = Number(MOST, whole=True)
    needs = frozenset({"copies"})

    def contradictions(self, expected: int, others: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """What is in a mailbox is a copy."""
        if expected == 0 and others.get("delivered"):
            yield "copies", "cannot be 0 when a mailbox is expected"

    def reached(self, expected: int, route: Route) -> bool:
        """Return whether there are as many."""
        return route.copies >= expected

    def judge(self, expected: int, case: Case) -> Iterator[Difference]:
        """More of them may come to an open route."""
        observed = case.route.copies
        together = observed if case.evidence.copies is None else case.evidence.copies
        if expected in (observed, together) and case.complete:
            return
        more = "" if together == observed else f", {together} of all routes of the recipient"
        text = f"{observed} in mailboxes{more}"
        over = min(observed, together) > expected
        yield Difference("copies", str(expected), text) if over else case.absent("copies", str(expected), text)
