"""A dialogue with a host, byte by byte, as a mail program would not hold it.

    C: EHLO mua.home.test     sent with CRLF
    R: MAIL FROM:<>\\n        sent exactly as it stands
    S: 250                    awaited: a reply (all its lines) that begins so
    S: closed                 awaited: the end of the connection

A number after the letter is that of a connection ("S2: 421"); a connection begins where it is first named.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass

LINE = re.compile(r"(?P<who>[CRS])(?P<number>[1-9]?): ?(?P<text>.*)", re.DOTALL)
CLOSED = "closed"
PATIENCE = 20.0  # seconds for each reply
Connect = Callable[[], socket.socket]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was said, a line each, and the first difference from what was awaited; None if there was none."""

    transcript: tuple[str, ...]
    expected: str | None = None
    observed: str | None = None


def talk(lines: Sequence[str], connect: Connect) -> Outcome:
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
                    connection.send(text.encode() + (b"\r\n" if match["who"] == "C" else b""))
                    said.append(line)
                    continue
                reply = connection.reply()
            except OSError as error:
                said.append(f"S{number}: ({error or type(error).__name__})")
                return Outcome(tuple(said), line, str(error) or type(error).__name__)
            said.append(f"S{number}: {reply}")
            if not reply.startswith(text):
                return Outcome(tuple(said), line, f"S{number}: {reply}")
    finally:
        for connection in open_.values():
            connection.close()
    return Outcome(tuple(said))


class _Connection:
    def __init__(self, connected: socket.socket) -> None:
        connected.settimeout(PATIENCE)
        self._socket = connected
        self._file = connected.makefile("rb")

    def send(self, data: bytes) -> None:
        self._socket.sendall(data)

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
