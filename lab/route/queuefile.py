"""One message in one host's queue: its events, and the attempts that each recipient's deliveries made.

A log line about a failed attempt names no recipient, and often no message. :class:`lab.route.history.History` says
which message; :mod:`lab.route.request` says which recipient.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from lab.route.events import (
    Active,
    Delivery,
    Discarded,
    Event,
    Expired,
    Held,
    MessageId,
    PickedUp,
    Received,
    Released,
    Removed,
    Requeued,
    Unread,
)
from lab.route.model import Attempt
from lab.route.request import Line, Namer, Request, split

Kind = TypeVar("Kind", bound=Event)
CLIENTS = ("smtp", "lmtp")  # the agents that talk to servers
FINISHED = ("sent", "bounced")  # what takes a recipient out of the queue


@dataclass(slots=True)
class QueueFile:
    """A message at *host* under *queue_id*, as far as the log has told."""

    host: str
    queue_id: str
    events: list[Event] = field(default_factory=list)
    message_id: str | None = None
    sender: str = ""
    received: Received | None = None  # None: it did not come over SMTP
    picked_up: bool = False  # sendmail(1) left it
    was: str | None = None  # its queue id before postsuper -r
    removed: str | None = None  # how it left the queue
    held: Held | None = None
    active: datetime | None = None  # when the queue manager took it up last
    expired: datetime | None = None
    _requests_known: tuple[Request, ...] | None = None  # made anew after the next event

    def add(self, event: Event) -> None:
        """Take the next event of the host's log that is about this message."""
        self.events.append(event)
        self._requests_known = None
        match event:
            case MessageId():
                self.message_id = event.message_id
            case Active():
                self.sender, self.held, self.active = event.sender, None, event.at
            case PickedUp():
                self.sender, self.picked_up = event.sender, True
            case Received():
                self.received = event
            case Requeued():
                self.was, self.sender = event.was, event.sender
            case Held():
                self.held = event
                self.sender = self.sender or event.sender or ""
            case Discarded():
                self.sender = self.sender or event.sender or ""
            case Released():
                self.held = None
            case Expired():
                self.expired = event.at
            case Removed():
                self.removed = event.how
            case _:
                pass

    def of(self, kind: type[Kind]) -> Iterator[Kind]:
        """Yield the events of one kind."""
        return (event for event in self.events if isinstance(event, kind))

    def deliveries(self) -> dict[tuple[str, str | None], list[Delivery]]:
        """Return the deliveries of each recipient: (address, address before aliases) to one for each try."""
        found: dict[tuple[str, str | None], list[Delivery]] = {}
        for delivery in self.of(Delivery):
            found.setdefault((delivery.recipient, delivery.original), []).append(delivery)
        return found

    def tried(self, name: Namer) -> dict[tuple[str, str | None], list[Attempt]]:
        """Return each recipient's attempts and hand-overs, in order, those of every retry included."""
        found: dict[tuple[str, str | None], list[Attempt]] = {}
        made = [each for request in self._requests() for each in request.attempts(self.queue_id, name)]
        made += [(run, [_command(run)]) for run in self.of(Delivery) if run.service is not None]
        for end, attempts in sorted(made, key=lambda each: each[0].at):
            found.setdefault((end.recipient, end.original), []).extend(attempts)
        return found

    def unread(self) -> list[str]:
        """Return the lines about its delivery that nobody understood: attempts may be missing."""
        unplaced = [failed.reason for request in self._requests() for failed in request.unplaced]
        return [event.text for event in self.of(Unread)] + unplaced

    def _requests(self) -> tuple[Request, ...]:
        """Return the delivery requests of every time that the queue manager took the message up.

        Whoever waits for a route asks after every line of any host: what is known of this message is kept.
        """
        if self._requests_known is None:
            self._requests_known = tuple(self._read_requests())
        return self._requests_known

    def _read_requests(self) -> Iterator[Request]:
        run: list[Event] = []
        before = 0  # recipients that are done
        waiting: int | None = None
        for event in (*self.events, None):
            if event is not None and not isinstance(event, Active):
                run.append(event)
                continue
            ends = [each for each in run if isinstance(each, Delivery)]
            expected = len(run) if waiting is None else waiting - before
            over = event is not None or self.removed is not None
            yield from _requests_of(run, max(expected - len(ends), 0), over=over)
            before += sum(end.status in FINISHED for end in ends)
            waiting, run = event.recipients if event else None, []


def _command(run: Delivery) -> Attempt:
    """Return what pipe(8) says of a command that it has run."""
    return Attempt(
        host=run.host,
        queue_id=run.queue_id,
        target=f"pipe:{run.service}",
        address=None,
        port=None,
        stage="command",
        reply=None,
        dsn=run.dsn,
        reason=run.text,
        outcome="accepted" if run.status == "sent" else {"4": "deferred", "5": "rejected"}.get(run.dsn[:1], "failed"),
        tls=None,
        next_queue_id=None,
        at=run.at,
        agent="pipe",
    )


def _requests_of(run: list[Event], outstanding: int, *, over: bool) -> Iterator[Request]:
    """Yield the delivery requests of one run, one process after the other; *outstanding* recipients have no end yet."""
    by_process: dict[int, list[Line]] = {}
    for event in run:
        if isinstance(event, Line) and event.agent in CLIENTS:
            by_process.setdefault(event.pid, []).append(event)
    for lines in by_process.values():
        for request in split(lines):
            ends = sum(isinstance(each, Delivery) for each in request)
            yield Request(request, ends + outstanding, over=over)
