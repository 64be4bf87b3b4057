"""Follows the logs of every host of a lab, live, and keeps what they say as a history.

In: the lab's containers (label ``mail-lab.name``), as they start and stop.
Out: a :class:`lab.route.history.History` that grows while the lab works; :meth:`Recorder.wait` sleeps until it says
what is awaited, :meth:`Recorder.new` until anything new was logged. Errors: MachineError from both when Docker has
failed; no line can end the recording.

One thread reads one container's log stream, with Docker's own time stamps: one clock for all hosts. Another listens to
Docker's events, so that a host that is started again, or joins later, is followed from its first line.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from types import TracebackType
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from lab.engine.hosts import LABEL, OWNER, ROLE, SOFTWARE
from lab.engine.protocol import GoneError
from lab.errors import MachineError
from lab.route.events import Event
from lab.route.history import History
from lab.servers import software
from lab.servers.parser import Parser, read

if TYPE_CHECKING:
    from lab.engine.protocol import Container, Engine, Stream

T = TypeVar("T")


class Line(NamedTuple):
    """One line of a host's log, with the time at which Docker saw it; ``event`` is what it says about mail, if any."""

    at: datetime
    host: str
    text: str
    event: Event | None = None


class Run(NamedTuple):
    """One run of a container, from a start to its end: each has a log stream of its own."""

    container: str  # id
    started: str


class Recorder:
    """The history of one lab from *since* on (seconds since the epoch; default: now)."""

    def __init__(
        self,
        engine: Engine,
        name: str,
        history: History,
        since: float | None = None,
        *,
        mail_only: bool = True,
    ) -> None:
        """Connect to Docker and return once every host is followed; what a stopped one had said is read too.

        Of the hosts that tests have brought along, only those of ``owners``: add to it before they start. *mail_only*:
        not those whose logs say nothing about mail.
        """
        self.history = history
        self._engine = engine
        self._label = f"{LABEL}={name}"
        self.owners: set[str] = set()
        self._mail_only = mail_only
        self._since = time.time() if since is None else since
        self._changed = threading.Condition()
        self._streams: dict[Run, Stream[bytes]] = {}
        self._last: dict[str, dict[Run, str]] = {}  # container id -> stamp of the last recorded line of each run
        self._reading: set[Run] = set()  # those that may say more
        self._recorded: list[Line] = []  # in the order in which they came
        self._lines: defaultdict[str, list[Line]] = defaultdict(list)  # the same by host
        self._closed = False
        self._failure: Exception | None = None
        self._starts = engine.starts(self._label, self._since)
        threading.Thread(target=self._follow_starts, name="lab-starts", daemon=True).start()
        for container in engine.containers(self._label):
            self._follow(container)

    def __enter__(self) -> Recorder:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Stop following. What was recorded stays readable."""
        with self._changed:
            self._closed = True
            streams = [*self._streams.values(), self._starts]
            self._changed.notify_all()
        for stream in streams:
            stream.close()

    def wait(self, ready: Callable[[History], bool], timeout: float) -> bool:
        """Sleep until *ready* says so; False after *timeout* seconds, or when this recorder is closed.

        *ready* is called only when something new was recorded.
        """
        deadline = time.monotonic() + timeout
        with self._changed:
            while not ready(self.history):
                self._check()
                left = deadline - time.monotonic()
                if left <= 0 or self._closed:
                    return False
                self._changed.wait(left)
            return True

    def new(self, cursor: int, timeout: float | None = None) -> tuple[Sequence[Line], int]:
        """Return what was recorded since *cursor* (0: all), and the cursor to come back with.

        Lines of one host are in the order of its log; hosts may overtake each other. Sleeps until there is something.
        Nothing: *timeout* seconds have passed, or nothing can come any more, since every host has stopped, or this
        recorder was closed.
        """
        with self._changed:
            self._changed.wait_for(lambda: len(self._recorded) > cursor or not self._goes_on, timeout)
            found = self._recorded[cursor:]
            if not found:
                self._check()
            return found, cursor + len(found)

    @property
    def _goes_on(self) -> bool:
        return bool(self._reading) and not self._closed and self._failure is None

    def _check(self) -> None:
        """Raise what has ended the recording, if it was no end that is due."""
        if self._failure is not None:
            raise MachineError(
                f"the lab's logs can no longer be followed: {self._failure}",
                hint="is the Docker engine still running? `lab status` tells",
            )

    def read(self, question: Callable[[History], T]) -> T:
        """Ask the history something while nothing is added to it."""
        with self._changed:
            return question(self.history)

    def lines(self, since: datetime) -> list[Line]:
        """Return the recorded lines from *since* on, in order of time."""
        with self._changed:
            return sorted((line for line in self._recorded if line.at >= since), key=lambda line: line.at)

    def of(self, host: str, since: datetime | None = None) -> list[str]:
        """Return the recorded lines of one host, in the order of its log; with *since*, those from then on."""
        with self._changed:
            return [line.text for line in self._lines[host] if since is None or line.at >= since]

    def caught_up(self, container: str, timeout: float) -> bool:
        """Wait until all that a container has logged by now is recorded.

        False after *timeout* seconds, and for a container that is gone, or not followed.
        """
        try:
            last = self._engine.log(container, tail=1, stamped=True)
        except GoneError:
            return False
        stamp = last.partition(" ")[0].strip()
        if container not in self._last:
            return False
        if not stamp or parse_stamp(stamp).timestamp() < self._since:  # nothing that would have to be recorded
            return True
        return self.wait(lambda _: max(self._last[container].values(), default="") >= stamp, timeout)

    def _follow_starts(self) -> None:
        try:
            for container in self._starts:
                with suppress(GoneError):  # it was removed as soon as it had started
                    self._follow(self._engine.inspect(container))
            self._fail(EOFError("Docker's events have ended"))
        except Exception as error:  # noqa: BLE001  every waiter is told; a thread's traceback would help nobody
            self._fail(error)

    def _follow(self, container: Container) -> None:
        """Follow one run of a container: a stream ends when its container stops, and a restart is a run of its own."""
        parser = software.labelled(container.labels.get(SOFTWARE, ""), container.labels.get(ROLE, "")).parse
        owner = container.labels.get(OWNER)
        if (parser is None and self._mail_only) or not (owner is None or owner in self.owners):
            return
        try:
            run = Run(container.id, self._engine.inspect(container.id).started)
        except GoneError:  # removed since Docker told us of it
            return
        with self._changed:
            if self._closed or run in self._streams:
                return
            earlier = self._last.setdefault(run.container, {})
            since = max((parse_stamp(stamp).timestamp() for stamp in earlier.values()), default=self._since)
            try:
                stream = self._engine.follow(run.container, stamped=True, since=since)
            except GoneError:
                return
            self._streams[run] = stream
            self._reading.add(run)
        host = container.labels["mail-lab.host"]
        threading.Thread(
            target=self._read, args=(run, stream, host, parser), name=f"lab-log-{host}", daemon=True
        ).start()

    def _read(self, run: Run, stream: Stream[bytes], host: str, parser: Parser | None) -> None:
        rest = b""
        try:
            for chunk in stream:
                *lines, rest = (rest + chunk).split(b"\n")
                self._add(run, host, lines, parser)
            if rest and not self._closed:  # the last words of a process that died in the middle of a line
                self._add(run, host, [rest], parser)
        except Exception as error:  # noqa: BLE001  as above
            self._fail(error)
        finally:
            with self._changed:
                self._reading.discard(run)
                self._changed.notify_all()

    def _add(self, run: Run, host: str, lines: list[bytes], parser: Parser | None) -> None:
        with self._changed:
            last = self._last[run.container]
            for raw in lines:
                stamp, _, text = raw.decode("utf-8", "replace").partition(" ")
                try:
                    at = parse_stamp(stamp)
                except ValueError as error:  # Docker's own words, when it cannot go on
                    raise ValueError(f"no line of a log: {raw.decode('utf-8', 'replace')!r}") from error
                # The stream of a run begins with the end of the run before, and that one may still be read.
                if any(stamp <= recorded for other, recorded in last.items() if other != run):
                    continue
                last[run] = stamp
                event = read(parser, host, at, text) if parser else None
                line = Line(at, host, text, event)
                self._recorded.append(line)
                self._lines[host].append(line)
                if event is not None:
                    self.history.add(event)
            self._changed.notify_all()

    def _fail(self, error: Exception) -> None:
        with self._changed:
            if not self._closed:
                self._failure = error
            self._changed.notify_all()


def parse_stamp(stamp: str) -> datetime:
    """Docker's RFC 3339 time stamp, nanoseconds and all, as an aware UTC time in microseconds. Raises ValueError."""
    seconds, _, fraction = stamp.rstrip("Z").partition(".")
    return datetime.fromisoformat(f"{seconds}.{fraction[:6]:0<6}").replace(tzinfo=UTC)
