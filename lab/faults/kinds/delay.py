"""A living host accepts a connection at port 25, and its greeting comes late.

The kernel cannot hold a packet back without a module that many have not (sch_netem). So all that the host says in the
first seconds of a connection is lost; TCP repeats it after 0.2 s, and doubles that time with each try (RFC 6298 5):
the greeting comes after about 0.2, 0.7, 1.5, 3.1, 6.5 or 13 s, whichever is the first that is late enough.
"""

from __future__ import annotations

from lab.faults.kinds import filtered
from lab.faults.kinds.site import Site

heal = filtered.clear


def apply(site: Site, seconds: float) -> None:
    """Let nothing that the host says on a new connection pass for *seconds*; only the SYN-ACK does."""
    filtered.load(
        site,
        f"set waiting {{ typeof ct id; flags dynamic,timeout; timeout {max(1, round(seconds * 1000))}ms; }}",
        filtered.chain("input", f"{filtered.OPENS} add @waiting {{ ct id }}"),
        filtered.chain("output", "tcp sport 25 tcp flags & syn == 0 ct id @waiting drop"),
    )
