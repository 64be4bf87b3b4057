"""The host is cut off the network: its cable is pulled. It runs on; neighbours see "No route to host" or a time-out.

Its own deliveries fail too, from its very name lookups on. Nothing is lost when it comes back. An interface that is
down keeps its IPv4 addresses and loses those of IPv6; they are kept at the loopback interface meanwhile.
"""

from __future__ import annotations

from lab.faults.effects import MISSING
from lab.faults.kinds.fault import Fault
from lab.faults.kinds.site import Site


class Cut(Fault):
    """No settings."""

    kind = "cut"
    key = "host"
    help = "its network cable pulled; it runs on"
    seen = "No route to host, or a time-out"
    example = "cut"
    effect = MISSING
    silent = True
    deaf = True

    def apply(self, site: Site) -> None:
        """Set its interface down."""
        site.beside("sh", "-c", f"{_moved('eth0', 'lo', 128)} && ip link set eth0 down")

    @staticmethod
    def heal(site: Site) -> None:
        """Set it up again; the kernel puts the route to the neighbours back with it."""
        if site.state not in ("running", "paused"):
            return
        site.beside(
            "sh", "-c", f"ip link set eth0 up && {_moved('lo', 'eth0', 64)} && ip -6 addr flush dev lo scope global"
        )
        site.await_ready()
        site.announce()


def _moved(source: str, target: str, length: int) -> str:
    """Return a shell command that gives the IPv6 addresses of one interface to another one as well.

    *length*: how many bits of them tell the network there. nodad: nobody else has them.
    """
    address = f"s,.* inet6 \\([^/]*\\)/.*,addr replace \\1/{length} dev {target} nodad,p"
    return f"ip -6 -o addr show dev {source} scope global | sed -n '{address}' | ip -6 -batch -"
