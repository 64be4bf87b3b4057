"""Reverse zones made from the addresses of other zones, so that an address has a name (RFC 1035 3.5, RFC 3596 2.5).

Each IPv4 /24 and IPv6 /64 that holds an address is a reverse zone; other addresses of it do not exist.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import ip_address

from dnszone.record import Record
from dnszone.zone import TTL, WORLD, Zone, complete

SUFFIXES = (".in-addr.arpa.", ".ip6.arpa.")
_HOST_LABELS = {4: 1, 6: 16}  # labels of a reverse name that are below its zone


def derived(zones: Iterable[Zone]) -> dict[str, Zone]:
    """Return reverse zones by origin.

    An address has one name, as real ones do: that of the world's own zones, else that of the zone added first.
    """
    names: dict[str, Record] = {}
    origins: dict[str, list[Record]] = {}
    for zone in sorted(zones, key=lambda zone: zone.owner != WORLD):
        for record in zone.records:
            if record.type in ("A", "AAAA") and not record.name.startswith("*."):
                name, origin = reverse_name(record.data)
                if name not in names:
                    names[name] = Record(name, TTL, "PTR", record.name)
                    origins.setdefault(origin, []).append(names[name])
    return {origin: Zone(origin, WORLD, complete(origin, records)) for origin, records in origins.items()}


@lru_cache(maxsize=10_000)
def reverse_name(address: str) -> tuple[str, str]:
    """Return the reverse name of an address, and the origin of its reverse zone."""
    parsed = ip_address(address)
    name = f"{parsed.reverse_pointer}."
    return name, ".".join(name.split(".")[_HOST_LABELS[parsed.version] :])
