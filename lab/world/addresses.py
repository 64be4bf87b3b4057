"""Addresses for hosts that tests bring along: each has one for as long as its container is there, started or not.

Left to Docker, a container gets its address when it starts, and loses it to the next one when it stops.

In: the lab's network, whose ip_range they come from (compose.yaml). Out: an IPv4 address and, where the lab has IPv6,
the IPv6 address that goes with it, as with the hosts of the world. Errors: MachineError.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import IPv4Network, IPv6Network
from typing import TYPE_CHECKING

from lab.engine.hosts import ADDRESS, LABEL
from lab.errors import MachineError
from lab.state.lease import state_file

if TYPE_CHECKING:
    from lab.engine.protocol import Engine


@contextmanager
def reserved(engine: Engine, lab: str, network: str) -> Iterator[tuple[str, str | None]]:
    """Yield an IPv4 address that no container of *network* has, and nobody else gets before the context ends.

    The container that is created meanwhile keeps it, with the label ADDRESS. One that was given back waits until the
    others had their turn, so that what was on its way to an old host does not come to a new one. So the next is nearly
    always free, and one small question tells: what the engine says of all hosts takes longer with each of them.
    """
    inside = engine.network(network)
    range_ = next(IPv4Network(each.range) for each in inside.pools if each.range)
    net6 = next((IPv6Network(each.subnet) for each in inside.pools if ":" in each.subnet), None)
    with state_file(lab, "addresses") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        found = _free(engine, lab, range_, file.read().strip())
        file.truncate(0)
        file.write(found)
        file.flush()
        yield found, beside(found, net6) if net6 and inside.ipv6 else None


def beside(address: str, net6: IPv6Network) -> str:
    """Return the IPv6 address whose last two groups have the digits of the IPv4 address's last two octets."""
    third, fourth = address.split(".")[2:]
    return str(net6[int(third, 16) << 16 | int(fourth, 16)])


def following(range_: IPv4Network, last: str) -> list[str]:
    """Return the addresses of *range_*, those after *last* first ("": from the beginning)."""
    addresses = [str(each) for each in range_.hosts()]
    begin = addresses.index(last) + 1 if last in addresses else 0
    return addresses[begin:] + addresses[:begin]


def _free(engine: Engine, lab: str, range_: IPv4Network, last: str) -> str:
    for address in following(range_, last):
        if not engine.containers(f"{LABEL}={lab}", f"{ADDRESS}={address}"):
            return address
    raise MachineError(
        f"all {range_.num_addresses - 2} addresses for hosts that tests bring along are taken",
        hint="`docker ps --all --filter label=mail-lab.owner` lists who has them; run fewer at a time",
    )
