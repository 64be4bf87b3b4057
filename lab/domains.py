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
from lab.dns import Dns
from lab.scripted import Scripted

DEFAULT = """\
; three mail exchangers at three preferences, as dest.test has
@  MX 10 mx1.dest.test.
@  MX 20 mx2.dest.test.
@  MX 30 mx3.dest.test.
"""
LEASED = re.compile(r"\$SCRIPTED_(\d+)")


def fresh() -> str:
    """Return the name of a domain that nobody has."""
    return f"t{uuid.uuid4().hex[:10]}.test"


def variables(addresses: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that stand for hosts in a zone text: $MX1 for mx1. *addresses*: lab name to address."""
    return {name.upper().replace("-", "_"): address for name, address in addresses.items()}


class Domains:
    """The zones of one test. ``texts`` maps each domain to its zone text, as it was written."""

    def __init__(
        self, dns: Callable[[], Dns], scripted: Callable[[], Scripted], addresses: Callable[[], Mapping[str, str]]
    ) -> None:
        """*addresses* tells the present hosts: lab name to address."""
        self.texts: dict[str, str] = {}
        self._leased: dict[str, list[str]] = {}
        self._dns = dns
        self._scripted = scripted
        self._addresses = addresses

    def add(self, text: str, domain: str) -> None:
        """Serve *text* as the zone of *domain*, instead of what it had before. Raises LabError as the DNS does."""
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

    def scripted(self) -> dict[str, str]:
        """Return each name in the zones that stands for an address of the scripted host: "mx-a", and in full."""
        leased = {address for addresses in self._leased.values() for address in addresses}
        found = {}
        for zone in self.zones():
            for record in zone.records:
                if record.type == "A" and record.data in leased:
                    found[record.name.removesuffix(f".{zone.origin}")] = record.data
                    found[record.name.rstrip(".")] = record.data
        return found

    def values(self, domain: str) -> dict[str, str]:
        """Return the variables that the zone text of *domain* may have, and what each stands for."""
        numbered = {f"SCRIPTED_{number}": each for number, each in enumerate(self._leased.get(domain, ()), start=1)}
        return {"DOMAIN": domain, **variables(self._addresses()), **numbered}

    def clear(self) -> None:
        """Forget everything; the DNS and the scripted host drop what belongs to the owner."""
        self.texts.clear()
        self._leased.clear()


@lru_cache(maxsize=256)
def _read(text: str, domain: str, values: tuple[tuple[str, str], ...]) -> Zone:
    """Return the zone of a text, which is asked for far more often than it changes."""
    return read(text, domain, variables=dict(values))
