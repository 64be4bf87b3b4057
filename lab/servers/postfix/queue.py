"""The mail queue of one Postfix host, by Postfix's own commands: postqueue(1), postsuper(1)."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from lab.engine.protocol import Ran, RefusedError
from lab.errors import LabError
from lab.servers.queue import Queue, QueuedMessage

CHANGED = re.compile(r"postsuper: .*: (\d+) messages?$", re.MULTILINE)  # "postsuper: Deleted: 1 message"


class PostfixQueue(Queue):
    """As :class:`lab.servers.queue.Queue` says."""

    def list(self) -> Sequence[QueuedMessage]:
        """Return every message in the queue, oldest first.

        showq(8) reads the active queue before the deferred one, so a message that qmgr(8) moves the other way in that
        instant is not listed, and one that has just been deferred can be listed twice.
        """
        listed = self._run("postqueue", "-j").output
        messages = [_message(json.loads(line)) for line in listed.split("\n") if line]
        return sorted(messages, key=lambda message: message.arrival)

    def flush(self, queue_id: str | None = None) -> None:
        """Try a deferred message, or all of them, now (postqueue -i, -f)."""
        self._run("postqueue", *(["-i", queue_id] if queue_id else ["-f"]))

    def delete(self, queue_id: str) -> int:
        """Remove a message, or "ALL" (postsuper -d)."""
        return self._changed("-d", queue_id)

    def hold(self, queue_id: str) -> int:
        """Keep a message, or "ALL", from being tried (postsuper -h)."""
        return self._changed("-h", queue_id)

    def release(self, queue_id: str) -> int:
        """Let a held message, or "ALL", be tried again (postsuper -H)."""
        return self._changed("-H", queue_id)

    def expire(self, queue_id: str) -> int:
        """Return a message, or "ALL", to its sender at the next queue run (postsuper -e)."""
        return self._changed("-e", queue_id)

    def _left(self) -> bool:
        """Return whether pickup(8) has not taken in yet what sendmail(1) has left."""
        return any(message.queue == "maildrop" for message in self.list())

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
