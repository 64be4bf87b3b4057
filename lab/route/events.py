"""What the servers of a lab say, one typed value for each kind of log line.

Made by the parsers in :mod:`lab.servers.parser`, put together by :mod:`lab.route.history`. Every event survives the
trip through JSON, so that a run's ``events.jsonl`` gives the same routes again, without Docker.

    Event
     |- Connected, Disconnected, ClientLost, Rejected, Received, PickedUp   how a message comes in
     |- MessageId, Active, Held, Released, Discarded, Requeued, Expired, Removed   its life in the queue
     |- Delivery, AttemptFailed, ServerNamed, TlsEstablished, NotificationSent   how it goes out
     |- Warned, Unread                                                      what else there is to know
     |- Saved, Submitted, Sieved, Reported, Finished                        Dovecot
     |- DnsQuery                                                            the fake DNS
     `- Dialogue, Stored                                                    the scripted SMTP host
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from lab.route.model import stamp


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something a host did. ``at`` is aware, in UTC; events of one host come in the order of its log."""

    host: str  # lab name
    at: datetime

    def to_json(self) -> dict[str, Any]:
        """Return the event as plain JSON values; :func:`from_json` reads them."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {"event": type(self).__name__, **values, "at": stamp(self.at)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Connected(Event):
    """A client connected to smtpd(8)."""

    pid: int
    client: str  # its name by the DNS, or "unknown"
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Disconnected(Event):
    """A client's session with smtpd(8) is over."""

    pid: int
    client: str
    address: str
    commands: str  # "ehlo=1 mail=1 rcpt=0/1 quit=1 commands=3/4": accepted and all, of each


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientLost(Event):
    """A session with smtpd(8) ended without QUIT. ``queue_id`` is None before an accepted recipient."""

    pid: int
    queue_id: str | None
    what: str  # "lost connection", "timeout"
    stage: str  # the last command: "CONNECT", "DATA (12 bytes)"
    client: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected(Event):
    """smtpd(8), cleanup(8) or a milter refused something. ``queue_id`` as in :class:`ClientLost`."""

    pid: int
    queue_id: str | None
    stage: str  # "CONNECT", "RCPT", "END-OF-MESSAGE", "header Subject: ..."
    client: str
    address: str
    reply: str  # a rule for headers or bodies has no code in it
    dsn: str | None = None  # the enhanced status code in it (RFC 3463)
    sender: str | None
    recipient: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Received(Event):
    """A queue file was opened for a client: its first recipient was accepted."""

    pid: int
    queue_id: str
    client: str
    address: str
    sasl_username: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PickedUp(Event):
    """A message came from sendmail(1) on the host itself."""

    queue_id: str
    sender: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Requeued(Event):
    """A message got a new queue id (postsuper -r)."""

    queue_id: str
    sender: str
    was: str  # its queue id before


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageId(Event):
    """cleanup(8) read the Message-ID, the only line that has it."""

    queue_id: str
    message_id: str  # with its angle brackets; may be "<>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Active(Event):
    """The queue manager took up a message. Said again at every retry."""

    queue_id: str
    sender: str
    size: int  # bytes
    recipients: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery(Event):
    """The end of one recipient's part of one delivery request.

    Of what was not sent ``stage``, ``cause`` and ``tried`` tell what its last words do; None where those do not.
    """

    pid: int
    agent: str  # smtp, lmtp, local, virtual, error, discard, pipe
    queue_id: str
    recipient: str
    original: str | None  # the recipient before aliases, where it differs
    relay: str | None  # name of the next host; None where there was no session
    address: str | None
    port: int | None
    service: str | None = None  # the name of a service of pipe(8), which stands in place of a host
    uses: int  # deliveries over this connection so far, this one included (conn_use)
    delay: float  # seconds since the message's arrival
    delays: tuple[float, ...]  # before the queue manager, in it, connection set-up, transmission
    dsn: str
    status: str  # sent, deferred, bounced
    text: str  # all that is said of it
    reason: str  # the same, without where it was and what was being done
    reply: str | None = None  # what the next host said; None when it said nothing
    stage: str | None = None  # as in lab.route.model.Attempt
    cause: str | None = None  # as in lab.route.model.Attempt
    tried: tuple[str, str | None, int | None] | None = None  # without a session: server, address and port it is about
    suspended: bool = False  # nobody was asked: the queue manager has given up the destination for now
    how: str | None = None  # of what was sent: handed-over, forwarded, command, discarded, stored
    next_queue_id: str | None = None  # at the next host, in its reply
    forwarded_as: str | None = None  # queue id of the message on this host that was made of it for an alias
    session: str | None = None  # of LMTP, in the reply of the mail delivery agent


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptFailed(Event):
    """smtp(8) or lmtp(8) goes on to the next address. ``queue_id`` is None where the line has none.

    ``relay`` and ``address`` are None where the line names no server: it is the one of the lines before.
    """

    pid: int
    agent: str
    queue_id: str | None
    relay: str | None
    address: str | None
    port: int | None
    stage: str  # as in lab.route.model.Attempt
    reply: str | None
    reason: str
    dsn: str | None = None  # as in lab.route.model.Attempt
    cause: str | None = None  # as in lab.route.model.Attempt
    alone: bool = False  # one recipient was refused; else all that were left have failed together
    named: tuple[str, ...] = ()  # addresses that the reply to a refused recipient names, in lower case


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerNamed(Event):
    """The SMTP or LMTP client names the server that it talks to, and says nothing yet of what comes of it."""

    pid: int
    agent: str
    relay: str
    address: str
    port: int | None
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsEstablished(Event):
    """The SMTP client has a TLS session."""

    pid: int
    agent: str
    relay: str
    address: str
    port: int
    trust: str  # anonymous, untrusted, trusted, verified
    protocol: str  # "TLSv1.3"
    cipher: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationSent(Event):
    """bounce(8) wrote a delivery status notification."""

    queue_id: str  # of the message it is about
    kind: str  # failed, delayed (RFC 3464 2.3.3), success: relayed, delivered or expanded, nobody has logged which
    to: str  # "sender", "postmaster"
    notification: str  # its own queue id


@dataclass(frozen=True, slots=True, kw_only=True)
class Held(Event):
    """A message was put on hold: by a rule or a milter as it came in, or by postsuper(1).

    ``queue_id`` is None where smtpd(8) decides at the first recipient: it is of the message that it opens next.
    """

    queue_id: str | None
    recipient: str | None  # the last one so far, where a rule did it
    reason: str
    pid: int | None = None
    sender: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Released(Event):
    """A message was released from hold."""

    queue_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Discarded(Event):
    """A rule or a milter threw a message away, and the client was told that it is accepted.

    ``queue_id`` as in :class:`Held`.
    """

    queue_id: str | None
    recipient: str | None  # the last one so far
    reason: str
    pid: int | None = None
    sender: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Expired(Event):
    """A message was in the queue for too long and is returned."""

    queue_id: str
    sender: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed(Event):
    """A message left the queue."""

    queue_id: str
    how: str  # "done", "canceled" (not accepted after all), "discarded" (by a rule), "deleted" (postsuper -d)


@dataclass(frozen=True, slots=True, kw_only=True)
class Warned(Event):
    """A warning or an error of Postfix."""

    pid: int
    process: str
    queue_id: str | None
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread(Event):
    """A line that nobody understood, although it is about a message or its delivery.

    ``queue_id`` is None where the line does not say which message: the one that the process names next, if it names
    one. ``pid`` is None where not even that is known.
    """

    text: str
    process: str | None = None
    pid: int | None = None
    queue_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved(Event):
    """Dovecot stored a message in a mailbox."""

    session: str  # Postfix has it too, in the reply to its LMTP client
    user: str
    message_id: str
    mailbox: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted(Event):
    """Dovecot handed over a message of its own, or one that it redirects: the next :class:`Sieved` says which."""

    session: str
    user: str
    relay: str  # name of the next host
    address: str
    port: int
    queue_id: str  # at that host


@dataclass(frozen=True, slots=True, kw_only=True)
class Sieved(Event):
    """A Sieve script did something else with a message than storing it."""

    session: str
    user: str
    message_id: str
    action: str  # redirect, discard, reject, vacation
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported(Event):
    """Dovecot delivers a delivery status notification to *user*, and has looked into it."""

    session: str
    user: str
    actions: tuple[str, ...]  # of each recipient that it is about: "relayed bia@dest.test" (RFC 3464 2.3.2, 2.3.3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished(Event):
    """Dovecot is done with the delivery of a message to one user."""

    session: str
    user: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DnsQuery(Event):
    """The lab's DNS was asked, and answered."""

    seq: int
    client: str  # address
    port: int
    transport: str  # udp, tcp
    id: int
    name: str  # absolute, lower case, with its final dot
    type: str
    rcode: str  # "NOERROR"; "DROP" where nothing was answered
    answers: tuple[str, ...]  # "10 mx1.dest.test."
    flags: str
    fault: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialogue(Event):
    """One step of a session with the scripted SMTP host."""

    action: str  # connect, command, reply, close
    session: str
    server: str  # the address the client connected to
    client: str
    client_port: int
    stage: str | None
    text: str | None
    fault: str | None  # stage of the rule that fired


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored(Event):
    """The scripted SMTP host has a message, whatever it answered then."""

    session: str
    server: str
    client: str
    client_port: int
    queue_id: str
    sender: str
    recipients: tuple[str, ...]
    message_id: str | None
    size: int  # bytes
    actions: tuple[str, ...] = ()  # of a delivery status notification, as in :class:`Reported`


KINDS: dict[str, type[Event]] = {kind.__name__: kind for kind in Event.__subclasses__()}


def from_json(data: Mapping[str, Any]) -> Event:
    """Return the event that :meth:`Event.to_json` wrote."""
    values: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in data.items()}
    values["at"] = datetime.fromisoformat(data["at"])
    return KINDS[values.pop("event")](**values)
