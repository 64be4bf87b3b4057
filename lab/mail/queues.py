"""The mail queues of a lab's hosts: what lies in them, and what is left there of messages that a test has sent."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import TYPE_CHECKING

from lab.engine.hosts import Host, known
from lab.errors import LabError
from lab.servers import software
from lab.servers.present import Present
from lab.servers.queue import Queue

if TYPE_CHECKING:
    from lab.mail.recorder import Recorder


class Queues:
    """The queues of the *hosts* that are there; *queue* opens that of one."""

    def __init__(self, hosts: Present, queue: Callable[[Host, type[Queue]], Queue]) -> None:
        self._hosts = hosts
        self._queue = queue

    def of(self, host: str) -> Queue:
        """Return the mail queue of a host. Raises LabError for one whose software has none."""
        found = known(self._hosts, host)
        queue = software.of(found).queue
        if queue is None:
            able = sorted(each.name for each in self._hosts.values() if software.of(each).queue is not None)
            raise LabError(f"{host} has no mail queue", hint=f"hosts that have one: {', '.join(able)}")
        return self._queue(found, queue)

    def lines(self) -> list[str]:
        """Return every message in a queue as a line, "mx1: deferred ..."; of a host that cannot be asked, why."""
        lines = []
        for host in self._hosts.values():
            if software.of(host).queue is not None:
                try:
                    lines += [f"{host.name}: {message}" for message in self.of(host.name).list()]
                except LabError as error:
                    lines.append(f"{host.name}: {error.args[0]}")
        return lines

    def delete(self, messages: Iterable[tuple[str, str]]) -> None:
        """Delete messages, given as (host, queue id), at hosts of the world: a brought one goes with its queue."""
        for host, queue_id in messages:
            if host in self._hosts.world:
                self.of(host).delete(queue_id)

    def picked_up(self, recorder: Recorder, host: str, timeout: float) -> None:
        """Wait until pickup(8) has taken in what sendmail(1) has left on *host*, and all logs are read to there."""
        with suppress(LabError):  # a host that has been stopped picks up nothing more
            self.of(host).picked_up(timeout)
        for each in self._hosts.values():
            recorder.caught_up(each.container, timeout)
