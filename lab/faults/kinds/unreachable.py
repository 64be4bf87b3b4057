"""Port 25 of a living host is behind a router that says so: "No route to host" at once (ICMP: RFC 792, RFC 4443)."""

from __future__ import annotations

from lab.faults.kinds.filtered import Answered


class Unreachable(Answered):
    """``family``, where it is for one address family."""

    kind = "unreachable"
    help = "ICMP host unreachable from port 25"
    seen = "No route to host"
    example = "unreachable"
    verdict = "reject with icmpx type host-unreachable"
