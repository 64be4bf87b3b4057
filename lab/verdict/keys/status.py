"""The last enhanced status code (RFC 3463)."""

from __future__ import annotations

from collections.abc import Iterator

from lab.verdict.difference import Difference
from lab.verdict.evidence import Case
from lab.verdict.key import ExpectationKey
from lab.verdict.kinds import Matching
from lab.verdict.pattern import STATUS, like


class Status(ExpectationKey[str]):
    """A code, in which an x stands for any digits."""

    help = "The last enhanced status code (RFC 3463); an x stands for any digits."
    example = "4.x.x"
    kind = Matching(STATUS, 'an enhanced status code such as "4.x.x"')

    def judge(self, expected: str, case: Case) -> Iterator[Difference]:
        """Of an open route another one may be the last."""
        observed = case.route.status
        if observed is None or not case.complete or not like(expected, observed):
            yield Difference("status", expected, observed if case.complete else None)
