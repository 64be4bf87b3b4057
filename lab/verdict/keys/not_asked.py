"""DNS questions that nobody asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import ClassVar

from lab.verdict.difference import Difference
from lab.verdict.evidence import Case
from lab.verdict.key import ListKey
from lab.verdict.kinds import ListOf
from lab.verdict.question import QUESTION, normal


class NotAsked(ListKey):
    """None of them is there."""

    help = "DNS questions that nobody asked."
    example: ClassVar[object] = ["A $DOMAIN"]
    kind = ListOf(QUESTION, '["A dest.test"]')
    needs = frozenset({"questions"})

    def judge(self, expected: tuple[str, ...], case: Case) -> Iterator[Difference]:
        """As long as the route is open, it may be asked still."""
        questions = case.evidence.questions
        counts = Counter(normal(question) for question in questions or ())
        for index, question in enumerate(expected):
            path, times = f"not_asked[{index}]", counts[normal(question)]
            if times:
                yield Difference(path, f"no question {question}", f"asked {times} times")
            elif questions is None or not case.complete:
                yield Difference(path, f"no question {question}", None)
