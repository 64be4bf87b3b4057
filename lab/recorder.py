"""Follows the logs of every host of a lab, live, and keeps what they say as a history.

In: the lab's Docker containers (label ``mail-lab.name``), as they start and stop.
Out: a :class:`lab.trace.History` that grows while the lab works; :meth:`Recorder.wait` sleeps until it says what is awaited.

One thread reads one container's log stream, with Docker's own time stamps: one clock for all hosts. Another listens to
Docker's events, so that a host that is started again, or joins later, is followed from its first line.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any

from lab.errors import LabError
from lab.events import Event
from lab.logs import dns, dovecot, postfix, scripted
from lab.trace import History

if TYPE_CHECKING:
    from docker import DockerClient
    from docker.models.containers import Container

Parser = Callable[[str, datetime, str], Event | None]

PARSERS: dict[str, Parser] = {
    "dns": dns.parse,
    "mailstore": dovecot.parse,
    "scripted": scripted.parse,
    "client": postfix.parse,
    "smarthost": postfix.parse,
    "mx": postfix.parse,
}
"""Role of a host (label ``mail-lab.role``) to the parser of its log; the gateway says nothing about mail."""


class Recorder:
    """The history of one lab from *since* on (seconds since the epoch; default: now)."""

    def __init__(self, docker: DockerClient, name: str, history: History, since: float | None = None) -> None:
        """Connect to Docker and return once every running host is followed."""
        self.history = history
        self._docker = docker
        self._label = f"mail-lab.name={name}"
        self._since = time.time() if since is None else since
        self._changed = threading.Condition()
        self._streams: dict[tuple[str, str], Any] = {}  # (container id, its start) -> log stream
        self._last: dict[str, float] = {}  # container id -> time of its last recorded line
        self._lines: list[tuple[str, datetime, str]] = []
        self._closed = False
        self._failure: Exception | None = None
        self._docker_events = docker.events(
            decode=True, filters={"label": self._label, "event": "start"}, since=self._since
        )
        threading.Thread(target=self._follow_starts, name="lab-docker-events", daemon=True).start()
        for container in docker.containers.list(filters={"label": self._label}):
            self._follow(container)

    def __enter__(self) -> Recorder:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Stop following. What was recorded stays readable."""
        with self._changed:
            self._closed = True
            streams = [*self._streams.values(), self._docker_events]
        for stream in streams:
            stream.close()

    def wait(self, ready: Callable[[History], bool], timeout: float) -> bool:
        """Sleep until *ready* says so; False after *timeout* seconds. Called only when something new was recorded."""
        deadline = time.monotonic() + timeout
        with self._changed:
            while not ready(self.history):
                if self._failure is not None:
                    raise LabError(
                        f"the lab's logs can no longer be followed: {self._failure}",
                        hint="is the Docker engine still running? `lab status` tells",
                    )
                left = deadline - time.monotonic()
                if left <= 0:
                    return False
                self._changed.wait(left)
            return True

    def read(self, question: Callable[[History], Any]) -> Any:
        """Ask the history something while nothing is added to it."""
        with self._changed:
            return question(self.history)

    def lines(self, since: datetime) -> list[tuple[str, datetime, str]]:
        """Return the recorded raw lines from *since* on, as (host, time, line), in order of time."""
        with self._changed:
            return sorted((line for line in self._lines if line[1] >= since), key=lambda line: line[1])

    def _follow_starts(self) -> None:
        try:
            for event in self._docker_events:
                self._follow(self._docker.containers.get(event["id"]))
        except Exception as error:  # noqa: BLE001  the stream ends when Docker goes away: every waiter is told
            self._fail(error)

    def _follow(self, container: Container) -> None:
        """Follow one run of a container: a stream ends when its container stops, and a restart is a run of its own."""
        parser = PARSERS.get(container.labels.get("mail-lab.role", ""))
        if parser is None:
            return
        run = (str(container.id), str(container.attrs["State"]["StartedAt"]))
        with self._changed:
            if self._closed or run in self._streams:
                return
            since = self._last.get(run[0], self._since)
            stream = container.logs(stream=True, follow=True, timestamps=True, since=since)
            self._streams[run] = stream
        host = container.labels["mail-lab.host"]
        threading.Thread(
            target=self._read, args=(run[0], stream, host, parser), name=f"lab-log-{host}", daemon=True
        ).start()

    def _read(self, container_id: str, stream: Iterator[bytes], host: str, parser: Parser) -> None:
        rest = b""
        try:
            for chunk in stream:
                *lines, rest = (rest + chunk).split(b"\n")
                self._add(container_id, host, lines, parser)
        except Exception as error:  # noqa: BLE001  as above: told to every waiter, not printed by a thread
            self._fail(error)

    def _add(self, container_id: str, host: str, lines: list[bytes], parser: Parser) -> None:
        with self._changed:
            for raw in lines:
                stamp, _, text = raw.decode("utf-8", "replace").partition(" ")
                at = parse_stamp(stamp)
                self._lines.append((host, at, text))
                event = parser(host, at, text)
                if event is not None:
                    self.history.add(event)
                self._last[container_id] = at.timestamp() + 2e-6  # just after this line: it is not read again
            self._changed.notify_all()

    def _fail(self, error: Exception) -> None:
        with self._changed:
            if not self._closed:
                self._failure = error
            self._changed.notify_all()


def parse_stamp(stamp: str) -> datetime:
    """Docker's RFC 3339 time stamp, nanoseconds and all, as an aware UTC time in microseconds."""
    seconds, _, fraction = stamp.rstrip("Z").partition(".")
    return datetime.fromisoformat(f"{seconds}.{fraction[:6]:0<6}").replace(tzinfo=UTC)
