"""Makes this machine answer at addresses of which no interface has one: those of places. Needs NET_ADMIN."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path

from scripted.firewall import run
from scripted.places import Places

DEVICE = "eth0"  # Docker's name for the interface in the lab's network
SOME = 128  # addresses that are added at a time


async def route(network: IPv4Network) -> None:
    """Answer at every address of *network*: a local route does for IPv4."""
    await run(["ip", "route", "replace", "local", str(network), "dev", "lo"], "")


class Answering:
    """The IPv6 addresses of places.

    The kernel answers neighbour solicitations for addresses of the interface only (RFC 4861 7.2.3), and with each that
    it gets it goes through all that it has: 128 take it 8 ms, 1,022 take 270. So some are added when the first of them
    is needed.
    """

    def __init__(self, places: Places) -> None:
        """None is there yet."""
        self._address6 = places.address6
        self._missing = places.all6()
        self._adding = asyncio.Lock()

    async def at(self, places: Iterable[str]) -> None:
        """Answer at *places* from now on. RefusedError where the kernel refuses."""
        wanted = {self._address6(place) for place in places}
        async with self._adding:
            while not wanted.isdisjoint(self._missing):
                # nodad: nobody else has them, and one that is still being probed for (RFC 4862 5.4) would not answer.
                batch = (f"addr replace {each}/64 dev {DEVICE} nodad\n" for each in self._missing[:SOME])
                await run(["ip", "-6", "-batch", "-"], "".join(batch))
                del self._missing[:SOME]


def has_ipv6(net6: IPv6Network) -> bool:
    """Return whether this machine has an address of a /64."""
    try:
        lines = Path("/proc/net/if_inet6").read_text(encoding="ascii").splitlines()
    except FileNotFoundError:  # a kernel without IPv6
        return False
    prefix = net6.network_address.packed[:8].hex()
    return any(line.startswith(prefix) for line in lines)
