"""The seconds between one attempt and the next."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from math import inf
from typing import Any, ClassVar

from lab.route.model import Route
from lab.values import Notes, Schema
from lab.verdict.difference import Difference
from lab.verdict.evidence import Case
from lab.verdict.key import ExpectationKey
from lab.verdict.seconds import LONGEST

Pair = tuple[float, float]


class Pairs:
    """A list of pairs [shortest, longest]."""

    def check(self, value: object, path: str, notes: Notes) -> None:
        """Note another type, and a pair that falls."""
        pairs = value if isinstance(value, list) else [None]
        if not all(isinstance(pair, list) and len(pair) == 2 and _rising(pair) for pair in pairs):
            notes.note(path, f"must be a list of pairs [shortest, longest] in seconds, not {value!r}")

    def schema(self) -> Schema:
        """Return its JSON Schema."""
        pair = {"type": "array", "items": {"type": "number", "minimum": 0}, "minItems": 2, "maxItems": 2}
        return {"type": "array", "items": pair}


class Intervals(ExpectationKey[tuple[Pair, ...]]):
    """The first intervals between attempts; later ones may have any length."""

    help = "Seconds between one attempt and the next, the shortest and the longest."
    example: ClassVar[object] = [[0, 1], [4, 9]]
    kind = Pairs()

    def read(self, written: Any) -> tuple[Pair, ...]:  # noqa: ANN401  as TOML gives it
        """Return (shortest, longest) of each."""
        return tuple((float(shortest), float(longest)) for shortest, longest in written)

    def reached(self, expected: tuple[Pair, ...], route: Route) -> bool:
        """Return whether there are as many."""
        return not expected or len(route.attempts) > len(expected)

    def judge(self, expected: tuple[Pair, ...], case: Case) -> Iterator[Difference]:
        """Compare one after the other."""
        gaps = [(later.at - earlier.at).total_seconds() for earlier, later in pairwise(case.route.attempts)]
        for index, (shortest, longest) in enumerate(expected):
            path, text = f"intervals[{index}]", f"{shortest} s to {longest} s"
            if index >= len(gaps):
                yield case.absent(path, text, "no such attempt")
            elif not shortest <= gaps[index] <= longest:
                yield Difference(path, text, f"{gaps[index]:.3f} s")


def _rising(pair: list[float]) -> bool:
    return (
        all(isinstance(each, int | float) and not isinstance(each, bool) for each in pair)
        and 0 <= pair[0] <= pair[1]
        and all(each <= LONGEST or each == inf for each in pair)  # inf: however long
    )
