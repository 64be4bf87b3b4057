"""A living host accepts a connection at port 25, and its greeting comes late.

The kernel cannot hold a packet back without a module that many have not (sch_netem). So all that the host says in the
first seconds of a connection is lost; TCP repeats it after 0.2 s, and doubles that time with each try (RFC 6298 5):
the greeting comes after about 0.2, 0.7, 1.5, 3.1, 6.5 or 13 s, whichever is the first that is late enough.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from lab.faults.kinds.filtered import OPENS, Filtered, chain, load
from lab.faults.kinds.site import Site
from lab.values import Kind, Positive

LONGEST = 3600  # seconds


@dataclass(frozen=True, slots=True)
class Delay(Filtered):
    """``seconds`` in which nothing that the host says on a new connection passes."""

    seconds: float

    kind = "delay"
    help = "what the host says in the first 2 s of a connection is lost"
    seen = "a late greeting"
    example: ClassVar[Any] = {"delay": 2}
    setting: ClassVar[Kind | None] = Positive(LONGEST)
    word = False

    def apply(self, site: Site) -> None:
        """Let only the SYN-ACK pass meanwhile."""
        load(
            site,
            f"set waiting {{ typeof ct id; flags dynamic,timeout; timeout {max(1, round(self.seconds * 1000))}ms; }}",
            chain("input", f"{OPENS} add @waiting {{ ct id }}"),
            chain("output", "tcp sport 25 tcp flags & syn == 0 ct id @waiting drop"),
        )
