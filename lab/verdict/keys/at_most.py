"""The most seconds from the submission to the last attempt."""

from __future__ import annotations

from collections.abc import Iterator

from lab.values import Number
from lab.verdict.difference import Difference
from lab.verdict.evidence import Case
from lab.verdict.key import ExpectationKey
from lab.verdict.seconds import LONGEST, elapsed


class AtMost(ExpectationKey[float]):
    """A number of seconds."""

    help = "Seconds from the submission to the last attempt, at most."
    example = 9
    kind = Number(LONGEST)
    needs = frozenset({"elapsed"})

    def judge(self, expected: float, case: Case) -> Iterator[Difference]:
        """An open route takes longer still."""
        seconds, said = elapsed(case)
        if seconds is None or seconds > expected:
            yield Difference("at_most", f"{expected} s or less", said)
