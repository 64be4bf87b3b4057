"""A scripted host on 127.0.0.1, and a client that speaks to it byte by byte."""

from __future__ import annotations

import io
import json
import socket
import ssl
import threading
from collections.abc import Callable
from typing import Any, Self, TypeVar

from scripted.firewall import Rules
from scripted.host import Ports

from dnszone.problem import RefusedError
from lab.control.http import Control
from lab.control.scripted import Scripted

ADDRESS = "127.0.0.1"
TOKEN = "open-sesame"
DEADLINE = 20  # seconds; only a test that fails waits so long
T = TypeVar("T")


class FakeFirewall:
    """Remembers what the kernel was told last; ``broken`` makes it refuse."""

    def __init__(self) -> None:
        self.rules: Rules = {}
        self.broken = False

    async def apply(self, rules: Rules) -> None:
        if self.broken:
            raise RefusedError(500, "no nf_tables", "load it")
        self.rules = rules


class Host:
    """A running host, its API as a run of the lab uses it, and its log."""

    def __init__(self, ports: Ports, firewall: FakeFirewall, log: io.StringIO) -> None:
        self.ports = ports
        self.firewall = firewall
        self._log = log
        self.control = Control("scripted", f"http://{ADDRESS}:{ports.api}", TOKEN)
        self.api = Scripted(self.control, "run")

    def script(self, **stages: Any) -> None:
        """Let a script stand at the address; "end-of-data" is end_of_data."""
        self.api.script(ADDRESS, {key.replace("_of_", "-of-"): value for key, value in stages.items()})

    def lines(self, *, forget: bool = False) -> list[dict[str, Any]]:
        """Return the log so far; *forget* it then, while nobody is there to write to it."""
        found = [json.loads(line) for line in self._log.getvalue().splitlines()]
        if forget:
            self._log.seek(0)
            self._log.truncate()
        return found

    def ended(self) -> dict[str, Any]:
        """Return the last session when it is over."""
        return wait_for(lambda: next((each for each in self.api.sessions(ADDRESS)[-1:] if each["ended"]), None))


def wait_for(probe: Callable[[], T | None]) -> T:
    """Ask until there is an answer."""
    pause, asked = threading.Event(), 0
    while (found := probe()) is None:
        asked += 1
        assert asked < DEADLINE * 100, "nothing happened before the deadline"
        pause.wait(0.01)
    return found


class Client:
    """An SMTP client that says what a test wants."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection((ADDRESS, port), timeout=DEADLINE)
        self._file = self._socket.makefile("rb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self._socket.close()

    def send(self, data: str | bytes) -> None:
        self._socket.sendall(data.encode() if isinstance(data, str) else data)

    def reply(self) -> str:
        """Return the next reply, lines separated by LF; "" at the end of the connection."""
        lines = []
        while line := self._file.readline().decode():
            lines.append(line.rstrip("\r\n"))
            if line[3:4] != "-":
                break
        return "\n".join(lines)

    def say(self, line: str) -> str:
        self.send(line + "\r\n")
        return self.reply()

    def start(self, *lines: str) -> Self:
        """Read the greeting, say EHLO and *lines*; all must succeed."""
        assert self.reply().startswith("220 ")
        for line in ("EHLO client.test", *lines):
            assert self.say(line)[0] in "23", line
        return self

    def envelope(self) -> Self:
        """Get as far as DATA's 354."""
        return self.start("MAIL FROM:<ana@home.test>", "RCPT TO:<bia@dest.test>", "DATA")

    def read(self, count: int) -> bytes:
        return self._file.read(count)

    def rest(self) -> bytes:
        """Return everything up to the end of the connection."""
        return self._file.read()

    def secure(self) -> None:
        """Start TLS, as after a 220 to STARTTLS."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        self._file.close()
        self._socket = context.wrap_socket(self._socket)
        self._file = self._socket.makefile("rb")
