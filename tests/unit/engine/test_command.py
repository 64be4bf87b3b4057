"""Commands in containers, against a socket that answers as the engine does."""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from docker import DockerClient
from docker.errors import APIError

from lab.engine.command import Ran, execute

FRAMES = struct.pack(">BxxxL", 1, 6) + b"hello\n" + struct.pack(">BxxxL", 2, 3) + b"no\n" + struct.pack(">BxxxL", 1, 0)


class Engine:
    """Answers each request with whole bytes at once: head and body in one segment, as a busy client meets them."""

    def __init__(self, path: Path) -> None:
        self.path, self.start = path, (200, FRAMES)
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:  # closed
                return
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        """Answer one request, and hang up: the body has no length, as with the engine."""
        with connection, connection.makefile("rb") as request:
            words = request.readline().split()
            lengths = [line for line in iter(request.readline, b"\r\n") if line.lower().startswith(b"content-length")]
            request.read(int(lengths[0].split()[1]) if lengths else 0)
            path = words[1].decode()
            status, body = (
                (201, b'{"Id": "e1"}')
                if path.endswith("/exec")
                else self.start
                if path.endswith("/start")
                else (200, json.dumps({"ExitCode": 3}).encode())
            )
            connection.sendall(b"HTTP/1.1 %d Said\r\nConnection: close\r\n\r\n" % status + body)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    made = Engine(tmp_path / "docker.sock")
    yield made
    made.close()


def run(engine: Engine) -> Ran:
    docker = DockerClient(base_url=f"unix://{engine.path}", version="1.41", timeout=10)
    try:
        return execute(docker.containers.prepare_model({"Id": "c1"}), ["postqueue", "-j"])
    finally:
        docker.close()


def test_what_comes_with_the_head_of_the_answer_is_not_lost(engine: Engine) -> None:
    assert run(engine) == Ran(3, "hello\n", "no\n")
    assert run(engine).said == "no\nhello"


def test_nothing_printed(engine: Engine) -> None:
    engine.start = (200, b"")
    assert run(engine) == Ran(3, "", "")


def test_a_refusal_of_the_engine(engine: Engine) -> None:
    engine.start = (409, b'{"message": "Container c1 is paused"}')
    with pytest.raises(APIError, match="Container c1 is paused"):
        run(engine)
