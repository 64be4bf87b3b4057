"""The domains of one test: zones that it adds to the lab's DNS, with addresses of the scripted host in them.

Each test has recipient domains of its own, so that no other test's mail, caches or mailboxes can touch it.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache

from dnszone.masterfile import read
from dnszone.zone import Zone
from lab.control.dns import Dns
from lab.control.scripted import Place, Scripted
from lab.engine.hosts import Host, variables
from lab.world.ipv6 import check

DEFAULT = """\
; three mail exchangers at three preferences, as dest.test has
@  MX 10 mx1.dest.test.
@  MX 20 mx2.dest.test.
@  MX 30 mx3.dest.test.
"""
LEASED = re.compile(r"\$SCRIPTED_([1-9][0-9]{0,3})(?![0-9])")
PLACES = 1022  # addresses of the scripted host (lab.world.slot), for all that run


def fresh() -> str:
    """Return the name of a domain that nobody has."""
    return f"t{uuid.uuid4().hex[:10]}.test"


class Domains:
    """The zones of one test. ``texts`` maps each domain to its zone text, as it was written."""

    def __init__(self, dns: Callable[[], Dns], scripted: Callable[[], Scripted], hosts: Mapping[str, Host]) -> None:
        """*hosts* has those that are present, by lab name."""
        self.texts: dict[str, str] = {}
        self._first: str | None = None
        self._leased: dict[str, list[Place]] = {}
        self._dns = dns
        self._scripted = scripted
        self._hosts = hosts

    @property
    def first(self) -> str:
        """The domain that every test has for the asking, with the zone DEFAULT."""
        if self._first is None:
            name = fresh()
            self.add(DEFAULT, name)
            self._first = name
        return self._first

    def add(self, text: str, domain: str) -> None:
        """Serve *text* as the zone of *domain*, instead of what it had before. Raises LabError as the DNS does."""
        check([text], self._hosts)
        wanted = max((int(number) for number in LEASED.findall(text)), default=0)
        leased = self._leased.setdefault(domain, [])
        if wanted > len(leased):
            leased += self._scripted().lease(wanted - len(leased))
        self._dns().put(f"{domain}.", text, self.values(domain))
        self.texts[domain] = text

    def zones(self) -> Iterator[Zone]:
        """Yield the zones as the DNS serves them."""
        for domain, text in self.texts.items():
            yield _read(text, domain, tuple(self.values(domain).items()))

    def places(self) -> list[Place]:
        """Return every place of the scripted host that this test has."""
        return [place for places in self._leased.values() for place in places]

    def scripted(self) -> dict[str, str]:
        """Return each name in the zones that stands for the scripted host, "mx-a" and in full, and its address there.

        Of several the first; a name that has an IPv6 address only has the IPv4 address that goes with it.
        """
        return {name: addresses[0] for name, addresses in self.at_scripted().items()}

    def at_scripted(self) -> dict[str, list[str]]:
        """Return the same names, and all places at which each is, by their IPv4 address."""
        return self._found({each: place.address for place in self.places() for each in place if each})

    def names_of(self, address: str) -> set[str]:
        """Return the names in the zones that have this address of the scripted host, of either family."""
        return set(self._found({address: address}))

    def values(self, domain: str) -> dict[str, str]:
        """Return the variables that the zone text of *domain* may have, and what each stands for."""
        values = {"DOMAIN": domain, **variables(self._hosts)}
        for number, place in enumerate(self._leased.get(domain, ()), start=1):
            values[f"SCRIPTED_{number}"] = place.address
            if place.address6:
                values[f"SCRIPTED_{number}_V6"] = place.address6
        return values

    def clear(self) -> None:
        """Forget everything; the DNS and the scripted host drop what belongs to the owner."""
        self.texts.clear()
        self._first = None
        self._leased.clear()

    def _found(self, wanted: Mapping[str, str]) -> dict[str, list[str]]:
        """Return the names that have one of the addresses *wanted*, and what that maps them to, each once."""
        found: dict[str, list[str]] = {}
        for zone in self.zones():
            for record in zone.records:
                if record.type in ("A", "AAAA") and record.data in wanted:
                    for name in {record.name.removesuffix(f".{zone.origin}"), record.name.rstrip(".")}:
                        places = found.setdefault(name, [])
                        places += [each for each in (wanted[record.data],) if each not in places]
        return found


@lru_cache(maxsize=256)
def _read(text: str, domain: str, values: tuple[tuple[str, str], ...]) -> Zone:
    """Return the zone of a text, which is asked for far more often than it changes."""
    return read(text, domain, variables=dict(values))
