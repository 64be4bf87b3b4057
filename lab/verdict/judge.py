"""An expectation against what happened.

In: an :class:`Expectation`, the route, and the :class:`Evidence` beside it.
Out: :class:`Verdict`: pass; fail, with every difference; or unknown, when nothing contradicts the expectation
and something that it asks for was not seen or may still come. What is missing never passes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from lab.route.model import Route
from lab.verdict.difference import Difference
from lab.verdict.evidence import Case, Evidence
from lab.verdict.expectation import Expectation, given
from lab.verdict.key import RunKey

Judgement = Literal["pass", "fail", "unknown"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome, and every difference behind it: those observed, then those without evidence."""

    outcome: Judgement
    differences: tuple[Difference, ...] = ()

    def __str__(self) -> str:
        """Return it as a report."""
        return "\n".join([self.outcome, *(f"  {difference}" for difference in self.differences)])


def judge(expectation: Expectation, route: Route | None, evidence: Evidence | None = None) -> Verdict:
    """Return the verdict. *route* is None when the message left no trace."""
    if route is None:
        return Verdict("unknown", (Difference("route", "a route", None),))
    case = Case(route, evidence or Evidence())
    found = [difference for key, expected in given(expectation) for difference in key.judge(expected, case)]
    if not case.complete and not any(difference.path == "outcome" for difference in found):
        found.append(Difference("outcome", expectation.outcome or "an outcome", None))
    return concluded(found)


def judge_run(expectation: Expectation, evidence: Evidence) -> Verdict:
    """Return the verdict where there is no message, and hosts were only talked to: on what they have logged."""
    return concluded(
        difference
        for key, expected in given(expectation)
        if isinstance(key, RunKey)
        for difference in key.judge_run(expected, evidence)
    )


def reached(expectation: Expectation, route: Route) -> bool:
    """Return whether a *route* that may go on has got as far as is expected: nothing more is waited for."""
    return all(key.reached(expected, route) for key, expected in given(expectation))


def concluded(differences: Iterable[Difference]) -> Verdict:
    """Return the verdict that follows from all differences."""
    found = list(differences)
    observed = tuple(difference for difference in found if difference.observed is not None)
    missing = tuple(difference for difference in found if difference.observed is None)
    outcome: Literal["pass", "fail", "unknown"] = "fail" if observed else "unknown" if missing else "pass"
    return Verdict(outcome, observed + missing)
