"""Who connected to whom: each connection to a mail host of the lab, with what was said in it that tells whose it was.

In: events, as they come. Out: :class:`Contact` values. A connection in which nobody is named belongs to nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from lab.route import events
from lab.route.events import Event

MARGIN = timedelta(seconds=1)  # logs of two hosts reach us in any order


@dataclass(slots=True)
class Contact:
    """One connection. ``server`` is the address of the scripted host that was connected to, None for other hosts."""

    host: str  # lab name of the host that was connected to
    client: str  # address
    at: datetime
    server: str | None = None
    queue_ids: set[str] = field(default_factory=set)  # of what was accepted in it
    named: set[str] = field(default_factory=set)  # senders and recipients of what was refused in it


class Contacts:
    """Every connection so far."""

    def __init__(self) -> None:
        self._all: list[Contact] = []
        self._open: dict[tuple[str, int], Contact] = {}  # by host and process of smtpd(8)
        self._dialogues: dict[str, Contact] = {}  # by session of the scripted host

    def add(self, event: Event) -> None:
        """Take the next event; those that are about no connection are let pass."""
        match event:
            case events.Connected():
                begun = Contact(event.host, event.address, event.at)
                self._open[event.host, event.pid] = begun
                self._all.append(begun)
            case events.Disconnected():
                self._open.pop((event.host, event.pid), None)
            case events.Received():
                if contact := self._open.get((event.host, event.pid)):
                    contact.queue_ids.add(event.queue_id)
            case events.Rejected():
                if contact := self._open.get((event.host, event.pid)):
                    contact.named |= {each for each in (event.sender, event.recipient) if each}
            case events.Dialogue(action="connect"):
                begun = Contact(event.host, event.client, event.at, event.server)
                self._dialogues[event.session] = begun
                self._all.append(begun)
            case events.Dialogue(action="close"):
                self._dialogues.pop(event.session, None)
            case events.Stored():
                if contact := self._dialogues.get(event.session):
                    contact.named |= {event.sender, *event.recipients} - {""}

    def since(self, since: datetime) -> Iterator[Contact]:
        """Yield those from *since* on, the latest first."""
        for contact in reversed(self._all):
            if contact.at < since - MARGIN:
                return
            if contact.at >= since:
                yield contact


def contacted(
    contacts: Iterable[Contact], clients: Collection[str], names_of: Callable[[str], Collection[str]]
) -> set[str]:
    """Return the names of the hosts to which one with an address of *clients* has connected.

    *names_of* tells the names of an address of the scripted host.
    """
    found: set[str] = set()
    for contact in contacts:
        if contact.client in clients:
            found |= {contact.host} if contact.server is None else set(names_of(contact.server))
    return found
