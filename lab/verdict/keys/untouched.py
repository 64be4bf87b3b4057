"""Hosts to which nobody connected."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from lab.verdict.difference import Difference
from lab.verdict.evidence import Case
from lab.verdict.key import ListKey
from lab.verdict.kinds import HostName, ListOf
from lab.verdict.meant import each
from lab.verdict.pattern import describe, names


class Untouched(ListKey):
    """Two witnesses: the senders' attempts, and the hosts' own logs. The second one must have been heard."""

    help = "Hosts to which nobody connected."
    example: ClassVar[object] = ["mx2", "mx3"]
    kind = ListOf(HostName(), '["mx2", "mx3"]')
    needs = frozenset({"contacted"})

    def hosts(self, expected: tuple[str, ...]) -> Iterator[tuple[str, str]]:
        """Yield each."""
        for index, host in enumerate(expected):
            yield f"[{index}]", host

    def contradictions(self, expected: tuple[str, ...], others: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """A host that is tried is not untouched."""
        tried = {host for pattern in each(others.get("attempts") or ()) for host in pattern.target.split("|")}
        for index, host in enumerate(expected):
            if host in tried:
                yield f"untouched[{index}]", f"{host!r} cannot be untouched: attempts has it"

    def judge(self, expected: tuple[str, ...], case: Case) -> Iterator[Difference]:
        """One witness is enough against it."""
        contacted = case.evidence.contacted
        for index, pattern in enumerate(expected):
            path = f"untouched[{index}]"
            tried = [describe(attempt) for attempt in case.route.attempts if names(pattern, attempt.target)]
            seen = [host for host in contacted or () if names(pattern, host)]
            if tried or seen:
                said = tried[0] if tried else f"a connection to {seen[0]}"
                yield Difference(path, f"no connection to {pattern}", said)
            elif contacted is None or not case.complete:
                yield Difference(path, f"no connection to {pattern}", None)
