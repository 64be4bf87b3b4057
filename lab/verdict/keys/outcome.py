"""How the message's way ended, or how it stands."""

from __future__ import annotations

from collections.abc import Iterator

from lab.route.model import Route
from lab.values import Text
from lab.verdict.difference import Difference
from lab.verdict.evidence import Case
from lab.verdict.key import ExpectationKey
from lab.verdict.notice import OUTCOMES


class Outcome(ExpectationKey[str]):
    """One of the outcomes of a route."""

    help = f"How it ended, or stands: {', '.join(OUTCOMES)}. Of many messages: {{deferred = [1, 9]}}."
    example = "delivered"
    kind = Text(OUTCOMES)

    def reached(self, expected: str, route: Route) -> bool:
        """Return whether it stands so."""
        return route.outcome == expected

    def judge(self, expected: str, case: Case) -> Iterator[Difference]:
        """An open route may have any outcome."""
        observed = case.route.outcome
        if observed != expected:
            yield case.absent("outcome", expected, observed)
