"""All zones together, and what they answer: the lab's whole name space.

Zones lie in layers. Where two have one origin, the one added last counts; when it goes, the one below comes back. Of
zones that hold a name, the one with the longest origin answers. Changes replace what is there, so that an answer is
never made of two states and other threads may go on asking.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from dnszone import reverse
from dnszone.record import Record, parent
from dnszone.zone import WORLD, Zone, complete

CHAIN = 12  # names looked up for one answer, the one that is asked for among them, as BIND 9.20 (max-query-restarts 11)
ROOT = Zone(
    ".", WORLD, complete(".", ())
)  # says who serves the root, as root hints do; all below it is outside the lab


@dataclass(frozen=True, slots=True)
class Answer:
    """What the zones say. *rcode* is NOERROR, NXDOMAIN or REFUSED; *authority* has the SOA record of a negative answer.

    YXDOMAIN is a DNAME that makes too long a name, SERVFAIL a chain of too many aliases. A referral has NOERROR, no
    answers, and the NS records of the child as authority.
    """

    rcode: str
    answers: tuple[Record, ...]
    authority: tuple[Record, ...]
    additional: tuple[Record, ...] = ()
    authoritative: bool = True


class Zones:
    """The zones and who owns them. Iteration yields those that count, in order of adding."""

    def __init__(self, zones: Iterable[Zone] = ()) -> None:
        """Start with *zones*; the world's own come first."""
        self._lock = threading.Lock()
        self._layers = tuple(zones)
        self._view = _View(self._layers)

    def __iter__(self) -> Iterator[Zone]:
        return iter(self._view.zones.values())

    def get(self, origin: str) -> Zone | None:
        """Return the zone that counts for *origin*."""
        return self._view.zones.get(origin)

    def zone_of(self, name: str) -> Zone | None:
        """Return the zone that answers for *name*, a derived reverse zone too."""
        return self._view.find(name)

    def add(self, zone: Zone) -> None:
        """Add a zone, or replace the one of the same origin and owner; the others of that origin are hidden."""
        with self._lock:
            kept = [each for each in self._layers if (each.origin, each.owner) != (zone.origin, zone.owner)]
            self._set([*kept, zone])

    def remove(self, origin: str) -> Zone:
        """Remove the zone that counts for *origin* and return it; what it hid comes back.

        Raises KeyError where there is none, and PermissionError where it is the world's own.
        """
        with self._lock:
            zone = self._view.zones[origin]
            if zone.owner == WORLD:
                raise PermissionError(origin)
            self._set([each for each in self._layers if each is not zone])
        return zone

    def drop(self, owner: str) -> list[Zone]:
        """Remove and return all zones of *owner*."""
        with self._lock:
            gone = [each for each in self._layers if each.owner == owner]
            self._set([each for each in self._layers if each.owner != owner])
        return gone

    def owners(self) -> list[str]:
        """Return everyone who has a zone here, hidden or not."""
        return list(dict.fromkeys(zone.owner for zone in self._layers))

    def over(self, zone: Zone) -> Zones:
        """Return other zones: these with *zone* on top."""
        return Zones([*self._layers, zone])

    def resolve(self, name: str, type: str) -> Answer:
        """Answer for an absolute name with its final dot and a type mnemonic; aliases are followed across all zones."""
        view = self._view
        answers: list[Record] = []
        seen: set[str] = set()
        name = name.lower()
        while name not in seen and len(seen) < CHAIN:
            seen.add(name)
            zone = view.find(name)
            if zone is None:  # an alias that leads out of the lab ends the answer (RFC 1034 4.3.2, 3a)
                return Answer("NOERROR" if answers else "REFUSED", tuple(answers), (), authoritative=bool(answers))
            step = zone.lookup(name, type)
            answers += step.answers
            if step.alias is None:
                authoritative = step.authoritative or bool(answers)
                return Answer(step.rcode, tuple(answers), step.authority, step.additional, authoritative)
            name = step.alias
        # A circle has been told in full, and whoever asks can see it, as with NSD. Too many: as BIND answers.
        return Answer("NOERROR" if name in seen else "SERVFAIL", tuple(answers), ())

    def _set(self, layers: list[Zone]) -> None:
        self._layers = tuple(layers)
        self._view = _View(self._layers)


class _View:
    """One state of the zones."""

    def __init__(self, layers: tuple[Zone, ...]) -> None:
        self.zones: dict[str, Zone] = {}
        for zone in layers:
            self.zones.pop(zone.origin, None)  # so that the order is that of adding
            self.zones[zone.origin] = zone
        self._reverse: dict[str, Zone] | None = None

    def find(self, name: str) -> Zone | None:
        """Return the zone that answers for *name*. A derived reverse zone does so where no written one has the name."""
        written = _longest(self.zones, name)
        if name == "." and written is None:
            return ROOT
        if not name.endswith(reverse.SUFFIXES) or (written and written.exists(name)):
            return written
        if self._reverse is None:
            self._reverse = reverse.derived(self.zones.values())
        derived = _longest(self._reverse, name)
        return derived if derived and (written is None or derived.exists(name)) else written


def _longest(zones: dict[str, Zone], name: str) -> Zone | None:
    while name not in zones:
        if name == ".":
            return None
        name = parent(name)
    return zones[name]
