"""A dialogue with a host, byte by byte, as a mail program would not hold it.

    C: EHLO mua.home.test     sent with CRLF
    R: MAIL FROM:<>\\n        sent exactly as it stands
    B: customer               sent in base64 with CRLF, as AUTH wants it (RFC 4954 4)
    TLS: mx.example           TLS from here on, after STARTTLS or from the first byte on; "TLS:" asks for no name
    S: 250                    awaited: a reply (all its lines) that begins so
    S: closed                 awaited: the end of the connection

A number after the letter is that of a connection ("S2: 421"); a connection begins where it is first named.
"""

from __future__ import annotations

import re
import socket
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from lab.tls import wrap

LINE = re.compile(r"(?P<who>[CRBS]|TLS)(?P<number>[1-9]?): ?(?P<text>.*)", re.DOTALL)
CLOSED = "closed"
PATIENCE = 20.0  # seconds for each reply
Connect = Callable[[], socket.socket]


@dataclass(frozen=True, slots=True)
class Talk:
    """What was said, a line each, and the first difference from what was awaited; None if there was none."""

    transcript: tuple[str, ...]
    expected: str | None = None
    observed: str | None = None


def talk(lines: Sequence[str], connect: Connect) -> Talk:
    """Hold the dialogue *lines* and return what came of it; it ends at the first difference."""
    open_: dict[str, _Connection] = {}
    said: list[str] = []
    try:
        for line in lines:
            match = LINE.fullmatch(line)
            if match is None:
                raise AssertionError("the check has noted it")
            number, text = match["number"], match["text"]
            try:
                connection = open_.get(number) or open_.setdefault(number, _Connection(connect()))
                if match["who"] != "S":
                    ACTS[match["who"]](connection, text)
                    said.append(line)
                    continue
                reply = connection.reply()
            except OSError as error:
                said.append(f"S{number}: ({error or type(error).__name__})")
                return Talk(tuple(said), line, str(error) or type(error).__name__)
            said.append(f"S{number}: {reply}")
            if not reply.startswith(text):
                return Talk(tuple(said), line, f"S{number}: {reply}")
    finally:
        for connection in open_.values():
            connection.close()
    return Talk(tuple(said))


class _Connection:
    def __init__(self, connected: socket.socket) -> None:
        connected.settimeout(PATIENCE)
        self._socket = connected
        self._file = connected.makefile("rb")

    def line(self, text: str) -> None:
        self._socket.sendall(text.encode() + b"\r\n")

    def exactly(self, text: str) -> None:
        self._socket.sendall(text.encode())

    def base64(self, text: str) -> None:
        self._socket.sendall(b64encode(text.encode()) + b"\r\n")

    def secure(self, name: str) -> None:
        """Begin with TLS. What was said before and not read yet is forgotten (RFC 3207 4.2)."""
        self._file.close()
        self._socket = wrap(self._socket, name or None)
        self._file = self._socket.makefile("rb")

    def reply(self) -> str:
        """Return the next reply, its lines joined; CLOSED at the end of the connection (RFC 5321 4.2.1)."""
        lines: list[str] = []
        while True:
            try:
                raw = self._file.readline()
            except ConnectionError:
                raw = b""
            if not raw:
                return CLOSED
            line = raw.decode("utf-8", "replace").rstrip("\r\n")
            lines.append(line if not lines else line[4:])
            if line[3:4] != "-":
                return " / ".join(lines)

    def close(self) -> None:
        self._file.close()
        self._socket.close()


ACTS: Mapping[str, Callable[[_Connection, str], None]] = {
    "C": _Connection.line,
    "R": _Connection.exactly,
    "B": _Connection.base64,
    "TLS": _Connection.secure,
}
