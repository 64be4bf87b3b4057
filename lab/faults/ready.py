"""Whether a host answers again after what was wrong there, in its own protocol.

In: the doors of a lab, its hosts. Errors: MachineError for a host that does not come back.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable, Mapping

from lab.engine.hosts import Host
from lab.errors import MachineError
from lab.mail.access import Access
from lab.mail.submit import connection
from lab.servers import brought
from lab.servers.present import Present
from lab.world import extra, ready
from lab.world.doors import Door

READY_TIMEOUT = 30.0  # seconds for a host that is healed
PROBE_TIMEOUT = 2.0  # seconds for a greeting
GATEWAY = "gateway"


class Ready:
    """Waits for the hosts of one lab: call it with one, and it returns when that one answers."""

    def __init__(self, access: Access, hosts: Present) -> None:
        self._access = access
        self._hosts = hosts

    def __call__(self, host: Host) -> None:
        """Return when a host answers in its own protocol."""
        if host.name in self._hosts.world:
            await_ready(self._access.ports, [host.name])
        elif (problem := self._problem(host)) is not None:
            raise MachineError(f"{host.name} does not come back: {problem}", hint=f"see `docker logs {host.container}`")

    def _problem(self, host: Host) -> str | None:
        """Return what is wrong with a host that the test has brought along when it should have answered long ago."""

        def connect(port: int) -> Callable[[], socket.socket]:
            server = self._access.server(f"{host.name}:{port}", None)
            return lambda: connection(server, PROBE_TIMEOUT)

        match host.role:
            case extra.SCANNER:
                return None  # nobody asks it anything
            case extra.RESOLVER:
                return ready.resolves(connect(53), READY_TIMEOUT)
            case brought.MAILSTORE:
                return ready.greets(connect(143), ready.IMAP, READY_TIMEOUT)
            case _:
                return ready.greets(connect(25), ready.SMTP, READY_TIMEOUT)


def await_ready(ports: Mapping[Door, int], hosts: Iterable[str]) -> None:
    """Return when all doors of *hosts* answer again; behind the gateway lie those of every host."""
    names = set(hosts)
    doors = {door: port for door, port in ports.items() if door.host in names or GATEWAY in names}
    problems = ready.wait(doors, lambda _: None, lambda: None, READY_TIMEOUT)
    if problems:
        lines = [f"{door} does not come back: {problem}" for door, problem in problems.items()]
        raise MachineError(
            "\n".join(lines), hint="`lab fault list` tells what else is wrong, `lab logs HOST` shows more"
        )
