"""The timeline of one message, as a person reads it: what each host asked, tried, heard and did, in order.

In: the events of a message (:meth:`lab.route.history.History.events_of`) and its routes. Out: :class:`Row` values,
for whoever wants to colour them, and plain text no wider than WIDTH.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import singledispatch
from textwrap import wrap
from typing import NamedTuple

from lab.route.events import (
    Active,
    AttemptFailed,
    ClientLost,
    Delivery,
    Discarded,
    DnsQuery,
    Event,
    Expired,
    Held,
    NotificationSent,
    PickedUp,
    Received,
    Rejected,
    Released,
    Removed,
    Requeued,
    Saved,
    ServerNamed,
    Sieved,
    Stored,
    Submitted,
    TlsEstablished,
    Unread,
    Warned,
)
from lab.route.model import UNKNOWN, Attempt, Route

WIDTH = 110
MARKS = {"good": "+", "bad": "x", "wait": "~", "plain": " "}
"""How a row went: the message got further, was refused, has to wait; the rest is neither."""
DELIVERED = {"delivered": "good", "deferred": "wait", "held": "wait", "unknown": "wait"}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a timeline. ``seconds`` count from the first event; ``mark`` is a key of MARKS."""

    seconds: float
    host: str
    kind: str  # dns, queue, try, notice, mailbox
    mark: str
    text: str


def timeline(happened: Sequence[Event], routes: Sequence[Route], names: Mapping[str, str]) -> list[str]:
    """Return the whole story: each route in short, then the timeline. *names*: address to lab name."""
    lines = [line for route in routes for line in (*summary(route), "")]
    return lines + render(rows(happened, names))


def rows(happened: Sequence[Event], names: Mapping[str, str]) -> list[Row]:
    """Return a row for each event that adds to the story, in order of time."""
    return [row for _, row in each_row(happened, names)]


def each_row(happened: Sequence[Event], names: Mapping[str, str]) -> Iterator[tuple[Event, Row]]:
    """Yield each event that adds to the story, and its row."""
    busy: set[tuple[str, str]] = set()  # queue files that were taken up before
    for event in happened:
        told = _tell(event)
        if isinstance(event, Active):
            if (event.host, event.queue_id) in busy:
                told = Told("queue", "plain", f"{event.queue_id}: tried again")
            busy.add((event.host, event.queue_id))
        if told is not None:
            seconds = (event.at - happened[0].at).total_seconds()
            host = names.get(event.client, event.client) if isinstance(event, DnsQuery) else event.host
            yield event, Row(seconds, host, *told)


def render(table: Sequence[Row]) -> list[str]:
    """Return rows as aligned text."""
    host = max((len(row.host) for row in table), default=0)
    kind = max((len(row.kind) for row in table), default=0)
    lines = []
    for row in table:
        head = f"{row.seconds:+9.3f}s  {row.host:<{host}}  {row.kind:<{kind}} {MARKS[row.mark]} "
        lines += _wrapped(head, row.text)
    return lines


def summary(route: Route) -> list[str]:
    """Return a route in short: who to whom and how it ended, then a line for each attempt."""
    alias = "" if route.final_recipient in (None, route.recipient) else f" (as {route.final_recipient})"
    end = " ".join(filter(None, (route.outcome, route.status)))
    place = f" into {route.mailbox}" if route.mailbox else ""
    copies = f", {route.copies} copies" if route.copies > 1 else ""
    mark = MARKS[DELIVERED.get(route.outcome, "bad")]
    lines = _wrapped("", f"{route.sender or '<>'} -> {route.recipient}{alias}: {end}{place}{copies}")
    lines += _wrapped("  ", f"hops: {' -> '.join(route.hops) or 'none'}")
    lines += _table([(f"{each.host} -> {each.target}", each) for each in route.attempts])
    last = route.attempts[-1].reason if route.attempts else None
    if route.reason and route.outcome != "delivered" and (last is None or last not in route.reason):
        lines += _wrapped(f"  {mark} ", route.reason)
    for text in route.unread:
        lines += _wrapped(f"  {MARKS['wait']} ", f"a line nobody understood: {text}")
    for notice in route.notifications:
        told = f"{notice.kind} notice {notice.queue_id} by {notice.host}"
        to = f" to {notice.route.recipient}: {notice.route.outcome}" if notice.route else ""
        lines += _wrapped("    ", told + to)
    return lines


def _table(attempts: Sequence[tuple[str, Attempt]]) -> list[str]:
    width = max((len(way) for way, _ in attempts), default=0)
    stage = max((len(each.stage) for _, each in attempts), default=0)
    lines = []
    for way, each in attempts:
        mark = MARKS[_mark(each.outcome)]
        tls = f" [{each.trust} {each.tls}]" if each.tls else ""
        lines += _wrapped(f"  {mark} {way:<{width}}  {each.stage:<{stage}}  ", (each.reply or each.reason) + tls)
    return lines


def _mark(outcome: str) -> str:
    return {"accepted": "good", "sent": "good", "deferred": "wait"}.get(outcome, "bad")


def _wrapped(head: str, text: str) -> list[str]:
    """Return *text* behind *head*, in lines of at most WIDTH, indented below each other."""
    parts = wrap(text, WIDTH - len(head), break_on_hyphens=False) or [""]
    return [(head + parts[0]).rstrip(), *(" " * len(head) + part for part in parts[1:])]


class Told(NamedTuple):
    """What a row says of its event: kind, mark and text of :class:`Row`."""

    kind: str
    mark: str
    text: str


@singledispatch
def _tell(event: Event) -> Told | None:
    """Return what to say of an event; None for one that adds nothing to the story."""
    del event
    return None


@_tell.register
def _(event: DnsQuery) -> Told:
    return Told("dns", "plain" if event.rcode == "NOERROR" else "bad", _question(event))


@_tell.register
def _(event: Delivery) -> Told:
    return Told("try" if event.relay else "queue", _mark(event.status), _delivery(event))


@_tell.register
def _(event: AttemptFailed) -> Told:
    mark = "bad" if event.reply is None or event.reply.startswith("5") else "wait"
    place = f"-> {_place(event.relay, event.address, event.port)}  " if event.relay else ""
    return Told("try", mark, f"{place}{event.stage}: {event.reason}")


@_tell.register
def _(event: ServerNamed) -> Told:
    return Told("try", "plain", event.text)


@_tell.register
def _(event: TlsEstablished) -> Told:
    return Told("try", "plain", f"-> {event.relay}  {event.trust} {event.protocol}, {event.cipher}")


@_tell.register
def _(event: NotificationSent) -> Told:
    return Told("notice", "plain", f"{event.queue_id}: {event.kind} notice to {event.to}: {event.notification}")


@_tell.register
def _(event: Saved) -> Told:
    return Told("mailbox", "good", f"{event.user}: stored in {event.mailbox}")


@_tell.register
def _(event: Submitted) -> Told:
    return Told("try", "good", f"-> {event.relay}[{event.address}]:{event.port}  {event.user}: {event.queue_id}")


@_tell.register
def _(event: Sieved) -> Told:
    return Told("mailbox", "plain", f"{event.user}: Sieve {event.action}: {event.text}")


@_tell.register
def _(event: Stored) -> Told:
    people = ", ".join(event.recipients)
    return Told("mailbox", "good", f"{event.server} stored it as {event.queue_id} for {people}")


@_tell.register
def _(event: Received) -> Told:
    login = f", as {event.sasl_username}" if event.sasl_username else ""
    return Told("queue", "good", f"{event.queue_id}: from {event.client}[{event.address}]{login}")


@_tell.register
def _(event: PickedUp) -> Told:
    return Told("queue", "good", f"{event.queue_id}: from sendmail(1), <{event.sender}>")


@_tell.register
def _(event: Requeued) -> Told:
    return Told("queue", "plain", f"{event.queue_id}: requeued, was {event.was}")


@_tell.register
def _(event: Active) -> Told:
    people = "1 recipient" if event.recipients == 1 else f"{event.recipients} recipients"
    return Told("queue", "plain", f"{event.queue_id}: <{event.sender}>, {people}, {event.size} bytes")


@_tell.register
def _(event: Rejected) -> Told:
    return Told("queue", "bad", f"refused at {event.stage}: {event.reply}")


@_tell.register
def _(event: Held) -> Told:
    return Told("queue", "wait", f"{event.queue_id or 'the next one'}: held: {event.reason}")


@_tell.register
def _(event: Released) -> Told:
    return Told("queue", "plain", f"{event.queue_id}: released")


@_tell.register
def _(event: Discarded) -> Told:
    return Told("queue", "bad", f"{event.queue_id or 'the next one'}: discarded: {event.reason}")


@_tell.register
def _(event: Expired) -> Told:
    return Told("queue", "bad", f"{event.queue_id}: expired, returned to sender")


@_tell.register
def _(event: Removed) -> Told | None:
    if event.how == "done":
        return None
    return Told("queue", "bad", f"{event.queue_id}: removed ({event.how})")


@_tell.register
def _(event: ClientLost) -> Told:
    return Told("queue", "bad", f"{event.what} after {event.stage} from {event.client}")


@_tell.register
def _(event: Warned) -> Told:
    return Told("queue", "plain", f"warning: {event.text}")


@_tell.register
def _(event: Unread) -> Told:
    return Told("queue", "wait", f"a line nobody understood: {event.text}")


def _delivery(event: Delivery) -> str:
    if event.relay is None:
        return f"{event.queue_id}: <{event.recipient}> {event.status} {event.dsn}: {event.text}"
    text = event.reason if event.stage in (None, UNKNOWN) else f"{event.stage}: {event.reason}"
    agent = "" if event.agent == "smtp" else f"{event.agent} "
    place = _place(event.relay, event.address, event.port)
    return f"-> {place}  {agent}<{event.recipient}> {event.status}: {text}"


def _place(name: str, address: str | None, port: int | None) -> str:
    return name + (f"[{address}]" if address else "") + (f":{port}" if port else "")


def _question(event: DnsQuery) -> str:
    answer = ", ".join(event.answers) or ("no data" if event.rcode == "NOERROR" else event.rcode)
    fault = f"  (fault: {event.fault})" if event.fault else ""
    over = " over TCP" if event.transport == "tcp" else ""
    return f"{event.type} {event.name}{over}: {answer}{fault}"
