"""The checks of an expectation, one for each kind: what differs, and what cannot be told.

In: a :class:`Case`. Out: :class:`Difference` values. A check that is not asked for yields nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from lab.route.model import Route
from lab.verdict import logs, notice, regex
from lab.verdict.align import NOTHING, Item, align
from lab.verdict.difference import Difference
from lab.verdict.expectation import Expectation
from lab.verdict.meant import meant
from lab.verdict.pattern import describe, known, like, names


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was observed besides the route. None: not collected, so nothing can be said about it.

    ``contacted``: hosts that saw a connection for this run. ``questions``: "MX dest.test" in the order of the
    DNS log. ``queues``: host to queue ("none" where the message has left). ``elapsed``: seconds from
    submission to the outcome. ``logs``: host to the lines of its log that are about the message
    (:mod:`lab.route.about`); a host whose log was not read to the end is not in it. ``tls_logged``: hosts that log
    every TLS session that they begin. ``copies``: how many the recipient's routes have together, where it stands for
    several.
    """

    contacted: frozenset[str] | None = None
    questions: tuple[str, ...] | None = None
    queues: Mapping[str, str] | None = None
    elapsed: float | None = None
    logs: Mapping[str, Sequence[str]] | None = None
    tls_logged: frozenset[str] | None = None
    copies: int | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """One expectation, and what there is to judge it by."""

    expected: Expectation
    route: Route
    evidence: Evidence

    @property
    def complete(self) -> bool:
        """Whether the route has come to an end: what is not there yet will not come."""
        return self.route.outcome != "unknown"

    def absent(self, path: str, expected: str, observed: str = NOTHING) -> Difference:
        """Return the difference for something that is not there: final only when nothing can follow."""
        return Difference(path, expected, observed if self.complete else None)


def _attempts(case: Case) -> Iterator[Difference]:
    if case.expected.attempts is None:
        return
    items, tls_logged = case.expected.attempts, case.evidence.tls_logged or ()
    sides = meant(items, case.route)
    mismatches = min((align(items, [known(each, tls_logged) for each in side]) for side in sides), key=len)
    for mismatch in mismatches:
        path = f"attempts[{mismatch.index}]"
        if mismatch.unsure or case.route.unread:  # an attempt may be missing, or something about this one
            yield Difference(path, mismatch.expected, None, mismatch.observed)
        elif mismatch.observed == NOTHING:
            yield case.absent(path, f"{mismatch.expected}{_which(items, mismatch.index)}")
        else:
            yield Difference(path, mismatch.expected, mismatch.observed)
    for text in case.route.unread:
        yield Difference("attempts", f"log lines that are understood; this one is not: {text}", None)


def _which(items: Sequence[Item], index: int) -> str:
    """Return which of several equal items one is."""
    equal = [number for number, item in enumerate(items) if item == items[index]]
    return f" (the {equal.index(index) + 1}. of {len(equal)} such)" if len(equal) > 1 else ""


def _accepted_by(case: Case) -> Iterator[Difference]:
    expected, observed = case.expected.accepted_by, case.route.accepted_by
    if expected is None or (observed is not None and case.complete and names(expected, observed)):
        return
    if observed is None or not case.complete:  # another host may take it still
        yield case.absent("accepted_by", expected, observed or NOTHING)
    else:
        yield Difference("accepted_by", expected, observed)


def _delivered(case: Case) -> Iterator[Difference]:
    expected, observed = case.expected.delivered, case.route.mailbox
    if expected is None:
        return
    if observed is None:
        # "delivered" without a mailbox: the delivery agent's own line has not been seen.
        known = case.complete and case.route.outcome != "delivered"
        yield Difference("delivered", expected, f"{NOTHING} ({case.route.outcome})" if known else None)
    elif observed != expected:
        yield Difference("delivered", expected, observed)
    elif case.complete and case.route.outcome != "delivered":
        yield Difference("delivered", expected, f"{observed}, but {case.route.outcome}")


def _mailstore(case: Case) -> Iterator[Difference]:
    expected, observed = case.expected.mailstore, case.route.mailstore
    if expected is None or (observed is not None and names(expected, observed)):
        return
    known = observed is not None or (case.complete and case.route.outcome != "delivered")
    yield Difference("mailstore", expected, (observed or NOTHING) if known else None)


def _outcome(case: Case) -> Iterator[Difference]:
    expected, observed = case.expected.outcome, case.route.outcome
    if expected is not None and observed != expected:
        yield case.absent("outcome", expected, observed)


def _status(case: Case) -> Iterator[Difference]:
    expected, observed = case.expected.status, case.route.status
    if expected is None or (observed is not None and case.complete and like(expected, observed)):
        return
    yield Difference("status", expected, observed if case.complete else None)


def _reply(case: Case) -> Iterator[Difference]:
    expected, observed = case.expected.reply, case.route.reason
    if expected is None or (observed is not None and case.complete and regex.found(expected, observed)):
        return
    yield Difference("reply", expected, observed if case.complete else None)


def _hops(case: Case) -> Iterator[Difference]:
    expected, observed = case.expected.hops, tuple(case.route.hops)
    if expected is None:
        return
    same = all(names(pattern, host) for pattern, host in zip(expected, observed, strict=False))
    if same and len(expected) == len(observed):
        return
    shown = ", ".join(observed) or NOTHING
    so_far = same and len(observed) < len(expected)  # the rest may come
    yield (
        case.absent("hops", ", ".join(expected), shown) if so_far else Difference("hops", ", ".join(expected), shown)
    )


def _untouched(case: Case) -> Iterator[Difference]:
    """Two witnesses: the senders' attempts, and the hosts' own logs. The second one must have been heard."""
    contacted = case.evidence.contacted
    for index, pattern in enumerate(case.expected.untouched or ()):
        path = f"untouched[{index}]"
        tried = [describe(attempt) for attempt in case.route.attempts if names(pattern, attempt.target)]
        seen = [host for host in contacted or () if names(pattern, host)]
        if tried or seen:
            yield Difference(path, f"no connection to {pattern}", tried[0] if tried else f"a connection to {seen[0]}")
        elif contacted is None or not case.complete:
            yield Difference(path, f"no connection to {pattern}", None)


def _copies(case: Case) -> Iterator[Difference]:
    """Of one route, or of all those of its recipient, who may stand for several (an alias) or come to one twice."""
    expected, observed = case.expected.copies, case.route.copies
    together = observed if case.evidence.copies is None else case.evidence.copies
    if expected is None or (expected in (observed, together) and case.complete):
        return
    text = f"{observed} in mailboxes" + ("" if together == observed else f", {together} of all routes of the recipient")
    over = min(observed, together) > expected
    yield Difference("copies", str(expected), text) if over else case.absent("copies", str(expected), text)


def _notifications(case: Case) -> Iterator[Difference]:
    if case.expected.notifications is None:
        return
    for mismatch in notice.compare(case.expected.notifications, case.route.notifications):
        if mismatch.expected and mismatch.observed == "":
            yield case.absent("notifications", mismatch.expected)
        else:
            yield Difference("notifications", mismatch.expected or NOTHING, mismatch.observed)


def _asked(case: Case) -> Iterator[Difference]:
    """Each question must be there, and after the one that is listed before it."""
    questions, position = case.evidence.questions, 0
    normal = [_question(question) for question in questions or ()]
    for index, expected in enumerate(case.expected.asked or ()):
        path = f"asked[{index}]"
        if _question(expected) in normal[position:]:
            position = normal.index(_question(expected), position) + 1
        elif questions is None or not case.complete:
            yield Difference(path, expected, None)
        elif _question(expected) in normal:
            yield Difference(path, f"{expected} in this place", "asked earlier")
        else:
            yield Difference(path, expected, "not asked")


def _not_asked(case: Case) -> Iterator[Difference]:
    questions = case.evidence.questions
    counts = Counter(_question(question) for question in questions or ())
    for index, expected in enumerate(case.expected.not_asked or ()):
        if counts[_question(expected)]:
            yield Difference(
                f"not_asked[{index}]", f"no question {expected}", f"asked {counts[_question(expected)]} times"
            )
        elif questions is None or not case.complete:
            yield Difference(f"not_asked[{index}]", f"no question {expected}", None)


def _question(text: str) -> str:
    """Return a question in one spelling: the DNS knows no case (RFC 4343), and a final dot adds nothing."""
    type_, _, name = text.partition(" ")
    return f"{type_.upper()} {name.strip().rstrip('.').lower()}"


def _timing(case: Case) -> Iterator[Difference]:
    elapsed = case.evidence.elapsed if case.complete else None
    shortest, longest = case.expected.at_least, case.expected.at_most
    observed = None if elapsed is None else f"{elapsed:.3f} s"
    if shortest is not None and (elapsed is None or elapsed < shortest):
        yield Difference("at_least", f"{shortest} s or more", observed)
    if longest is not None and (elapsed is None or elapsed > longest):
        yield Difference("at_most", f"{longest} s or less", observed)


def _intervals(case: Case) -> Iterator[Difference]:
    expected = case.expected.intervals
    if expected is None:
        return
    gaps = [(later.at - earlier.at).total_seconds() for earlier, later in pairwise(case.route.attempts)]
    for index, (shortest, longest) in enumerate(expected):
        path, text = f"intervals[{index}]", f"{shortest} s to {longest} s"
        if index >= len(gaps):
            yield case.absent(path, text, "no such attempt")
        elif not shortest <= gaps[index] <= longest:
            yield Difference(path, text, f"{gaps[index]:.3f} s")


def _queue(case: Case) -> Iterator[Difference]:
    queues = case.evidence.queues or {}
    for host, expected in (case.expected.queue or {}).items():
        observed = queues.get(host)
        if observed != expected:
            yield Difference(f"queue.{host}", expected, observed)


def _logs(case: Case) -> Iterator[Difference]:
    return logs.differences(case.expected, case.evidence.logs, complete=case.complete)


CHECKS: tuple[Callable[[Case], Iterator[Difference]], ...] = (
    _attempts,
    _accepted_by,
    _delivered,
    _mailstore,
    _outcome,
    _status,
    _reply,
    _hops,
    _untouched,
    _copies,
    _notifications,
    _asked,
    _not_asked,
    _timing,
    _intervals,
    _queue,
    _logs,
)
