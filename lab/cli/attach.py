"""Attaches a command to a lab that runs: the engine is found as it is, and nothing is installed or started."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from lab.cli import failure, names
from lab.errors import MachineError

if TYPE_CHECKING:
    from lab.control.dns import Dns
    from lab.engine.protocol import Engine
    from lab.lab import Lab
    from lab.world.world import Status, World


def engine() -> Engine:
    """Return the Docker engine. Raises MachineError when none answers."""
    from lab.engine.connection import address, connect
    from lab.engine.sdk import Docker

    where = address()
    return Docker(where, connect(where))


def world(name: str) -> World:
    """Return the world called *name*, which may be up or not."""
    from lab.world.world import World

    return World(name, engine())


@contextmanager
def lab(name: str) -> Iterator[Lab]:
    """Yield the lab *name*, and put back what the command has changed. Raises NotUpError."""
    from lab.lab import Lab

    found = world(name)
    if not found.hosts():
        raise not_up(name)
    with Lab(found) as running:
        try:
            yield running
        finally:
            running.submissions.clear()  # the user's messages stay where they are


@contextmanager
def dns(name: str) -> Iterator[tuple[Lab, Dns]]:
    """Yield the lab and its DNS, whose zones set here stay until they are removed."""
    from lab.control.dns import STANDING, Dns
    from lab.control.http import PORTS
    from lab.world.doors import Door

    with lab(name) as running:
        if Door("dns", PORTS["dns"]) not in running.access.ports:
            hint = f"`{names.command('status', name)}` tells how the gateway is"
            raise MachineError("the DNS cannot be reached: its port is not published", hint=hint)
        control = running.access.control("dns")
        try:
            yield running, Dns(control, STANDING)
        finally:
            control.close()


def faults(status: Status) -> list[dict[str, Any]]:
    """Return the DNS faults in force; none when the DNS cannot be asked, as *status* says then."""
    from lab.cli import in_force
    from lab.control.http import PORTS
    from lab.errors import LabError
    from lab.world.doors import Door

    door = Door("dns", PORTS["dns"])
    if door not in status.ports or door in status.problems:
        return []
    try:
        with in_force.dns(status.hosts, status.ports) as control:
            return control.faults()
    except LabError:  # it has stopped since
        return []


def labs(engine: Engine) -> list[str]:
    """Return the name of every lab that has left a trace on this machine, sorted."""
    from lab.engine.hosts import LABEL, networks

    found = {each.lab for each in networks(engine)}
    found |= {each.labels[LABEL] for each in engine.containers(LABEL)}
    return sorted(found)


def not_up(name: str) -> failure.NotUpError:
    """Return the error that says so."""
    return failure.NotUpError(f"the lab {name!r} is not up", hint=f"`{names.command('up', name)}` brings it up")
