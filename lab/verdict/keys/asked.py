"""DNS questions that were asked, in this order among others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from lab.verdict.difference import Difference
from lab.verdict.evidence import Case
from lab.verdict.key import ListKey
from lab.verdict.kinds import ListOf
from lab.verdict.question import QUESTION, normal


class Asked(ListKey):
    """Each question must be there, and after the one that is listed before it."""

    help = "DNS questions in this order, among others."
    example: ClassVar[object] = ["MX $DOMAIN"]
    kind = ListOf(QUESTION, '["MX dest.test"]')
    needs = frozenset({"questions"})

    def judge(self, expected: tuple[str, ...], case: Case) -> Iterator[Difference]:
        """A question that is missing may be asked still, as long as the route is open."""
        questions, position = case.evidence.questions, 0
        heard = [normal(question) for question in questions or ()]
        for index, question in enumerate(expected):
            path = f"asked[{index}]"
            if normal(question) in heard[position:]:
                position = heard.index(normal(question), position) + 1
            elif questions is None or not case.complete:
                yield Difference(path, question, None)
            elif normal(question) in heard:
                yield Difference(path, f"{question} in this place", "asked earlier")
            else:
                yield Difference(path, question, "not asked")
