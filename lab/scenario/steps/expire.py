"""Returns a message when it is next taken up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from lab.scenario.steps.in_queue import InQueue
from lab.scenario.steps.step import MESSAGE
from lab.values import TEXT, Key

if TYPE_CHECKING:
    from lab.servers.queue import Queue


class Expire(InQueue):
    """A host that returns a message when it is next taken up (postsuper -e)."""

    __slots__ = ()

    action = "expire"
    keys: ClassVar[Mapping[str, Key]] = {
        "expire": Key(TEXT, "A host that returns a message when it is next taken up (postsuper -e)."),
        "message": MESSAGE,
    }
    example: ClassVar[Mapping[str, object]] = {"expire": "direct"}

    def do(self, queue: Queue, queue_id: str) -> None:
        """Do it to one message."""
        queue.expire(queue_id)
