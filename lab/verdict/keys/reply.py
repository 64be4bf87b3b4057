"""What the reason behind the outcome says."""

from __future__ import annotations

from collections.abc import Iterator

from lab.verdict import regex
from lab.verdict.difference import Difference
from lab.verdict.evidence import Case
from lab.verdict.key import ExpectationKey
from lab.verdict.kinds import Pattern


class Reply(ExpectationKey[str]):
    """A regular expression that is found in the reason."""

    help = "A regular expression, found in the reason behind the outcome."
    example = "mailbox full"
    kind = Pattern()
    regular = True

    def judge(self, expected: str, case: Case) -> Iterator[Difference]:
        """Of an open route another reason may be the last."""
        observed = case.route.reason
        if observed is None or not case.complete or not regex.found(expected, observed):
            yield Difference("reply", expected, observed if case.complete else None)
