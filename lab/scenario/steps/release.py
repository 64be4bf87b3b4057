"""Lets a held message be tried."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from lab.scenario.steps.in_queue import InQueue
from lab.scenario.steps.step import MESSAGE
from lab.values import TEXT, Key

if TYPE_CHECKING:
    from lab.servers.queue import Queue


class Release(InQueue):
    """A host that lets a held message be tried (postsuper -H)."""

    __slots__ = ()

    action = "release"
    keys: ClassVar[Mapping[str, Key]] = {
        "release": Key(TEXT, "A host that lets a held message be tried (postsuper -H)."),
        "message": MESSAGE,
    }
    example: ClassVar[Mapping[str, object]] = {"release": "direct"}

    def do(self, queue: Queue, queue_id: str) -> None:
        """Do it to one message."""
        queue.release(queue_id)
