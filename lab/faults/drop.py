"""Port 25 of a living host is filtered: packets vanish, and a connection ends in "Connection timed out"."""

from __future__ import annotations

from lab.faults import filtered
from lab.faults.site import Site

heal = filtered.clear


def apply(site: Site) -> None:
    """Drop every packet that opens a connection."""
    filtered.set_rule(site, "drop")
