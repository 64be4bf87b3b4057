"""What was observed against what was expected. Pure: values in, values out.

In: an expectation (:class:`lab.scenario.format.expect.Asked`), and an :class:`Observation` for each route that it is
about. Out: :class:`Judged` values. Nothing observed is "unknown", never a pass.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from email import message_from_bytes, policy
from email.message import Message
from typing import Literal

from lab.route.model import Route
from lab.scenario.format.expect import Asked
from lab.verdict import Difference, Evidence, Verdict, judge, judge_logs, regex
from lab.verdict.pattern import names

Outcome = Literal["pass", "fail", "unknown"]
ORDER: Mapping[str, int] = {"pass": 0, "unknown": 1, "fail": 2}


@dataclass(frozen=True, slots=True)
class Observation:
    """One route of one message, and what is known beside it. Hosts have the scenario's names."""

    number: int  # which of several such messages, from 0
    route: Route
    evidence: Evidence
    refused: str | None = None  # the reply at submission
    copies: tuple[bytes, ...] = ()
    notices: tuple[bytes, ...] = ()


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
    several = len({each.number for each in observations})
    together: Counter[tuple[int, str]] = Counter()  # copies, by message and recipient: an alias has several routes
    for each in observations:
        together[each.number, each.route.recipient.casefold()] += each.route.copies
    found = []
    for each in observations:
        copies = together[each.number, each.route.recipient.casefold()]
        found.append(_one(asked, replace(each, evidence=replace(each.evidence, copies=copies)), several))
    if asked.spread:
        differences = tuple(_spread(asked, observations))
        open_ = any(each.route.outcome == "unknown" for each in observations)
        outcome: Outcome = "pass" if not differences else "unknown" if open_ else "fail"
        found.append(Judged(asked.place, asked.message, None, Verdict(outcome, differences)))
    return found


def judged_run(asked: Asked, logs: Mapping[str, Sequence[str]] | None) -> Judged:
    """Return the verdict on what is expected of the run itself, of which only *logs* can tell."""
    verdict = judge_logs(asked.judged, Evidence(logs=logs)) if asked.judged else Verdict("unknown")
    return Judged(asked.place, "the run", None, verdict)


def worst(verdicts: Sequence[Verdict]) -> Outcome:
    """Return the outcome of several verdicts together; of none it is unknown."""
    return max((verdict.outcome for verdict in verdicts), key=lambda outcome: ORDER[outcome], default="unknown")


def _one(asked: Asked, each: Observation, several: int) -> Judged:
    verdict = judge(asked.judged, each.route, each.evidence) if asked.judged else Verdict("pass")
    more = [*_refused(asked, each), *_stored(asked, each), *_notice(asked, each)]
    name = f"{asked.message} {each.number + 1}" if several > 1 else asked.message
    observed = [difference for difference in (*verdict.differences, *more) if difference.observed is not None]
    missing = [difference for difference in (*verdict.differences, *more) if difference.observed is None]
    outcome: Outcome = "fail" if observed else "unknown" if missing else verdict.outcome
    return Judged(asked.place, name, each.route.recipient, Verdict(outcome, tuple(observed + missing)))


def _refused(asked: Asked, each: Observation) -> Iterator[Difference]:
    if asked.refused is None or (each.refused or "").startswith(asked.refused):
        return
    yield Difference("refused", asked.refused, each.refused or "accepted")


def _stored(asked: Asked, each: Observation) -> Iterator[Difference]:
    if asked.received is None and not asked.stored:
        return
    if not each.copies:
        yield Difference("stored", "a copy of the message", None if each.route.outcome == "unknown" else "none")
        return
    for raw in each.copies:
        message = message_from_bytes(raw, policy=policy.compat32)
        count = len(message.get_all("Received", []))
        if asked.received not in (None, count):
            yield Difference("received", f"{asked.received} Received fields", str(count))
        yield from _fields("stored", asked.stored, message)


def _notice(asked: Asked, each: Observation) -> Iterator[Difference]:
    if not asked.notice:
        return
    if not each.notices:
        yield Difference("notice", "a notification", None if each.route.outcome == "unknown" else "none")
    for raw in each.notices:
        yield from _fields("notice", asked.notice, message_from_bytes(raw, policy=policy.compat32))


def _fields(path: str, expected: Mapping[str, str], message: Message) -> Iterator[Difference]:
    """Compare fields of any part with regular expressions; one that is right is enough."""
    for name, pattern in expected.items():
        values = list(_texts(message)) if name == "body" else list(_values(message, name))
        if not any(regex.found(pattern, value) for value in values):
            shown = "; ".join(value.strip() for value in values) or "no such field"
            yield Difference(f"{path}.{name}", pattern, shown)


def _values(message: Message, name: str) -> Iterator[str]:
    for part in message.walk():
        for field, value in part.raw_items():
            if field.lower() == name.lower():
                text = str(value).encode("utf-8", "surrogateescape").decode("utf-8", "replace")  # RFC 6532 3.2
                yield " ".join(text.split())


def _texts(message: Message) -> Iterator[str]:
    for part in message.walk():
        content = part.get_payload(decode=True)
        if isinstance(content, bytes):
            yield content.decode("utf-8", "replace")


def _spread(asked: Asked, observations: Sequence[Observation]) -> Iterator[Difference]:
    for key, expected in asked.spread.items():
        counts = Counter(str(getattr(each.route, key)) for each in observations)
        for pattern, (least, most) in expected.items():
            count = sum(number for name, number in counts.items() if names(pattern, name))
            if not least <= count <= most:
                yield Difference(f"{key}.{pattern}", f"{least} to {most} of {len(observations)}", str(count))
