"""One message in one host's queue: its events, and the attempts that each recipient's deliveries made.

A log line about a failed attempt names no recipient, and often no message. :class:`lab.trace.History` says
which message; this module says which recipient, by a rule of smtp(8): a delivery request goes through its
servers in order, and whoever is not done at a server has failed there exactly once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from lab.events import (
    Active,
    AttemptFailed,
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
    TlsEstablished,
)
from lab.logs import failure
from lab.route import Attempt

Kind = TypeVar("Kind", bound=Event)
Server = tuple[str | None, str | None]  # name and address as Postfix logged them; twice None is relay=none
Line = AttemptFailed | Delivery | TlsEstablished  # what smtp(8) logs of a request
Namer = Callable[[str | None, str], str]  # address and logged name to lab name
OUTCOMES = {"4": "deferred", "5": "rejected"}


@dataclass(slots=True)
class QueueFile:
    """A message at *host* under *queue_id*, as far as the log has told."""

    host: str
    queue_id: str
    events: list[Event] = field(default_factory=list)
    message_id: str | None = None
    sender: str = ""
    received: Received | None = None  # None: this host wrote the message itself
    was: str | None = None  # its queue id before postsuper -r
    removed: str | None = None  # how it left the queue
    held: Held | None = None
    active: datetime | None = None  # when the queue manager took it up last
    expired: datetime | None = None

    def add(self, event: Event) -> None:
        """Take the next event of the host's log that is about this message."""
        self.events.append(event)
        match event:
            case MessageId():
                self.message_id = event.message_id
            case Active():
                self.sender, self.held, self.active = event.sender, None, event.at
            case PickedUp():
                self.sender = event.sender
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

    def attempts(self, name: Namer) -> dict[tuple[str, str | None], list[Attempt]]:
        """Return each recipient's attempts at SMTP hand-over, in order, those of every retry included."""
        found: dict[tuple[str, str | None], list[Attempt]] = {}
        requests: dict[int, _Request] = {}  # by process
        for event in self.events:
            if isinstance(event, Active):
                requests.clear()
            elif isinstance(event, Line) and event.agent == "smtp":
                server = (event.relay, event.address)
                request = requests.get(event.pid)
                if request is None or request.over(server):
                    request = requests[event.pid] = _Request(self, name)
                made = request.take(event, server)
                if isinstance(event, Delivery):
                    found.setdefault((event.recipient, event.original), []).extend(made)
        return found


@dataclass(slots=True)
class _Request:
    """One delivery request: one process of smtp(8), some recipients with one next-hop destination."""

    file: QueueFile
    name: Namer
    failures: list[AttemptFailed] = field(default_factory=list)
    tls: dict[Server, TlsEstablished] = field(default_factory=dict)
    done: Server | None = None  # where the last recipient came to its end
    port: int | None = None  # one for all servers of a destination; not every line says it

    def over(self, server: Server) -> bool:
        """Whether a line about *server* belongs to the next request.

        It does when somebody came to an end at another server and nobody failed there: nobody was left.
        """
        if self.done is None or server == self.done:
            return False
        return not any((failed.relay, failed.address) == self.done for failed in self.failures)

    def take(self, event: AttemptFailed | Delivery | TlsEstablished, server: Server) -> list[Attempt]:
        """Take the request's next line; return a recipient's attempts when it is the end of one."""
        self.port = event.port or self.port
        if isinstance(event, AttemptFailed):
            self.failures.append(event)
        elif isinstance(event, TlsEstablished):
            self.tls[server] = event
        else:
            self.done = server
            return self._attempts(event, server)
        return []

    def _attempts(self, delivery: Delivery, server: Server) -> list[Attempt]:
        chosen: dict[tuple[Server, str], AttemptFailed] = {}
        for failed in self.failures:
            place = (failed.relay, failed.address)
            # Where the recipient ends, the failures are others'; but after a failed handshake the same server
            # may be tried again in the clear.
            if place == server and failed.stage != "starttls":
                continue
            key = (place, "starttls" if failed.stage == "starttls" else "")
            if key not in chosen or self._fits_better(failed, chosen[key], delivery):
                chosen[key] = failed
        for failed in chosen.values():
            if failed.stage == "rcpt" and failed.reply is not None:
                self.failures.remove(failed)  # one recipient's own; a lost connection is everybody's
        made = [self._failed(failed) for failed in chosen.values()]
        own = self._own(delivery, server)
        if own is not None and not (made and _same(made[-1], own)):
            made.append(own)
        return made

    def _fits_better(self, failed: AttemptFailed, than: AttemptFailed, delivery: Delivery) -> bool:
        """Whether a failure is this recipient's rather than another one's: its reply names the recipient."""
        mine = f"<{delivery.recipient}>"
        return mine in failed.reason and mine not in than.reason

    def _failed(self, failed: AttemptFailed) -> Attempt:
        tls = self.tls.get((failed.relay, failed.address))
        return Attempt(
            host=self.file.host,
            queue_id=self.file.queue_id,
            target=self.name(failed.address, failed.relay),
            address=failed.address,
            port=failed.port or self.port,
            stage=failed.stage,
            reply=failed.reply,
            dsn=failure.status(failed.stage, failed.reply, failed.reason),
            reason=failed.reason,
            outcome=OUTCOMES.get((failed.reply or "")[:1], "failed"),
            tls=tls.protocol if tls else None,
            next_queue_id=None,
            at=failed.at,
            trust=tls.trust if tls else None,
        )

    def _own(self, delivery: Delivery, server: Server) -> Attempt | None:
        """Return the attempt that the delivery line itself tells, None where it tells of none."""
        accepted = delivery.status == "sent"
        why = None if accepted else failure.read(delivery.text)
        relay = why.relay if why else delivery.relay
        if relay is None:
            return None
        address = why.address if why else delivery.address
        reply = delivery.text if accepted else why.reply if why else None
        stage = "end-of-data" if accepted else why.stage if why else _stage(delivery.text)
        tls = self.tls.get(server)
        return Attempt(
            host=self.file.host,
            queue_id=self.file.queue_id,
            target=self.name(address, relay),
            address=address,
            port=delivery.port or (why and why.port) or self.port,
            stage=_after_greeting(stage, delivery),
            reply=reply,
            dsn=delivery.dsn,
            reason=why.reason if why else delivery.text,
            outcome="accepted" if accepted else OUTCOMES.get((reply or "")[:1], "failed"),
            tls=tls.protocol if tls else None,
            next_queue_id=next_queue_id(delivery.text) if accepted else None,
            at=delivery.at,
            trust=tls.trust if tls else None,
        )


def next_queue_id(reply: str) -> str | None:
    """Return the queue id in Postfix's reply to the end of data, after DATA or BDAT."""
    _, found, queue_id = reply.rpartition("queued as ")
    return queue_id if found and queue_id.isalnum() else None


def _same(one: Attempt, other: Attempt) -> bool:
    """Whether a log line and the delivery line after it tell the same attempt."""
    return (one.target, one.address, one.stage) == (other.target, other.address, other.stage) and (
        other.outcome != "accepted"
    )


def _stage(text: str) -> str:
    """Return the stage of a failure without a server's name in it: "Cannot start TLS: handshake failure"."""
    return "starttls" if "TLS" in text or "certificate" in text else "ehlo"


def _after_greeting(stage: str, delivery: Delivery) -> str:
    """Tell EHLO from the greeting, for which smtp(8) has one sentence.

    A 5xx greeting never bounces (smtp_skip_5xx_greeting), so what bounced was EHLO's.
    """
    return "ehlo" if stage == "banner" and delivery.status == "bounced" else stage
