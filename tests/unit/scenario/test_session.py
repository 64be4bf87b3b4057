"""A dialogue, byte by byte, with a small server."""

from __future__ import annotations

import socket
import ssl
import threading
from base64 import b64encode
from collections.abc import Iterator
from contextlib import suppress

import pytest

from lab.scenario.format.session import Talk, talk


@pytest.fixture
def server() -> Iterator[tuple[str, int]]:
    """A server that greets, says what it was sent, in two lines, and closes after QUIT."""
    listening = socket.create_server(("127.0.0.1", 0))
    connections: list[socket.socket] = []

    def serve(connection: socket.socket) -> None:
        with suppress(ConnectionError), connection, connection.makefile("rb") as lines:
            connection.sendall(b"220 ready\r\n")
            for line in lines:
                if line.startswith(b"QUIT"):
                    return
                connection.sendall(b"250-first\r\n250 " + repr(line).encode() + b"\r\n")

    def accept() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            connections.append(connection)
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    yield listening.getsockname()
    listening.shutdown(socket.SHUT_RDWR)
    listening.close()
    thread.join(5)


def test_what_is_as_awaited(server: tuple[str, int]) -> None:
    lines = ["S: 220", "C: EHLO x", "S: 250-first / b'EHLO x\\r\\n'", "R: y\n", "S: 250", "C: QUIT", "S: closed"]
    found = talk(lines, lambda: socket.create_connection(server))
    assert (found.expected, found.observed) == (None, None)
    assert found.transcript[-3:] == ("S: 250-first / b'y\\n'", "C: QUIT", "S: closed")


def test_the_first_difference_ends_it(server: tuple[str, int]) -> None:
    found = talk(["S: 220", "C: a", "S: 450", "C: b"], lambda: socket.create_connection(server))
    assert (found.expected, found.observed) == ("S: 450", "S: 250-first / b'a\\r\\n'")
    assert len(found.transcript) == 3


def test_two_connections_at_once(server: tuple[str, int]) -> None:
    lines = ["S: 220", "S2: 220", "C2: b", "C: a", "S: 250-first / b'a", "S2: 250-first / b'b"]
    assert talk(lines, lambda: socket.create_connection(server)).expected is None


def test_an_end_that_nobody_awaited(server: tuple[str, int]) -> None:
    found = talk(["S: 220", "C: QUIT", "S: 221"], lambda: socket.create_connection(server))
    assert (found.expected, found.observed) == ("S: 221", "S: closed")


def test_nobody_listens() -> None:
    def refuse() -> socket.socket:
        raise ConnectionRefusedError(111, "Connection refused")

    found = talk(["S: 220"], refuse)
    assert found == Talk(("S: ([Errno 111] Connection refused)",), "S: 220", "[Errno 111] Connection refused")


@pytest.mark.parametrize("text", ["customer", "\0a\0b"])
def test_base64_as_auth_wants_it(server: tuple[str, int], text: str) -> None:
    sent = repr(b64encode(text.encode()) + b"\r\n")
    found = talk(["S: 220", f"B: {text}", f"S: 250-first / {sent}"], lambda: socket.create_connection(server))
    assert found.expected is None


@pytest.fixture
def secured(tls: ssl.SSLContext) -> Iterator[tuple[tuple[str, int], list[str | None]]]:
    """A server that says 220 and "left over" and turns to TLS then; it notes the names that clients ask for."""
    asked: list[str | None] = []
    tls.sni_callback = lambda _, name, __: asked.append(name)
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listening.accept()
        connection.sendall(b"220 ready\r\n999 left over\r\n")
        with suppress(OSError), tls.wrap_socket(connection, server_side=True) as wrapped:
            for line in wrapped.makefile("rb"):
                wrapped.sendall(b"250 in TLS " + line)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield listening.getsockname(), asked
    listening.close()
    thread.join(5)
    tls.sni_callback = None


@pytest.mark.parametrize(("line", "name"), [("TLS:", None), ("TLS: mx.small.test", "mx.small.test")])
def test_tls_in_the_middle_of_a_dialogue(
    secured: tuple[tuple[str, int], list[str | None]], line: str, name: str | None
) -> None:
    address, asked = secured
    found = talk(["S: 220", line, "C: hello", "S: 250 in TLS hello"], lambda: socket.create_connection(address))
    assert (found.expected, found.transcript) == (None, ("S: 220 ready", line, "C: hello", "S: 250 in TLS hello"))
    assert asked == [name]


def test_a_server_without_tls_ends_the_dialogue(server: tuple[str, int]) -> None:
    found = talk(["S: 220", "TLS:", "C: hello"], lambda: socket.create_connection(server))
    assert found.expected == "TLS:"
    assert "SSL" in (found.observed or "")
