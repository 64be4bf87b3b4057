"""How a program on this machine reaches the hosts of a lab: through the ports that the gateway publishes."""

from __future__ import annotations

from collections.abc import Mapping

from lab.control.http import PORTS, Control
from lab.engine.hosts import known
from lab.errors import LabError
from lab.mail.submit import Server, Tls
from lab.servers.present import Present
from lab.world import ready, users
from lab.world.doors import INSIDE, SUBMISSION, Door, at_port
from lab.world.world import published

TLS: Mapping[int, Tls] = {SUBMISSION: "starttls", 465: "implicit"}  # RFC 8314 3.3
GUESTS = 2560  # the gateway's port for what has none of its own (haproxy.cfg)

Login = str | tuple[str, str]


class Access:
    """The doors of one lab."""

    def __init__(self, hosts: Present) -> None:
        self.ports = published(hosts.world)
        self._hosts = hosts

    def port(self, host: str, port: int) -> int:
        """Return the port on 127.0.0.1 for a port of a host. Raises LabError when it is not published."""
        door = Door(known(self._hosts, host).name, port)
        if door not in self.ports:
            open_doors = ", ".join(str(each) for each in sorted(self.ports))
            raise LabError(f"{door} is not published", hint=f"published are: {open_doors}")
        return self.ports[door]

    def control(self, host: str) -> Control:
        """Return the control API of a host of the world."""
        return Control(host, f"http://{ready.LOOPBACK}:{self.port(host, PORTS[host])}", self._hosts.world[host].token)

    def server(self, via: str, login: Login | None) -> Server:
        """Return where to submit for *via*: "client", "smarthost", "mx1:25".

        Ports 587, the smarthost's default, and 465 want TLS and a login; default: "customer".
        """
        host, port = via.partition(":")[0], at_port(via)
        found = known(self._hosts, host)
        tls, name = TLS.get(port), f"{host}:{port}"
        credentials = _credentials(login or "customer") if tls or login else None
        if host in self._hosts.world and Door(host, port) not in INSIDE:
            return Server(name, ready.LOOPBACK, self.port(host, port), credentials, tls)
        inner = self._hosts.world["gateway"].published[GUESTS]
        return Server(name, ready.LOOPBACK, inner, credentials, tls, beyond=(found.address, port))


def password(name: str) -> str:
    """Return the password of a name of the users file. Raises LabError when nobody has that name."""
    passwords = users.passwords()
    if name not in passwords:
        raise LabError(f"nobody in the lab is called {name!r}", hint=f"users: {', '.join(sorted(passwords))}")
    return passwords[name]


def _credentials(login: Login) -> tuple[str, str]:
    return (login, password(login)) if isinstance(login, str) else login
