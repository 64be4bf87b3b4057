"""What the copy that arrived says in its fields and its text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

from lab.route.model import Route
from lab.verdict.content import differences
from lab.verdict.difference import Difference
from lab.verdict.evidence import Case
from lab.verdict.key import ExpectationKey
from lab.verdict.kinds import Pattern, TableOf


class Stored(ExpectationKey[Mapping[str, str]]):
    """Field to regular expression; every copy must have them."""

    help = "Fields of the copy that arrived, in any of its parts, by regular expression; `body` is the text."
    example: ClassVar[object] = {"Subject": "^Re: "}
    kind = TableOf(Pattern(), '{Subject = "^Re: "}')
    needs = frozenset({"stored"})
    regular = True

    def reached(self, expected: Mapping[str, str], route: Route) -> bool:
        """Return whether there is a copy."""
        del expected
        return route.copies > 0

    def judge(self, expected: Mapping[str, str], case: Case) -> Iterator[Difference]:
        """Read each copy."""
        copies = case.evidence.stored
        if not copies:
            yield Difference(
                "stored", "a copy of the message", "none" if case.complete and copies is not None else None
            )
        for raw in copies or ():
            yield from differences("stored", expected, raw)
