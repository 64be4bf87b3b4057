"""From events to routes: each message's way through the hosts of a lab, and what is still awaited.

:class:`History` is an index. Adding an event touches its own message only, and so does asking for a route, so
a lab that has seen a million messages is as quick as a new one.

A hop counts when both sides say so: the sender's delivery line names the next host's queue id, and the next
host's own log has that queue id (or, at the scripted host, the stored message). What one side alone says is
not known yet.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import NamedTuple

from lab.route import events
from lab.route.contacts import Contact, Contacts
from lab.route.events import AttemptFailed, Delivery, DnsQuery, Event, Rejected
from lab.route.model import GREETED, UNKNOWN, Attempt, Route
from lab.route.queuefile import QueueFile
from lab.route.walk import Walk

ADDRESS = re.compile(r"[\d.]+|.*:.*")  # in place of a host's name, where the DNS has none
OfStore = events.Saved | events.Submitted | events.Sieved | events.Reported | events.Finished
MARGIN = timedelta(seconds=1)  # logs of two hosts reach us in any order


class Origin(NamedTuple):
    """Where a message came into the lab: the host of submission, and the queue id in its reply to the MUA.

    A surer name for a message than its Message-ID, which a message may lack, and which two may share.
    """

    host: str
    queue_id: str

    def __str__(self) -> str:
        """Return it as a person would say it."""
        return f"{self.queue_id} at {self.host}"


class History:
    """What the servers of a lab said so far. *hosts* maps addresses to lab names, and may grow later."""

    def __init__(self, hosts: Mapping[str, str], recorded: Iterable[Event] = ()) -> None:
        """*recorded* are events to begin with, such as those of a saved run."""
        self.hosts = dict(hosts)
        self._files: dict[tuple[str, str], QueueFile] = {}
        self._messages: defaultdict[str, list[QueueFile]] = defaultdict(list)
        self._unclaimed: defaultdict[tuple[str, int], list[Event]] = defaultdict(list)
        self._requeued: dict[tuple[str, str], str] = {}
        self._sessions: defaultdict[str, list[OfStore]] = defaultdict(list)
        self._agents: set[str] = set()  # hosts with a mail delivery agent
        self._stored: dict[tuple[str, str], events.Stored] = {}
        self.scripted: set[str] = set()  # addresses of the scripted host that were connected to
        self._said_after: dict[str, list[tuple[datetime, str]]] = {}  # session of a stored copy to its replies since
        self._stored_as: defaultdict[str, list[events.Stored]] = defaultdict(list)
        self._refusals: defaultdict[tuple[str, str], list[events.Dialogue | Rejected]] = defaultdict(list)
        self._queries: defaultdict[str, list[DnsQuery]] = defaultdict(list)
        self._contacts = Contacts()
        for event in recorded:
            self.add(event)

    def add(self, event: Event) -> None:
        """Take the next event. Events of one host come in the order of its log; hosts in any order."""
        self._contacts.add(event)
        match event:
            case events.Connected() | events.Disconnected():
                self._unclaimed.pop((event.host, event.pid), None)
            case Rejected(stage="EHLO" | "HELO"):
                self._refusals[event.host, event.address].append(event)
            case events.TlsEstablished() | events.ServerNamed() | events.AttemptFailed(queue_id=None):
                self._unclaimed[event.host, event.pid].append(event)
            case Rejected(queue_id=None):
                self._unclaimed[event.host, event.pid].append(event)
            case (
                events.Held(queue_id=None, pid=int(pid))
                | events.Discarded(queue_id=None, pid=int(pid))
                | events.Unread(queue_id=None, pid=int(pid))
            ):
                self._unclaimed[event.host, pid].append(event)
            case events.Saved() | events.Submitted() | events.Sieved() | events.Reported() | events.Finished():
                self._sessions[event.session].append(event)
                self._agents.add(event.host)
            case events.Stored():
                self._said_after.setdefault(event.session, [])
                self._stored[event.server, event.queue_id] = event
                if event.message_id:
                    self._stored_as[event.message_id].append(event)
            case DnsQuery():
                self._queries[event.client].append(event)
            case events.Dialogue():
                self._replied(event)
            case _:
                self._about_message(event)

    def _replied(self, event: events.Dialogue) -> None:
        """Take a reply of the scripted host: a refusal before the envelope, or what it said once it had a message."""
        self.scripted.add(event.server)
        if event.action != "reply":
            return
        if event.session in self._said_after:
            self._said_after[event.session].append((event.at, (event.text or "").replace("\n", " ")))
        if event.fault:
            self._refusals[event.server, event.client].append(event)

    def routes(self, message: str | Origin, recipients: Iterable[str] = ()) -> tuple[Route, ...]:
        """Return the routes of a message, given by its Message-ID or origin, one for each final recipient.

        They come in the order of *recipients*, others after them. A recipient that no log line names yet has
        a route with outcome "unknown".
        """
        walk, asked, roots = Walk(self), list(recipients), self._roots(message)
        message_id = message if isinstance(message, str) else (roots and roots[0].message_id) or ""
        routes = [route for file in _first_met(roots, walk) for route in walk.routes(file, message_id)]
        for recipient in asked:
            if recipient.casefold() not in walk.named:
                routes.append(walk.unnamed(message_id, recipient) or _unseen(message_id, recipient))
        order = {recipient.casefold(): index for index, recipient in enumerate(asked)}
        return tuple(sorted(routes, key=lambda route: order.get(route.recipient.casefold(), len(order))))

    def awaited(self, message: str | Origin, recipients: Iterable[str] = ()) -> tuple[str, ...]:
        """Return what is missing for the message's story to be complete, in words; nothing when it is.

        Complete: each recipient is delivered (with its mailbox), bounced (with its notice), deferred,
        rejected, held, discarded or expired. *recipients* are those that must have a route.
        """
        walk = self._walked(message)
        if not walk.files:
            known_as = f"the Message-ID {message}" if isinstance(message, str) else str(message)
            walk.awaited.append(f"no log line has {known_as} yet")
        for recipient in recipients:
            if recipient.casefold() not in walk.named and walk.unnamed("", recipient) is None:
                walk.awaited.append(f"no log line names {recipient} yet")
        return tuple(dict.fromkeys(walk.awaited))

    def settled(self, message: str | Origin, recipients: Iterable[str] = ()) -> bool:
        """Whether nothing is awaited any more."""
        return not self.awaited(message, recipients)

    def contacts(self, since: datetime) -> list[Contact]:
        """Return every connection to a host of the lab since then, the latest first."""
        return list(self._contacts.since(since))

    def events_of(self, message: str | Origin) -> list[Event]:
        """Return every event of a message and its notices, with the DNS queries it caused, by time.

        A history made of them gives the same routes.
        """
        walk = self._walked(message)
        found = [event for file in walk.files.values() for event in file.events]
        for file in walk.files.values():
            found += self._asked(file)
        found += walk.evidence
        return sorted({id(event): event for event in found}.values(), key=lambda event: event.at)

    def queued(self, message: str | Origin) -> list[tuple[str, str]]:
        """Return host and queue id of everything of a message, its notices too, that no log says has left a queue."""
        files = self._walked(message).files.values()
        return [(file.host, file.queue_id) for file in files if file.removed is None and not self.requeued(file)]

    def name(self, address: str | None, logged: str, at: str) -> str:
        """Return a host's lab name, else the first label of the name in Postfix's log, else its address.

        *at*: the host whose log has it; a loopback address is its own.
        """
        if (found := self._host(address, at)) is not None:
            return found
        return address or logged if ADDRESS.fullmatch(logged) else logged.partition(".")[0]

    def came_from(self, file: QueueFile) -> str | None:
        """Return the host of the lab that a message came from, itself for what sendmail(1) left or came by loopback.

        None for a message from outside the lab, and for one that the host wrote.
        """
        if file.received is not None:
            return self._host(file.received.address, file.host)
        return file.host if file.picked_up else None

    def file(self, host: str, queue_id: str | None) -> QueueFile | None:
        """Return the message that *host* has, or had, under *queue_id*."""
        return self._files.get((host, queue_id)) if queue_id else None

    def requeued(self, file: QueueFile) -> QueueFile | None:
        """Return the same message after postsuper -r."""
        return self.file(file.host, self._requeued.get((file.host, file.queue_id)))

    def stored(self, server: str | None, queue_id: str | None) -> events.Stored | None:
        """Return what the scripted host stored at one of its addresses."""
        return self._stored.get((server or "", queue_id or ""))

    def stored_as(self, message_id: str | None, server: str | None, recipient: str) -> list[events.Stored]:
        """Return every copy of a message for a recipient that the scripted host stored at an address."""
        return [
            copy
            for copy in self._stored_as.get(message_id or "", ())
            if copy.server == server and recipient in copy.recipients
        ]

    def refusal(self, attempt: Attempt, sender: str) -> events.Dialogue | Rejected | None:
        """Return what the host that refused *sender* has in its log about it, where Postfix's does not tell the stage.

        What Postfix logs of a reply ends where its line does (MSG_LOGGER_RECLEN).
        """
        cut, reply = attempt.stage == UNKNOWN, attempt.reply or ""
        for client in (address for address, name in self.hosts.items() if name == sender):
            for place in (attempt.target, attempt.address or ""):
                for event in reversed(self._refusals.get((place, client), ())):
                    if event.at < attempt.at - MARGIN:
                        break
                    said = (event.reply if isinstance(event, Rejected) else event.text or "").replace("\n", " ")
                    greeted = isinstance(event, Rejected) or event.stage in (*GREETED, "helo")
                    if said == reply if greeted else cut and reply and said.startswith(reply):
                        return event
        return None

    def saved(self, session: str) -> list[OfStore]:
        """Return what Dovecot did with a message of an LMTP session."""
        return self._sessions.get(session, [])

    def files_of(self, message_id: str | None) -> list[QueueFile]:
        """Return every file of a message, wherever it came in."""
        return self._messages.get(message_id or "", [])

    def answered(self, copy: events.Stored, reply: str | None) -> bool:
        """Whether the scripted host, once it had *copy*, has said *reply*, as far as that is in the client's log."""
        said = self._said_after.get(copy.session, ())
        return bool(reply) and any(at >= copy.at and text.startswith(reply or "") for at, text in said)

    def copies_of(self, message_id: str | None) -> list[events.Stored]:
        """Return every copy of a message that the scripted host stored."""
        return self._stored_as.get(message_id or "", [])

    def handed_over(self, message_id: str | None, sender: str) -> list[QueueFile]:
        """Return the files of a message that came from the host *sender* over SMTP."""
        return [file for file in self.files_of(message_id) if file.received and self.came_from(file) == sender]

    def handed_on(self, file: QueueFile) -> Iterator[tuple[str, str]]:
        """Yield what the delivery lines of *file* name of where it went: host, or address, and queue id there."""
        for delivery in file.of(Delivery):
            if delivery.forwarded_as:
                yield file.host, delivery.forwarded_as
            elif delivery.next_queue_id:
                yield self.name(delivery.address, delivery.relay or "", file.host), delivery.next_queue_id
                yield delivery.address or "", delivery.next_queue_id

    def commands(self, message: str | Origin) -> tuple[tuple[str, str], ...]:
        """Return host and queue id of everything of a message that a command took, and nobody knows what it did."""
        return tuple(self._walked(message).commands)

    def _about_message(self, event: Event) -> None:
        queue_id = getattr(event, "queue_id", None)
        if queue_id is None:
            return
        key = (event.host, queue_id)
        file = self._files.get(key)
        if file is None:
            file = self._files[key] = QueueFile(event.host, queue_id)
        pid = getattr(event, "pid", None)
        if pid is not None and not isinstance(event, events.Warned | events.ClientLost):
            for earlier in self._unclaimed.pop((event.host, pid), ()):
                # Older than this try: left by a process that was killed before it named its message.
                if file.active is None or earlier.at >= file.active:
                    file.add(earlier)
        file.add(event)
        if isinstance(event, events.MessageId):
            self._messages[event.message_id].append(file)
        elif isinstance(event, events.Requeued):
            self._requeued[event.host, event.was] = queue_id

    def _host(self, address: str | None, at: str) -> str | None:
        """Return whose address that is, seen from the host *at*."""
        return at if address is not None and _loopback(address) else self.hosts.get(address or "")

    def _walked(self, message: str | Origin) -> Walk:
        walk = Walk(self)
        for file in _first_met(self._roots(message), walk):
            walk.routes(file, file.message_id or "")
        return walk

    def _roots(self, message: str | Origin) -> list[QueueFile]:
        """Return the files with which the message came into the lab."""
        if isinstance(message, Origin):
            file = self.file(*message)
            return [file] if file else []
        files = sorted(self.files_of(message), key=lambda file: file.events[0].at)
        hosts = {file.host for file in files}
        forwarded = {(file.host, delivery.forwarded_as) for file in files for delivery in file.of(Delivery)}
        roots = [
            file
            for file in files
            if file.was is None
            and (file.host, file.queue_id) not in forwarded
            and (file.received is None or self.came_from(file) not in hosts | self._agents)
        ]
        return roots or files[:1]

    def _asked(self, file: QueueFile) -> list[DnsQuery]:
        """Return the DNS queries that the host made for this message, as far as names and times tell."""
        first, last = file.events[0].at - MARGIN, file.events[-1].at
        names = _names(file)
        found = []
        for address in (address for address, name in self.hosts.items() if name == file.host):
            queries = self._queries.get(address, [])
            start = bisect_left(queries, first, key=_when)
            for query in queries[start : bisect_right(queries, last, key=_when)]:
                if query.name.rstrip(".") in names:
                    names.update(answer.split()[-1].rstrip(".") for answer in query.answers)
                    found.append(query)
        return found


def _first_met(files: Iterable[QueueFile], walk: Walk) -> Iterator[QueueFile]:
    """Yield those to which *walk* has not come from one before: a command puts a message in again as if it were new."""
    return (file for file in files if (file.host, file.queue_id) not in walk.files)


def _loopback(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:  # a UNIX-domain socket
        return False


def _unseen(message_id: str, recipient: str) -> Route:
    """Return the route of a recipient of whom nothing is known."""
    return Route(message_id, "", recipient, "unknown", None, None, None, None, [], (), (), 0)


def _when(query: DnsQuery) -> datetime:
    return query.at


def _names(file: QueueFile) -> set[str]:
    """Return the names that a host looks up to deliver a message, as far as its log has them."""
    names = {delivery.recipient.rpartition("@")[2].lower() for delivery in file.of(Delivery)}
    logged = [*(each.relay for each in file.of(Delivery)), *(each.relay for each in file.of(AttemptFailed))]
    return names | {name.lower() for name in logged if name}
