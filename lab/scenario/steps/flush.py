"""Lets a deferred message be tried now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from lab.scenario.steps.in_queue import InQueue
from lab.scenario.steps.step import MESSAGE
from lab.values import TEXT, Key

if TYPE_CHECKING:
    from lab.servers.queue import Queue


class Flush(InQueue):
    """A host that tries its deferred messages now (postqueue -f, -i)."""

    __slots__ = ()

    action = "flush"
    keys: ClassVar[Mapping[str, Key]] = {
        "flush": Key(TEXT, "A host that tries its deferred messages now (postqueue -f, -i)."),
        "message": MESSAGE,
    }
    example: ClassVar[Mapping[str, object]] = {"flush": "direct"}

    left = True  # Postfix has tried it by itself: minimal_backoff_time was over before the step came

    def do(self, queue: Queue, queue_id: str) -> None:
        """Do it to one message."""
        queue.flush(queue_id)
