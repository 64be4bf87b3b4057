"""Port 25 of a living host is closed: a connection is answered with RST (RFC 9293 3.5.2), "Connection refused"."""

from __future__ import annotations

from lab.faults.kinds import filtered
from lab.faults.kinds.site import Site

heal = filtered.clear


def apply(site: Site, family: str | None = None) -> None:
    """Reset every new connection; with *family*, "ipv4" or "ipv6", of that one only."""
    filtered.set_rule(site, "reject with tcp reset", family)
