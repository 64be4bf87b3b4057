"""How many messages are spread: accepted_by = {mx1 = [10, 50], mx2 = [10, 50]}, the least and the most of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lab.route.model import Route
from lab.values import Notes, Schema
from lab.verdict.difference import Difference
from lab.verdict.judge import Verdict
from lab.verdict.kinds import TableOf
from lab.verdict.pattern import names

KEYS = ("accepted_by", "outcome")
"""The keys of an expectation that may have a spread instead of one value."""


class Bounds:
    """A pair [least, most] of whole numbers."""

    def check(self, value: object, path: str, notes: Notes) -> None:
        """Note another type, and a pair that falls."""
        pair = value if isinstance(value, list) else []
        if len(pair) != 2 or any(type(each) is not int for each in pair) or not 0 <= pair[0] <= pair[1]:
            notes.note(path, f"must be a pair [least, most] of whole numbers, not {value!r}")

    def schema(self) -> Schema:
        """Return its JSON Schema."""
        return {"type": "array", "items": {"type": "integer"}, "minItems": 2, "maxItems": 2}


KIND = TableOf(Bounds(), "{mx1 = [10, 50], mx2 = [10, 50]}")


@dataclass(frozen=True, slots=True)
class Spread:
    """Of how many routes the field *key* has which value: name or pattern to the least and the most."""

    key: str
    counts: Mapping[str, tuple[int, int]]


def read(key: str, written: Mapping[str, Any]) -> Spread:
    """Return the spread that is *written* as KIND has it."""
    return Spread(key, {name: (least, most) for name, (least, most) in written.items()})


def judge(spreads: Sequence[Spread], routes: Sequence[Route]) -> Verdict:
    """Return the verdict on all routes together. What an open route will add is not known."""
    differences = tuple(difference for each in spreads for difference in _differences(each, routes))
    open_ = any(route.outcome == "unknown" for route in routes)
    return Verdict("pass" if not differences else "unknown" if open_ else "fail", differences)


def _differences(spread: Spread, routes: Sequence[Route]) -> Iterator[Difference]:
    counts = Counter(str(getattr(route, spread.key)) for route in routes)
    for pattern, (least, most) in spread.counts.items():
        count = sum(number for name, number in counts.items() if names(pattern, name))
        if not least <= count <= most:
            yield Difference(f"{spread.key}.{pattern}", f"{least} to {most} of {len(routes)}", str(count))
