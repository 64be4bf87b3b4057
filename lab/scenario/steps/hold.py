"""Keeps a message from being tried."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from lab.scenario.steps.in_queue import InQueue
from lab.scenario.steps.step import MESSAGE
from lab.values import TEXT, Key

if TYPE_CHECKING:
    from lab.servers.queue import Queue


class Hold(InQueue):
    """A host that keeps a message from being tried (postsuper -h)."""

    __slots__ = ()

    action = "hold"
    keys: ClassVar[Mapping[str, Key]] = {
        "hold": Key(TEXT, "A host that keeps a message from being tried (postsuper -h)."),
        "message": MESSAGE,
    }
    example: ClassVar[Mapping[str, object]] = {"hold": "direct"}

    def do(self, queue: Queue, queue_id: str) -> None:
        """Do it to one message."""
        queue.hold(queue_id)
