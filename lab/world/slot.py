"""A lab's number on this machine, and what follows from it: its network and its published ports.

RFC 2544 and RFC 5180 reserve 198.18.0.0/15 and 2001:2::/48 for isolated tests. Slot N has the Nth /20 of the one and
2001:2:0:N::/64, N in decimal digits, of the other:

    slot 0                          slot 1
    198.18.0.0/20                   198.18.16.0/20                      all of it
    198.18.0.11    2001:2::11       198.18.16.11   2001:2:0:1::16:11    hosts of the world: mx1
    198.18.4.1     2001:2::4:1      198.18.20.1    2001:2:0:1::20:1     hosts that tests bring along, a /22
    198.18.8.1     2001:2::8:1      198.18.24.1    2001:2:0:1::24:1     addresses of the scripted host, a /22

The last two groups of an IPv6 address have the digits of the last two octets of the IPv4 address beside it. On
127.0.0.1, a slot has the ports that begin with 250 + N: mx1's port 25 is 25011 in slot 0 and 25111 in slot 1. Docker's
own labels say which slot a running lab has; nothing is written to disk.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from lab.errors import LabError, MachineError

SLOTS = 32  # labs side by side: 198.18.0.0/15 has room for so many; ports 25001 to 28199, which no system hands out
FIRST = IPv4Address("198.18.0.0")


@dataclass(frozen=True, slots=True)
class Slot:
    """One slot."""

    number: int

    @property
    def subnet(self) -> IPv4Network:
        """The lab's network."""
        return IPv4Network((FIRST + 4096 * self.number, 20))

    @property
    def subnet6(self) -> str:
        """The lab's IPv6 network, whose last group has the slot's decimal digits."""
        return f"2001:2:0:{self.number}::/64"

    @property
    def net(self) -> str:
        """The first three octets of the world's hosts."""
        return str(self.subnet[0]).removesuffix(".0")

    @property
    def net6(self) -> str:
        """What the IPv6 addresses of the world's hosts have before their last group."""
        return f"2001:2:0:{self.number}::{self.subnet[0].packed[2]}"

    @property
    def brought(self) -> IPv4Network:
        """Where hosts that tests bring along have their addresses."""
        return IPv4Network((self.subnet[1024], 22))

    @property
    def scripted(self) -> IPv4Network:
        """Where the scripted host answers."""
        return IPv4Network((self.subnet[2048], 22))

    def variables(self) -> dict[str, str]:
        """Return the variables of compose.yaml that follow from the number."""
        return {
            "LAB_SLOT": str(self.number),
            "LAB_SUBNET": str(self.subnet),
            "LAB_SUBNET6": self.subnet6,
            "LAB_NET": self.net,
            "LAB_NET6": self.net6,
            "LAB_BROUGHT": str(self.brought),
            "LAB_SCRIPTED": str(self.scripted),
            "LAB_PORTS": self.ports,
        }

    @property
    def ports(self) -> str:
        """The first three digits of the published ports."""
        return str(250 + self.number)

    def published(self, inner: int) -> int:
        """Return the port on 127.0.0.1 for the gateway's *inner* one (haproxy.cfg): its last two digits."""
        return int(f"{self.ports}{inner % 100:02}")


def occupied(number: int, subnet: IPv4Network) -> set[int]:
    """Return the slots that the lab of slot *number* has.

    One that a version before this made in a /24 has addresses of another slot than the ports.
    """
    return {number} | {each for each in range(SLOTS) if Slot(each).subnet.overlaps(subnet)}


def choose(name: str, taken: Collection[int], wanted: str | None) -> Slot:
    """Return the slot for a new lab: *wanted* (LAB_SLOT) if given, 0 for "main", else the lowest free one.

    *taken* are the slots of the machine's other labs. Raises LabError for a *wanted* one that
    is none, MachineError for one that is taken, and when all are.
    """
    if wanted:
        if not wanted.isdecimal() or int(wanted) >= SLOTS:
            raise LabError(
                f"LAB_SLOT must be a number from 0 to {SLOTS - 1}, not {wanted!r}",
                hint="without it, a slot that is free is taken",
            )
        if int(wanted) in taken:
            raise MachineError(f"slot {wanted} belongs to another lab", hint="`lab status --all` lists them")
        return Slot(int(wanted))
    free = (number for number in range(SLOTS) if number not in taken and (number or name == "main"))
    number = next(free, None)
    if number is None:
        raise MachineError(f"all {SLOTS} slots are taken by other labs", hint="`lab down --lab NAME` frees one")
    return Slot(number)
