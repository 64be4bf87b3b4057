"""What a notification that the message caused says in its fields (RFC 3464)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

from lab.route.model import Route
from lab.verdict.content import differences
from lab.verdict.difference import Difference
from lab.verdict.evidence import Case
from lab.verdict.key import ExpectationKey
from lab.verdict.kinds import Pattern, TableOf


class Notice(ExpectationKey[Mapping[str, str]]):
    """Field to regular expression; every notification must have them."""

    help = "Fields of the notification (RFC 3464), by regular expression."
    example: ClassVar[object] = {"Action": "failed", "Status": "5.1.1"}
    kind = TableOf(Pattern(), '{Action = "failed"}')
    needs = frozenset({"notices"})
    regular = True

    def reached(self, expected: Mapping[str, str], route: Route) -> bool:
        """Return whether there is a notification."""
        del expected
        return bool(route.notifications)

    def judge(self, expected: Mapping[str, str], case: Case) -> Iterator[Difference]:
        """Read each notification."""
        notices = case.evidence.notices
        if not notices:
            yield Difference("notice", "a notification", "none" if case.complete and notices is not None else None)
        for raw in notices or ():
            yield from differences("notice", expected, raw)
