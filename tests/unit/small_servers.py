"""Servers on 127.0.0.1 that say what a test wants them to say."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from types import TracebackType
from typing import Self

DEADLINE = 20.0  # seconds; only a test that fails waits so long


class SmallServer:
    """Gives each connection to *talk*, in a thread of its own. Use it as a context; ``port`` is where it listens."""

    def __init__(self, talk: Callable[[socket.socket], None]) -> None:
        self._talk = talk
        self._threads: list[threading.Thread] = []
        self._open: list[socket.socket] = []

    def __enter__(self) -> Self:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self._acceptor = threading.Thread(target=self._accept)
        self._acceptor.start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)  # wakes accept
        self._acceptor.join(DEADLINE)
        self._socket.close()
        for connection in self._open:
            _shut(connection)
        for thread in self._threads:
            thread.join(DEADLINE)
            assert not thread.is_alive(), "a server of the test does not end"

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(connection,))
            self._open.append(connection)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            connection.settimeout(DEADLINE)
            try:
                self._talk(connection)
            except OSError:  # the client has gone
                return


def _shut(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return


CLOSE = ""  # instead of a reply: the connection is closed
HANG = "hang"  # instead of a reply: nothing is said


@dataclass
class SmallSmtp:
    """An SMTP server: ``replies`` has what differs from a good one, by verb; "banner", and "." after the data.

    A list has one reply for each time; the last one stays.
    """

    replies: Mapping[str, str | list[str]] = field(default_factory=dict)
    keywords: tuple[str, ...] = ("8BITMIME", "SMTPUTF8")
    tls: ssl.SSLContext | None = None
    said: list[str] = field(default_factory=list)  # every command
    data: list[bytes] = field(default_factory=list)  # every message as it came over the wire, without the last dot
    _times: dict[str, int] = field(default_factory=dict)

    def __call__(self, connection: socket.socket) -> None:
        """Hold one session."""
        stream = connection.makefile("rb")
        if not self._answer(connection, "banner", "220 small.test ESMTP"):
            stream.close()
            return
        while line := stream.readline():
            command = line.decode("utf-8").rstrip("\r\n")
            self.said.append(command)
            verb = command.partition(" ")[0].upper()
            if not self._answer(connection, verb, self._good(verb)):
                break
            if verb == "STARTTLS" and self.tls is not None:
                stream.close()
                connection = self.tls.wrap_socket(connection, server_side=True)
                stream = connection.makefile("rb")
            if verb == "DATA" and self._last.startswith("354"):
                self.data.append(_until_dot(stream.readline))
                if not self._answer(connection, ".", "250 2.0.0 Ok: queued as 4ABC"):
                    break
        stream.close()
        if isinstance(connection, ssl.SSLSocket):
            connection.close()

    def _good(self, verb: str) -> str:
        match verb:
            case "EHLO":
                lines = ["small.test", *self.keywords]
                return "\r\n".join([*(f"250-{line}" for line in lines[:-1]), f"250 {lines[-1]}"])
            case "DATA":
                return "354 go on"
            case "AUTH":
                return "235 2.7.0 ok"
            case "STARTTLS":
                return "220 2.0.0 go on"
            case "QUIT":
                return "221 2.0.0 bye"
            case _:
                return "250 2.0.0 Ok"

    def _answer(self, connection: socket.socket, verb: str, good: str) -> bool:
        wanted = self.replies.get(verb, good)
        if isinstance(wanted, list):
            time = self._times[verb] = self._times.get(verb, -1) + 1
            wanted = wanted[min(time, len(wanted) - 1)]
        self._last = wanted
        if wanted == HANG:
            connection.recv(1)
        elif wanted != CLOSE:
            connection.sendall(wanted.encode() + b"\r\n")
        return wanted not in (CLOSE, HANG) and not wanted.startswith("421")


def _until_dot(readline: Callable[[], bytes]) -> bytes:
    """Read up to CRLF.CRLF (RFC 5321 4.1.1.4); a bare LF ends no line."""
    received = b""
    while line := readline():
        if line == b".\r\n" and (received.endswith(b"\r\n") or not received):
            break
        received += line
    return received


@dataclass
class SmallHttp:
    """An HTTP server: ``answers`` maps "GET /path" to (status, body). A body that is no text is sent as JSON."""

    answers: Mapping[str, tuple[int, object]]
    asked: list[tuple[str, object]] = field(default_factory=list)  # ("PUT /zones/a.", body)

    def __call__(self, connection: socket.socket) -> None:
        """Answer the requests of one connection."""
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_one_request(self) -> None:
                self.raw_requestline = self.rfile.readline()
                if not self.raw_requestline or not self.parse_request():
                    self.close_connection = True
                    return
                length = int(self.headers.get("Content-Length") or 0)
                body = json.loads(self.rfile.read(length)) if length else None
                key = f"{self.command} {self.path}"
                server.asked.append((key, body))
                status, answer = server.answers[key]
                data = answer.encode() if isinstance(answer, str) else json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        Handler(connection, ("127.0.0.1", 0), None)  # type: ignore[arg-type]  # it has no use for a server
