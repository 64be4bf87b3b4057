"""Every query and what was answered, oldest first. Bounded: the oldest go first."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from itertools import count, takewhile
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

    *name* is exact, or ``*.X``. *since*: later than the entry of that number, or not before that time.
    """

    name: str | None = None
    type: str | None = None
    client: str | None = None
    transport: str | None = None
    rcode: str | None = None
    since: int | datetime | None = None

    def wants(self, entry: Entry) -> bool:
        """Return whether the entry fits, its number aside."""
        return (
            (self.name is None or matches(entry.name, self.name))
            and (self.type is None or entry.type == self.type)
            and (self.client is None or entry.client == self.client)
            and (self.transport is None or entry.transport == self.transport)
            and (self.rcode is None or entry.rcode == self.rcode)
            and (not isinstance(self.since, datetime) or datetime.fromisoformat(entry.at) >= self.since)
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

    def after(self, seq: int, wanted: Filter) -> tuple[list[Entry], int]:
        """Return the entries later than number *seq* that fit, oldest first, and the number of the newest entry."""
        with self._lock:
            newer = list(takewhile(lambda entry: entry.seq > seq, reversed(self._entries)))
        found = [entry for entry in reversed(newer) if wanted.wants(entry)]
        return found, newer[0].seq if newer else seq

    def listen(self, listener: Callable[[], None]) -> None:
        """Call *listener*, in whatever thread, when there is a new entry."""
        with self._lock:
            self._listeners = (*self._listeners, listener)

    def unlisten(self, listener: Callable[[], None]) -> None:
        """Call *listener* no more."""
        with self._lock:
            self._listeners = tuple(each for each in self._listeners if each is not listener)
