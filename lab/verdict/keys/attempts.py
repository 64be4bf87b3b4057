"""Every attempt in order, with what came of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

from lab.route.model import Route
from lab.values import Notes, Schema
from lab.verdict.align import NOTHING, SET_LIMIT, Item, align
from lab.verdict.difference import Difference
from lab.verdict.evidence import Case
from lab.verdict.key import ExpectationKey
from lab.verdict.meant import each, meant
from lab.verdict.pattern import COMMAND, known, parse


class Patterns:
    """A list of attempts as text (:mod:`lab.verdict.pattern`); a list inside it is a set."""

    def check(self, value: object, path: str, notes: Notes) -> None:
        """Note another type, and every attempt that nobody understands."""
        if not isinstance(value, list):
            notes.note(path, f'must be a list such as ["mx1 refused", "mx2 250"], not {value!r}')
            return
        for index, item in enumerate(value):
            place = f"{path}[{index}]"
            if not isinstance(item, list):
                self._check(item, place, notes)
            elif not 2 <= len(item) <= SET_LIMIT:
                notes.note(place, f'a set has 2 to {SET_LIMIT} attempts; more are written "* refused ..."')
            else:
                for part, text in enumerate(item):
                    self._check(text, f"{place}[{part}]", notes)

    def schema(self) -> Schema:
        """Return its JSON Schema."""
        one: Schema = {"type": "string"}
        several = {"type": "array", "items": one, "minItems": 2, "maxItems": SET_LIMIT}
        return {"type": "array", "items": {"anyOf": [one, several]}}

    @staticmethod
    def _check(value: object, path: str, notes: Notes) -> None:
        if not isinstance(value, str):
            notes.note(path, f'must be text such as "mx1 250", not {value!r}')
            return
        try:
            parse(value)
        except ValueError as error:
            notes.note(path, str(error))


class Attempts(ExpectationKey[tuple[Item, ...]]):
    """Compared with the attempts, or, where hand-overs are meant, with all tries."""

    help = (
        'Every attempt in order; a list in it is a set in any order, "..." at the end of one stands for one or more. '
        '"mx-a ipv6 timeout" names the address family, "mx1 tls:!verified 250" what became of TLS.'
    )
    example: ClassVar[object] = ["mx1 refused", "mx2 250"]
    kind = Patterns()
    needs = frozenset({"tls_logged"})

    def read(self, written: Any) -> tuple[Item, ...]:  # noqa: ANN401  as TOML gives it
        """Return the patterns; a set is a tuple of several."""
        return tuple(tuple(map(parse, item)) if isinstance(item, list) else parse(item) for item in written)

    def hosts(self, expected: tuple[Item, ...]) -> Iterator[tuple[str, str]]:
        """Yield each target that is no command."""
        for index, item in enumerate(expected):
            several = isinstance(item, tuple)
            for part, pattern in enumerate(each([item])):
                if not pattern.target.startswith(COMMAND):
                    yield f"[{index}]" + (f"[{part}]" if several else ""), pattern.target

    def reached(self, expected: tuple[Item, ...], route: Route) -> bool:
        """Return whether there are as many tries."""
        return any(len(side) >= len(expected) for side in meant(expected, route))

    def judge(self, expected: tuple[Item, ...], case: Case) -> Iterator[Difference]:
        """Compare in the way that leaves the fewest differences."""
        tls_logged = case.evidence.tls_logged or ()
        sides = meant(expected, case.route)
        mismatches = min((align(expected, [known(one, tls_logged) for one in side]) for side in sides), key=len)
        for mismatch in mismatches:
            path = f"attempts[{mismatch.index}]"
            if mismatch.unsure or case.route.unread:  # an attempt may be missing, or something about this one
                yield Difference(path, mismatch.expected, None, mismatch.observed)
            elif mismatch.observed == NOTHING:
                yield case.absent(path, f"{mismatch.expected}{_which(expected, mismatch.index)}")
            else:
                yield Difference(path, mismatch.expected, mismatch.observed)
        for text in case.route.unread:
            yield Difference("attempts", f"log lines that are understood; this one is not: {text}", None)


def _which(items: Sequence[Item], index: int) -> str:
    """Return which of several equal items one is."""
    equal = [number for number, item in enumerate(items) if item == items[index]]
    return f" (the {equal.index(index) + 1}. of {len(equal)} such)" if len(equal) > 1 else ""
