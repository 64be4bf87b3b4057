"""The mailbox into which the message was delivered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lab.route.model import Route
from lab.values import Text
from lab.verdict.align import NOTHING
from lab.verdict.difference import Difference
from lab.verdict.evidence import Case
from lab.verdict.key import ExpectationKey


class Delivered(ExpectationKey[str]):
    """A mailbox's name."""

    help = "The mailbox."
    example = "INBOX"
    kind = Text()

    def contradictions(self, expected: str, others: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """What is in a mailbox has been delivered."""
        del expected
        if others.get("outcome") not in (None, "delivered"):
            yield "delivered", f"cannot be in a mailbox when the outcome is {others['outcome']!r}"

    def reached(self, expected: str, route: Route) -> bool:
        """Return whether it is delivered."""
        del expected
        return route.outcome == "delivered"

    def judge(self, expected: str, case: Case) -> Iterator[Difference]:
        """Where it is delivered without a mailbox, the delivery agent's own line has not been seen."""
        observed = case.route.mailbox
        if observed is None:
            known = case.complete and case.route.outcome != "delivered"
            yield Difference("delivered", expected, f"{NOTHING} ({case.route.outcome})" if known else None)
        elif observed != expected:
            yield Difference("delivered", expected, observed)
        elif case.complete and case.route.outcome != "delivered":
            yield Difference("delivered", expected, f"{observed}, but {case.route.outcome}")
