"""Who a domain's mail exchangers are (RFC 5321 5.1)."""

from __future__ import annotations

from typing import Protocol

from dnszone.zones import Answer

ADDRESSES = ("A", "AAAA")
IPV6 = "-v6"  # behind the first label: the same host by its IPv6 address (zones/dest.test.zone)


class Names(Protocol):
    """Zones, or a double of them."""

    def resolve(self, name: str, type: str) -> Answer:
        """Return the answer for an absolute name and a type."""


def is_exchanger(zones: Names, host: str, domain: str) -> bool:
    """Return whether *host* is a mail exchanger of *domain*, at any preference. Both names are absolute.

    The target of an MX record may be an alias of the host, or its name with "-v6". Without MX records the domain's own
    address decides: whether it is one of the host. The null MX (RFC 7505) has no host.
    """
    label, dot, rest = host.partition(".")
    names = {host, f"{label}{IPV6}{dot}{rest}"}
    mail = zones.resolve(domain, "MX")
    targets = [record.data.rpartition(" ")[2].lower() for record in mail.answers if record.type == "MX"]
    if targets:
        return any(not names.isdisjoint({target, *_aliases(zones, target)}) for target in targets)
    own = {address for name in names for address in _addresses(zones, name)}
    return mail.rcode == "NOERROR" and not own.isdisjoint(_addresses(zones, domain))


def _aliases(zones: Names, name: str) -> set[str]:
    answers = zones.resolve(name, "CNAME").answers and zones.resolve(name, "A").answers
    return {record.data.lower() for record in answers if record.type == "CNAME"}


def _addresses(zones: Names, name: str) -> set[str]:
    return {record.data for type in ADDRESSES for record in zones.resolve(name, type).answers if record.type == type}
