"""Notices as an expectation writes them: "failed", "failed ana@home.test", "failed ana@home.test delivered".

    KIND [RECIPIENT [OUTCOME]]

RECIPIENT is whom the notice goes to; Postfix's own notices go to "postmaster", without a domain. OUTCOME is how the
notice's own way ended. A notice of success whose kind nobody has read may be of any of the three kinds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lab.route.model import Notification

KINDS = ("failed", "delayed", "relayed", "delivered", "expanded", "rejected", "auto-replied")
OUTCOMES = ("delivered", "bounced", "deferred", "expired", "discarded", "rejected", "held")  # of any message
OF_SUCCESS = ("relayed", "delivered", "expanded")
UNREAD = "unknown"  # kind of a notice of success that has not been read
NOTICE = re.compile(
    rf"(?P<kind>{'|'.join(KINDS)})"
    rf"(?: (?P<recipient>(?!(?:{'|'.join(OUTCOMES)})\b)\S+)(?: (?P<outcome>{'|'.join(OUTCOMES)}))?)?"
)


@dataclass(frozen=True, slots=True)
class Mismatch:
    """An expected notice that is not there, or one that nobody expected; ``observed`` is None where it may be there."""

    expected: str | None
    observed: str | None


def compare(expected: Sequence[str], notifications: Sequence[Notification]) -> Iterator[Mismatch]:
    """Yield the differences, in any order of the notices; "" stands for nothing."""
    left = list(notifications)
    # Those that say more choose first, so that a plain "failed" does not take theirs.
    for text in sorted(expected, key=lambda text: -text.count(" ")):
        found = NOTICE.fullmatch(text)
        kind, *wanted = found.groups() if found else (text, None, None)
        hit = next((each for each in left if _fits(kind, wanted, each) is True), None)
        open_ = next((each for each in left if _fits(kind, wanted, each) is None), None)
        near = next((each for each in left if _fits(kind, [wanted[0], None], each) is True), None)
        if hit is not None:
            left.remove(hit)
        elif open_ is not None:
            left.remove(open_)
            yield Mismatch(text, None)
        elif near is not None:
            left.remove(near)
            yield Mismatch(text, describe(near))
        else:
            yield Mismatch(text, "")
    for each in left:
        yield Mismatch("", describe(each))


def describe(notice: Notification) -> str:
    """Return a notice in the words of an expectation."""
    return " ".join((notice.kind, *([notice.route.recipient, notice.route.outcome] if notice.route else [])))


def _fits(kind: str, wanted: Sequence[str | None], notice: Notification) -> bool | None:
    """Return whether a notice is such a one; None where that is not known (yet)."""
    route = notice.route
    known = [route and route.recipient, route and route.outcome if route and route.outcome != "unknown" else None]
    if notice.kind != kind and not (notice.kind == UNREAD and kind in OF_SUCCESS):
        return False
    if any(want is not None and said is not None and want != said for want, said in zip(wanted, known, strict=True)):
        return False
    told = all(want is None or said is not None for want, said in zip(wanted, known, strict=True))
    return True if told and notice.kind == kind else None
