"""The mail queue of one Postfix host: what is in it and why, and how to flush, hold, release and delete.

In: the host's container, in which Postfix's own commands run (postqueue(1), postsuper(1)).
Out: :class:`QueuedMessage`; of a change, how many messages it met.
Errors: LabError with what the command said, or with why it could not run.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lab.engine.protocol import Ran, RefusedError
from lab.errors import LabError

if TYPE_CHECKING:
    from lab.engine.protocol import Engine

PAUSE = 0.05  # seconds between two looks
CHANGED = re.compile(r"postsuper: .*: (\d+) messages?$", re.MULTILINE)  # "postsuper: Deleted: 1 message"


@dataclass(frozen=True, slots=True)
class QueuedMessage:
    """One message of `postqueue -j`. ``recipients`` maps each address to the reason of its delay, or None."""

    queue: str  # incoming, active, deferred, hold, maildrop, corrupt
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


class Queue:
    """The queue of *host*, as it is at each call."""

    def __init__(self, host: str, engine: Engine, container: str) -> None:
        """*container* is the host's own."""
        self.host = host
        self._engine = engine
        self._container = container

    def list(self) -> Sequence[QueuedMessage]:
        """Return every message in the queue, oldest first.

        showq(8) reads the active queue before the deferred one, so a message that qmgr(8) moves the other way in that
        instant is not listed, and one that has just been deferred can be listed twice.
        """
        listed = self._run("postqueue", "-j").output
        messages = [_message(json.loads(line)) for line in listed.split("\n") if line]
        return sorted(messages, key=lambda message: message.arrival)

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
        """Wait until pickup(8) has taken in all that sendmail(1) has left here; False after *timeout* seconds."""
        deadline, pause = time.monotonic() + timeout, threading.Event()
        while any(message.queue == "maildrop" for message in self.list()):
            if time.monotonic() >= deadline:
                return False
            pause.wait(PAUSE)
        return True

    def flush(self, queue_id: str | None = None) -> None:
        """Try a deferred message, or all of them, now (postqueue -i, -f)."""
        self._run("postqueue", *(["-i", queue_id] if queue_id else ["-f"]))

    def delete(self, queue_id: str) -> int:
        """Remove a message; "ALL" removes all of them (postsuper -d). It is gone without a notice to anyone."""
        return self._changed("-d", queue_id)

    def hold(self, queue_id: str) -> int:
        """Keep a message, or "ALL", from being tried until it is released (postsuper -h)."""
        return self._changed("-h", queue_id)

    def release(self, queue_id: str) -> int:
        """Let a held message, or "ALL", be tried again (postsuper -H)."""
        return self._changed("-H", queue_id)

    def expire(self, queue_id: str) -> int:
        """Return a message, or "ALL", to its sender at the next queue run, as if its time were over (postsuper -e)."""
        return self._changed("-e", queue_id)

    def _changed(self, option: str, queue_id: str) -> int:
        """Run postsuper(1) and return how many messages it says it has changed; it exits with 0 even for none."""
        found = CHANGED.search(self._run("postsuper", option, queue_id).errors)
        return int(found[1]) if found else 0

    def _run(self, *command: str) -> Ran:
        """Run a command of Postfix."""
        try:
            ran = self._engine.execute(self._container, command)
        except RefusedError as error:  # it is stopped or paused
            raise LabError(
                f"{' '.join(command)} cannot run on {self.host}: {error.args[0]}",
                hint="a queue can be read while its host runs; `lab status` tells",
            ) from error
        if ran.exit_code != 0:
            raise LabError(
                f"{' '.join(command)} failed on {self.host}: {ran.said}",
                hint=f"`lab logs {self.host}` shows what Postfix says",
            )
        return ran


def _message(data: dict[str, Any]) -> QueuedMessage:
    return QueuedMessage(
        queue=data["queue_name"],
        queue_id=data["queue_id"],
        sender=data["sender"],
        size=data["message_size"],
        arrival=data["arrival_time"],
        recipients={recipient["address"]: recipient.get("delay_reason") for recipient in data["recipients"]},
    )
