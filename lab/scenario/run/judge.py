"""What was observed against what was expected. Pure: values in, values out.

In: an expectation (:class:`lab.scenario.format.expect.Asked`), and an :class:`Observation` for each route that it is
about. Out: :class:`Judged` values. Nothing observed is "unknown", never a pass.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from lab.route.model import Route
from lab.scenario.format.expect import Asked
from lab.verdict import Difference, Evidence, Expectation, Verdict, judge, judge_run, spread
from lab.verdict.judge import Judgement

ORDER: Mapping[str, int] = {"pass": 0, "unknown": 1, "fail": 2}


@dataclass(frozen=True, slots=True)
class Observation:
    """One route of one message, and what is known beside it. Hosts have the scenario's names."""

    number: int  # which of several such messages, from 0
    route: Route
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Judged:
    """The verdict on one expectation for one route (``recipient``), or for all of them (None)."""

    place: str
    message: str
    recipient: str | None
    verdict: Verdict


def judged(asked: Asked, observations: Sequence[Observation]) -> list[Judged]:
    """Return the verdict on each route, and on how they are spread."""
    if not observations:
        nothing = Verdict("unknown", (Difference("route", "a route", None),))
        return [Judged(asked.place, asked.message, asked.to, nothing)]
    found = [] if asked.judged is None else list(_each(asked, asked.judged, observations))
    if asked.spreads:
        verdict = spread.judge(asked.spreads, [each.route for each in observations])
        found.append(Judged(asked.place, asked.message, None, verdict))
    return found


def _each(asked: Asked, expected: Expectation, observations: Sequence[Observation]) -> Iterator[Judged]:
    several = len({each.number for each in observations}) > 1
    together: Counter[tuple[int, str]] = Counter()  # copies, by message and recipient: an alias has several routes
    for each in observations:
        together[each.number, each.route.recipient.casefold()] += each.route.copies
    for each in observations:
        copies = together[each.number, each.route.recipient.casefold()]
        verdict = judge(expected, each.route, replace(each.evidence, copies=copies))
        name = f"{asked.message} {each.number + 1}" if several else asked.message
        yield Judged(asked.place, name, each.route.recipient, verdict)


def judged_run(asked: Asked, logs: Mapping[str, Sequence[str]] | None) -> Judged:
    """Return the verdict on what is expected of the run itself, of which only *logs* can tell."""
    verdict = judge_run(asked.judged, Evidence(logs=logs)) if asked.judged else Verdict("unknown")
    return Judged(asked.place, "the run", None, verdict)


def worst(verdicts: Sequence[Verdict]) -> Judgement:
    """Return the outcome of several verdicts together; of none it is unknown."""
    return max((verdict.outcome for verdict in verdicts), key=lambda outcome: ORDER[outcome], default="unknown")
