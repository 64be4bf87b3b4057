"""Port 25 of a living host is filtered: packets vanish, and a connection ends in "Connection timed out"."""

from __future__ import annotations

from lab.faults.kinds import filtered
from lab.faults.kinds.site import Site

heal = filtered.clear


def apply(site: Site, family: str | None = None) -> None:
    """Drop every packet that opens a connection; with *family*, "ipv4" or "ipv6", of that one only."""
    filtered.set_rule(site, "drop", family)
