"""A share of the packets to port 25 of a living host is lost. TCP sends them again, later and later (RFC 6298 5)."""

from __future__ import annotations

from lab.faults.kinds import filtered
from lab.faults.kinds.site import Site

heal = filtered.clear


def apply(site: Site, share: float) -> None:
    """Lose *share* (0.001 to 1) of them at random, those of sessions that are open too."""
    chance = "" if share > 0.999 else f"numgen random mod 1000 < {max(1, round(share * 1000))} "
    filtered.load(site, filtered.chain("input", f"tcp dport 25 {chance}drop"))
