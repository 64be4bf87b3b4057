"""A dialogue, byte by byte, with a small server."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from lab.scenario.session import Outcome, talk


@pytest.fixture
def server() -> Iterator[tuple[str, int]]:
    """A server that greets, says what it was sent, in two lines, and closes after QUIT."""
    listening = socket.create_server(("127.0.0.1", 0))
    connections: list[socket.socket] = []

    def serve(connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as lines:
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
    assert found == Outcome(("S: ([Errno 111] Connection refused)",), "S: 220", "[Errno 111] Connection refused")
