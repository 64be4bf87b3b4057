"""The fewest seconds from the submission to the last attempt."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lab.values import Number
from lab.verdict.difference import Difference
from lab.verdict.evidence import Case
from lab.verdict.key import ExpectationKey
from lab.verdict.seconds import LONGEST, elapsed


class AtLeast(ExpectationKey[float]):
    """A number of seconds."""

    help = "Seconds from the submission to the last attempt, at least."
    example = 1
    kind = Number(LONGEST)
    needs = frozenset({"elapsed"})

    def contradictions(self, expected: float, others: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """It is not more than at_most."""
        longest = others.get("at_most")
        if longest is not None and expected > longest:
            yield "at_least", f"{expected} s is more than at_most, {longest} s"

    def judge(self, expected: float, case: Case) -> Iterator[Difference]:
        """An open route takes longer still."""
        seconds, said = elapsed(case)
        if seconds is None or seconds < expected:
            yield Difference("at_least", f"{expected} s or more", said)
