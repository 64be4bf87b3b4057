"""What can be wrong with a lab's files, or with this machine, found before anything is started."""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterable

from lab.errors import LabError, MachineError
from lab.world import doors, ready, roster, users
from lab.world.zonefiles import world_zones


def files() -> None:
    """Check the users file, the world's zone files and the gateway's ports. Raises LabError with all that is wrong."""
    problems = []
    for look in (users.passwords, _zones, doors.doors):
        try:
            look()
        except LabError as error:
            problems.append(error)
    if problems:
        hints = {error.hint: None for error in problems if error.hint}
        raise LabError("\n".join(str(error.args[0]) for error in problems), hint="; ".join(hints))


def ports_free(ports: Iterable[int]) -> None:
    """Check that nobody listens on the loopback *ports*. Raises MachineError that names those that are taken."""
    taken = [port for port in ports if not _free(port)]
    if taken:
        shown = ", ".join(str(port) for port in taken)
        raise MachineError(
            f"taken on {ready.LOOPBACK}: port {shown}",
            hint=f"`ss -ltnp 'sport = :{taken[0]}'` tells by whom; end it, or choose other ports with LAB_SLOT=N",
        )


def _free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as Docker does: TIME_WAIT is free
        try:
            probe.bind((ready.LOOPBACK, port))
        except OSError as error:
            return error.errno != errno.EADDRINUSE
    return True


def _zones() -> None:
    ipv4 = dict.fromkeys(roster.variables(), "198.18.0.1")
    world_zones(ipv4 | {f"{name}_V6": "2001:2::1" for name in ipv4})
