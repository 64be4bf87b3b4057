"""Port 25 of a living host is behind a router that says so: "No route to host" at once (ICMP: RFC 792, RFC 4443)."""

from __future__ import annotations

from lab.faults.kinds import filtered
from lab.faults.kinds.site import Site

heal = filtered.clear


def apply(site: Site, family: str | None = None) -> None:
    """Answer every new connection with host unreachable; with *family*, "ipv4" or "ipv6", of that one only."""
    filtered.set_rule(site, "reject with icmpx type host-unreachable", family)
