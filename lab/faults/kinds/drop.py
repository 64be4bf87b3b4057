"""Port 25 of a living host is filtered: packets vanish, and a connection ends in "Connection timed out"."""

from __future__ import annotations

from lab.faults.kinds.filtered import Answered


class Drop(Answered):
    """``family``, where it is for one address family."""

    kind = "drop"
    help = "packets to port 25 vanish"
    seen = "Connection timed out"
    example = "drop"
    verdict = "drop"
