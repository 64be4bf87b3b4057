"""Waits for routes: the recorder's history, asked until what a caller wants is there, or a deadline has passed."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from lab.mail.submission import RouteTimeoutError
from lab.route.timeline import timeline

if TYPE_CHECKING:
    from lab.mail.recorder import Recorder
    from lab.route.events import Event
    from lab.route.history import History, Origin
    from lab.route.model import Route

QueueLines = Callable[[], Sequence[str]]
PickedUp = Callable[[str, float], None]


class Watch:
    """The routes of one lab.

    *queues* says what lies in the queues, for the text of a time-out. *picked_up* waits until all that sendmail(1) has
    left on a host is in its queue, and in the history.
    """

    def __init__(self, recorder: Recorder, queues: QueueLines, picked_up: PickedUp) -> None:
        self.recorder = recorder
        self._queues = queues
        self._picked_up = picked_up
        self._asked: set[tuple[str, str]] = set()  # host and queue id of commands that can have left nothing more

    def wait(self, message: Origin, ready: Callable[[History], bool], timeout: float) -> bool:
        """Sleep until *ready* says that a message's story is complete; False after *timeout* seconds.

        A command, such as one of pipe(8), may be over before what it has left for the queue is there: no log line
        tells, so that the host is asked.
        """
        deadline = time.monotonic() + timeout
        while self.recorder.wait(ready, max(0.0, deadline - time.monotonic())):
            commands: set[tuple[str, str]] = set(self.recorder.read(lambda history: history.commands(message)))
            if not commands - self._asked:
                return True
            for host in sorted({host for host, _ in commands - self._asked}):
                self._picked_up(host, max(0.0, deadline - time.monotonic()))
            self._asked |= commands
        return False

    def routes(self, message: Origin, recipients: Sequence[str], timeout: float, until: str | None) -> list[Route]:
        """Return the routes once their story is complete, and has come to *until* if that is given."""

        def ready(history: History) -> bool:
            if not history.settled(message, recipients):
                return False
            return until is None or all(route.outcome == until for route in _wanted(history))

        def _wanted(history: History) -> list[Route]:
            named = {recipient.casefold() for recipient in recipients}
            found = history.routes(message, recipients)
            return [route for route in found if route.recipient.casefold() in named]

        if not self.wait(message, ready, timeout):
            raise RouteTimeoutError(self._timed_out(message, recipients, timeout, until))
        found: list[Route] = self.recorder.read(_wanted)
        return found

    def known(self, message: Origin, recipients: Sequence[str]) -> list[Route]:
        """Return the routes as they are now."""
        found: list[Route] = self.recorder.read(lambda history: list(history.routes(message, recipients)))
        return found

    def events(self, message: Origin) -> list[Event]:
        """Return what the servers have said about a message and its notices so far, and their DNS queries."""
        found: list[Event] = self.recorder.read(lambda history: history.events_of(message))
        return found

    def timeline(self, message: Origin, recipients: Sequence[str] = ()) -> str:
        """Return what has happened to a message so far, for a person to read."""

        def tell(history: History) -> list[str]:
            return timeline(history.events_of(message), history.routes(message, recipients), history.hosts)

        return "\n".join(self.recorder.read(tell))

    def _timed_out(self, message: Origin, recipients: Sequence[str], timeout: float, until: str | None) -> str:
        awaited: tuple[str, ...] = self.recorder.read(lambda history: history.awaited(message, recipients))
        if not awaited:
            awaited = (f"the outcome {until!r}",)
        lines = [f"after {timeout:g} s the route of {message} is not complete; awaited:"]
        lines += [f"  - {each}" for each in awaited]
        lines += [
            "seen so far:",
            *(f"  {line}" for line in self.timeline(message, recipients).split("\n")),
        ]
        lines += ["in the queues:", *(f"  {line}" for line in self._queues() or ["nothing"])]
        return "\n".join(lines)
