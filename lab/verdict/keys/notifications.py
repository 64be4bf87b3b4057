"""Each notification that the message caused (RFC 3464, and what users' scripts answer)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from lab.route.model import Route
from lab.verdict.align import NOTHING
from lab.verdict.difference import Difference
from lab.verdict.evidence import Case
from lab.verdict.key import ListKey
from lab.verdict.kinds import ListOf, Matching
from lab.verdict.notice import KINDS, NOTICE, compare


class Notifications(ListKey):
    """All of them (:mod:`lab.verdict.notice`), in any order."""

    help = (
        f"Each notice: KIND, KIND RECIPIENT, or KIND RECIPIENT OUTCOME, which is what became of the notice itself. "
        f"KIND is {', '.join(KINDS)}. []: none."
    )
    example: ClassVar[object] = ["failed ana@home.test delivered"]
    kind = ListOf(
        Matching(NOTICE, 'a notice such as "failed ana@home.test delivered"'), '["failed ana@home.test delivered"]'
    )

    def reached(self, expected: tuple[str, ...], route: Route) -> bool:
        """Return whether there are as many, and each whose fate is expected has come to it."""
        fates = [text for text in expected if text.count(" ") > 1]
        missing = {each.expected for each in compare(fates, route.notifications)} & set(fates)
        return len(route.notifications) >= len(expected) and not missing

    def judge(self, expected: tuple[str, ...], case: Case) -> Iterator[Difference]:
        """One that nobody expected is a difference, too."""
        for mismatch in compare(expected, case.route.notifications):
            if mismatch.expected and mismatch.observed == "":
                yield case.absent("notifications", mismatch.expected)
            else:
                yield Difference("notifications", mismatch.expected or NOTHING, mismatch.observed)
