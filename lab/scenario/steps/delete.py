"""Throws a message away."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from lab.scenario.steps.in_queue import InQueue
from lab.scenario.steps.step import MESSAGE
from lab.values import TEXT, Key

if TYPE_CHECKING:
    from lab.servers.queue import Queue


class Delete(InQueue):
    """A host that throws a message away (postsuper -d)."""

    __slots__ = ()

    action = "delete"
    keys: ClassVar[Mapping[str, Key]] = {
        "delete": Key(TEXT, "A host that throws a message away (postsuper -d)."),
        "message": MESSAGE,
    }
    example: ClassVar[Mapping[str, object]] = {"delete": "direct"}

    def do(self, queue: Queue, queue_id: str) -> None:
        """Do it to one message."""
        queue.delete(queue_id)
