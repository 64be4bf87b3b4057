"""Every query and what was answered, oldest first. Bounded: the oldest go first."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from itertools import count, islice
from typing import Any, NamedTuple

from dnszone.record import matches

KEPT = 100_000


class Entry(NamedTuple):
    """One query. *rcode* is "DROP" where nothing was answered; *answers* has the data of the answer section as sent."""

    at: str
    seq: int
    client: str
    port: int
    transport: str
    id: int
    name: str
    type: str
    rcode: str
    answers: tuple[str, ...]
    flags: str
    fault: str | None

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return self._asdict()


@dataclass(frozen=True, slots=True)
class Filter:
    """Which entries are wanted; None stands for all.

    *name* is exact, or ``*.X``.
    """

    name: str | None = None
    type: str | None = None
    client: str | None = None
    transport: str | None = None
    rcode: str | None = None

    def wants(self, entry: Entry) -> bool:
        """Return whether the entry fits."""
        return (
            (self.name is None or matches(entry.name, self.name))
            and (self.type is None or entry.type == self.type)
            and (self.client is None or entry.client == self.client)
            and (self.transport is None or entry.transport == self.transport)
            and (self.rcode is None or entry.rcode == self.rcode)
        )


class History:
    """The entries; any thread may add and read."""

    def __init__(self, kept: int = KEPT) -> None:
        """Keep *kept* entries."""
        self._lock = threading.Lock()
        self._entries: deque[Entry] = deque(maxlen=kept)
        self._numbers = count(1)
        self._listeners: tuple[Callable[[], None], ...] = ()

    @property
    def last(self) -> int:
        """The number of the newest entry; 0 before the first."""
        with self._lock:
            return self._entries[-1].seq if self._entries else 0

    def add(self, entry: Callable[[int], Entry]) -> Entry:
        """Add what *entry* makes of the next number, and tell whoever listens."""
        with self._lock:
            added = entry(next(self._numbers))
            self._entries.append(added)
        for listener in self._listeners:
            listener()
        return added

    def after(self, since: int | datetime | None) -> list[Entry]:
        """Return the entries later than the one of that number, or not before that time, oldest first; None: all.

        What it takes depends on how many they are, not on how many there have been before.
        """
        with self._lock:
            newest = self._entries[-1].seq if self._entries else 0
            match since:
                case None:
                    number = len(self._entries)
                case int():
                    number = newest - since
                case _:
                    number = len(self._entries) - bisect_left(self._entries, since, key=_time)
            found = list(islice(reversed(self._entries), max(0, number)))
        found.reverse()
        return found

    def listen(self, listener: Callable[[], None]) -> None:
        """Call *listener*, in whatever thread, when there is a new entry."""
        with self._lock:
            self._listeners = (*self._listeners, listener)

    def unlisten(self, listener: Callable[[], None]) -> None:
        """Call *listener* no more."""
        with self._lock:
            self._listeners = tuple(each for each in self._listeners if each is not listener)


def _time(entry: Entry) -> datetime:
    return datetime.fromisoformat(entry.at)
