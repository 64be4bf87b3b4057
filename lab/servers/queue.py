"""The mail queue of one host: what is in it and why, and how to flush, hold, release and delete.

Each software with a queue makes it of its own commands. In: the host's container, in which they run.
Out: :class:`QueuedMessage`; of a change, how many messages it met.
Errors: LabError with what a command said, or with why it could not run.
"""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lab.engine.protocol import Engine

PAUSE = 0.05  # seconds between two looks


@dataclass(frozen=True, slots=True)
class QueuedMessage:
    """One message in a queue. ``recipients`` maps each address to the reason of its delay, or None."""

    queue: str  # of Postfix: incoming, active, deferred, hold, maildrop, corrupt
    queue_id: str
    sender: str
    size: int  # bytes
    arrival: int  # seconds since the epoch
    recipients: dict[str, str | None]

    def __str__(self) -> str:
        """Return it as a line: "deferred 4jYs... <ana@home.test> -> bia@dest.test: Connection refused"."""
        people = (f"{address}{f': {reason}' if reason else ''}" for address, reason in self.recipients.items())
        return f"{self.queue} {self.queue_id} <{self.sender}> -> {', '.join(people)}"

    def to_json(self) -> dict[str, Any]:
        """Return the message as plain JSON values."""
        return {name: getattr(self, name) for name in self.__slots__}


class Queue(ABC):
    """The queue of *host*, as it is at each call."""

    def __init__(self, host: str, engine: Engine, container: str) -> None:
        """*container* is the host's own."""
        self.host = host
        self._engine = engine
        self._container = container

    @abstractmethod
    def list(self) -> Sequence[QueuedMessage]:
        """Return every message in the queue, oldest first."""

    def get(self, queue_id: str) -> QueuedMessage | None:
        """Return the message with that queue id, None when it has left the queue."""
        return next((message for message in self.list() if message.queue_id == queue_id), None)

    def found(self, queue_ids: Collection[str | None], timeout: float) -> Sequence[QueuedMessage]:
        """Return those of the messages that are in the queue; waits up to *timeout* seconds until one of them is."""
        deadline, pause = time.monotonic() + timeout, threading.Event()
        while True:
            lying = {message.queue_id: message for message in self.list() if message.queue_id in queue_ids}
            if lying or time.monotonic() >= deadline:
                return list(lying.values())
            pause.wait(PAUSE)

    def picked_up(self, timeout: float) -> bool:
        """Wait until all that was left here outside of SMTP is in the queue; False after *timeout* seconds."""
        deadline, pause = time.monotonic() + timeout, threading.Event()
        while self._left():
            if time.monotonic() >= deadline:
                return False
            pause.wait(PAUSE)
        return True

    @abstractmethod
    def flush(self, queue_id: str | None = None) -> None:
        """Try a deferred message, or all of them, now."""

    @abstractmethod
    def delete(self, queue_id: str) -> int:
        """Remove a message; "ALL" removes all of them. It is gone without a notice to anyone."""

    @abstractmethod
    def hold(self, queue_id: str) -> int:
        """Keep a message, or "ALL", from being tried until it is released."""

    @abstractmethod
    def release(self, queue_id: str) -> int:
        """Let a held message, or "ALL", be tried again."""

    @abstractmethod
    def expire(self, queue_id: str) -> int:
        """Return a message, or "ALL", to its sender at the next queue run, as if its time were over."""

    def _left(self) -> bool:
        """Return whether something that was left here outside of SMTP is not in the queue yet."""
        return False
