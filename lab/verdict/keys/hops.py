"""Every host that accepted the message, in order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from lab.verdict.align import NOTHING
from lab.verdict.difference import Difference
from lab.verdict.evidence import Case
from lab.verdict.key import ListKey
from lab.verdict.kinds import HostName, ListOf
from lab.verdict.pattern import names


class Hops(ListKey):
    """Hosts, or patterns of hosts; the first one is that of the submission."""

    help = "Every host that accepted it, from the submission on."
    example: ClassVar[object] = ["direct", "mx1"]
    kind = ListOf(HostName(), '["direct", "mx1"]')

    def hosts(self, expected: tuple[str, ...]) -> Iterator[tuple[str, str]]:
        """Yield each."""
        for index, host in enumerate(expected):
            yield f"[{index}]", host

    def judge(self, expected: tuple[str, ...], case: Case) -> Iterator[Difference]:
        """Where the hops so far are right, the rest may come."""
        observed = tuple(case.route.hops)
        same = all(names(pattern, host) for pattern, host in zip(expected, observed, strict=False))
        if same and len(expected) == len(observed):
            return
        wanted, shown = ", ".join(expected), ", ".join(observed) or NOTHING
        so_far = same and len(observed) < len(expected)
        yield case.absent("hops", wanted, shown) if so_far else Difference("hops", wanted, shown)
