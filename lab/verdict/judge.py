"""An expectation against what happened.

In: an :class:`Expectation`, the route, and the :class:`Evidence` beside it.
Out: :class:`Verdict`: pass; fail, with every difference; or unknown, when nothing contradicts the expectation
and something that it asks for was not seen or may still come. What is missing never passes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from lab.route.model import Route
from lab.verdict import logs
from lab.verdict.checks import CHECKS, Case, Evidence
from lab.verdict.difference import Difference
from lab.verdict.expectation import Expectation


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome, and every difference behind it: those observed, then those without evidence."""

    outcome: Literal["pass", "fail", "unknown"]
    differences: tuple[Difference, ...] = ()

    def __str__(self) -> str:
        """Return it as a report."""
        return "\n".join([self.outcome, *(f"  {difference}" for difference in self.differences)])


def judge(expectation: Expectation, route: Route | None, evidence: Evidence | None = None) -> Verdict:
    """Return the verdict. *route* is None when the message left no trace."""
    if route is None:
        return Verdict("unknown", (Difference("route", "a route", None),))
    case = Case(expectation, route, evidence or Evidence())
    found = [difference for check in CHECKS for difference in check(case)]
    if not case.complete and not any(difference.path == "outcome" for difference in found):
        found.append(Difference("outcome", expectation.outcome or "an outcome", None))
    return _verdict(found)


def judge_logs(expectation: Expectation, evidence: Evidence) -> Verdict:
    """Return the verdict where there is no message, and hosts were only talked to: on what they have logged."""
    return _verdict(list(logs.differences(expectation, evidence.logs, complete=True)))


def _verdict(found: list[Difference]) -> Verdict:
    observed = tuple(difference for difference in found if difference.observed is not None)
    missing = tuple(difference for difference in found if difference.observed is None)
    outcome: Literal["pass", "fail", "unknown"] = "fail" if observed else "unknown" if missing else "pass"
    return Verdict(outcome, observed + missing)
