"""Port 25 of a living host is closed: a connection is answered with RST (RFC 9293 3.5.2), "Connection refused"."""

from __future__ import annotations

from lab.faults.kinds.filtered import Answered


class Refuse(Answered):
    """``family``, where it is for one address family."""

    kind = "refuse"
    help = "port 25 is closed (RST)"
    seen = "Connection refused"
    example = "refuse"
    verdict = "reject with tcp reset"
