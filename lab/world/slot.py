"""A lab's number on this machine, and what follows from it: its network and its published ports.

Slot N has the networks 198.18.N.0/24 and 2001:2:0:N::/64 (RFC 2544 and RFC 5180 reserve 198.18.0.0/15 and 2001:2::/48
for isolated tests) and, on 127.0.0.1, the ports that begin with 250 + N: mx1's port 25 is 25011 in slot 0 and 25111 in
slot 1. Docker's own labels say which slot a running lab has; nothing is written to disk.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from lab.errors import LabError, MachineError

SLOTS = 64  # labs side by side: ports 25001 to 31399, below the range that systems hand out by themselves


@dataclass(frozen=True, slots=True)
class Slot:
    """One slot."""

    number: int

    @property
    def net(self) -> str:
        """The first three octets of the lab's /24."""
        return f"198.18.{self.number}"

    @property
    def subnet(self) -> str:
        """The lab's network."""
        return f"{self.net}.0/24"

    @property
    def net6(self) -> str:
        """The first four groups of the lab's IPv6 addresses, the last of them in the slot's decimal digits."""
        return f"2001:2:0:{self.number}"

    @property
    def ports(self) -> str:
        """The first three digits of the published ports."""
        return str(250 + self.number)

    def published(self, inner: int) -> int:
        """Return the port on 127.0.0.1 for the gateway's *inner* one (haproxy.cfg): its last two digits."""
        return int(f"{self.ports}{inner % 100:02}")


def choose(name: str, taken: Collection[int], wanted: str | None) -> Slot:
    """Return the slot for a new lab: *wanted* (LAB_SLOT) if given, 0 for "main", else the lowest free one.

    *taken* are the slots of the machine's other labs. Raises LabError for a *wanted* one that
    is none, MachineError for one that is taken, and when all are.
    """
    if wanted:
        if not wanted.isdecimal() or int(wanted) >= SLOTS:
            raise LabError(f"LAB_SLOT={wanted} is no slot", hint=f"give a number from 0 to {SLOTS - 1}")
        if int(wanted) in taken:
            raise MachineError(f"slot {wanted} belongs to another lab", hint="`lab status --all` lists them")
        return Slot(int(wanted))
    free = (number for number in range(SLOTS) if number not in taken and (number or name == "main"))
    number = next(free, None)
    if number is None:
        raise MachineError(f"all {SLOTS} slots are taken by other labs", hint="`lab down --lab NAME` frees one")
    return Slot(number)
