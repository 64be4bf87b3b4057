"""The queue in which the message lies, by host."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

from lab.values import Text
from lab.verdict.difference import Difference
from lab.verdict.evidence import Case
from lab.verdict.key import ExpectationKey
from lab.verdict.kinds import TableOf

QUEUES = ("none", "deferred", "active", "incoming", "hold")  # of qmgr(8), and where it has left


class Queue(ExpectationKey[Mapping[str, str]]):
    """Host to queue."""

    help = 'The queue in which it lies, by host; "none" where it has left.'
    example: ClassVar[object] = {"direct": "deferred"}
    kind = TableOf(Text(QUEUES), '{direct = "deferred"}')
    needs = frozenset({"queues"})

    def hosts(self, expected: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        """Yield each."""
        for host in expected:
            yield f".{host}", host

    def judge(self, expected: Mapping[str, str], case: Case) -> Iterator[Difference]:
        """A host whose queue was not looked at says nothing."""
        queues = case.evidence.queues or {}
        for host, queue in expected.items():
            if queues.get(host) != queue:
                yield Difference(f"queue.{host}", queue, queues.get(host))
