"""Sandboxes: network namespaces, each with an address in the lab's network, for the hosts that tests bring along.

A sandbox is a container that does nothing; a host that is brought along joins its network namespace. To make a
namespace is most of what an engine does for a container (Engine 20.10: 260 of 400 ms of processor time, since it starts
itself seven times and iptables eleven times), so a host leaves its sandbox to the next one.

In: a lab's network. Out: a :class:`Sandbox` that no host has. Errors: MachineError when all addresses are taken.

The labels are the only record: a host's container says which sandbox it has, and a sandbox that no container names is
free. No host can change its namespace, for none has NET_ADMIN; faults can, so a host at which something was made wrong
takes its sandbox with it, as does one whose process is gone. What Docker shares among the containers of a namespace,
their hosts(5), hostname(5) and resolv.conf(5), a host writes anew when it starts (:mod:`lab.servers.guest`).
"""

from __future__ import annotations

import fcntl
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from ipaddress import IPv4Address
from typing import TYPE_CHECKING

from lab.engine.hosts import ADDRESS, ADDRESS6, LABEL, OWNER, SANDBOX, STAYS
from lab.engine.protocol import Confinement, Specification
from lab.state.lease import state_file
from lab.world import addresses

if TYPE_CHECKING:
    from lab.engine.protocol import Engine

SPARE = 24  # so many stay when their hosts go; eight scenarios at a time have seldom more hosts
HOSTNAME = "brought-along"  # a host has the kernel's hostname from its sandbox, and its own name from its settings


@dataclass(frozen=True, slots=True)
class Sandbox:
    """``address6`` is "" where the lab has no IPv6. ``stays``: whether another host may have it after this one."""

    container: str  # id
    address: str
    address6: str
    stays: bool

    @property
    def labels(self) -> dict[str, str]:
        """The labels of the host that has it."""
        return {SANDBOX: self.container, ADDRESS: self.address, ADDRESS6: self.address6, STAYS: _word(self.stays)}


@contextmanager
def taken(
    engine: Engine, lab: str, owner: str, network: str, image: str, confinement: Confinement
) -> Iterator[Sandbox]:
    """Yield a sandbox in *network*, a new one where none is free; nobody else gets it before the context ends.

    The container that is made meanwhile has it, by :attr:`Sandbox.labels`. One that was given back waits until the
    others had their turn. *image*: of a new one, any that has sleep(1).
    """
    with state_file(lab, "sandboxes") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        last = file.read().strip()
        listed = engine.containers(f"{LABEL}={lab}", f"{STAYS}=yes")  # few, however many hosts there are
        used = {each.labels.get(SANDBOX) for each in listed}
        there = [each for each in listed if SANDBOX not in each.labels]
        free = {each.labels[ADDRESS]: each for each in there if each.id not in used}
        if free:
            chosen = free[following(last, free)]
            sandbox = Sandbox(chosen.id, chosen.labels[ADDRESS], chosen.labels[ADDRESS6], stays=True)
        else:
            owners = {} if len(there) < SPARE else {OWNER: owner}
            sandbox = _made(engine, lab, owners, network, image, confinement)
        file.truncate(0)
        file.write(sandbox.address)
        file.flush()
        yield sandbox


def following(last: str, free: Collection[str]) -> str:
    """Return the next of the *free* addresses after *last* ("": the first), round and round."""
    order = sorted(free, key=IPv4Address)
    return next((each for each in order if last and IPv4Address(each) > IPv4Address(last)), order[0])


def _made(
    engine: Engine, lab: str, owners: dict[str, str], network: str, image: str, confinement: Confinement
) -> Sandbox:
    """Return a new sandbox, which does not run yet. It stays, if it has no owner to go with."""
    stays = not owners
    with addresses.reserved(engine, lab, network) as (address, address6):
        container = engine.create(
            Specification(
                image=image,
                command=("sleep", "infinity"),
                name=f"mail-lab-{lab}-sandbox-{address}",
                hostname=HOSTNAME,
                labels={LABEL: lab, ADDRESS: address, ADDRESS6: address6 or "", STAYS: _word(stays), **owners},
                network=network,
                address=address,
                address6=address6 or "",
                confinement=replace(confinement, capabilities=()),
            )
        )
    return Sandbox(container, address, address6 or "", stays)


def _word(stays: bool) -> str:
    return "yes" if stays else "no"
