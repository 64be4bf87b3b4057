"""Clients that ask for more than they take: they are held up, and nobody else is."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import select
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dns.message
import dns.query
import pytest

from dnszone.streams import StreamServer
from lab.control.dns import Dns
from lab.control.http import Control
from tests.unit.dnszone.conftest import HOST, TOKEN, running

QUERY = dns.message.make_query("big.test", "TXT").to_wire()
PIPELINE = (len(QUERY).to_bytes(2) + QUERY) * 1000
BIG = "".join(f'@ TXT "{number:04}{"x" * 200}"\n' for number in range(200))  # 44 kB an answer
TAKEN = 64 * 1024 * 1024  # bytes; far more than the kernel's buffers hold
DEADLINE = 30.0


@contextmanager
def process(folder: Path) -> Iterator[tuple[int, dict[str, int]]]:
    """Run a server of its own, whose memory can be looked at; give its process id and its ports."""
    (folder / "big.test.zone").write_text(BIG)
    command = [sys.executable, "-m", "dnszone", "--zones", str(folder), "--host", HOST]
    command += [word for name in ("port", "http-port", "socketmap-port") for word in (f"--{name}", "0")]
    environment = {**os.environ, "LAB_TOKEN": TOKEN}
    with (
        (folder / "log").open("wb") as log,
        subprocess.Popen(command, stdout=log, stderr=log, env=environment) as server,
    ):
        try:
            deadline = time.monotonic() + DEADLINE
            while not (text := (folder / "log").read_text()).endswith("\n"):
                assert time.monotonic() < deadline, "the server does not start"
                assert server.poll() is None, text
                time.sleep(0.02)
            yield server.pid, json.loads(text.splitlines()[0])
        finally:
            server.terminate()
            server.wait(10)


def memory(pid: int) -> int:
    """Return the megabytes that a process has."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // 1024**2


def push(client: socket.socket, data: bytes) -> int:
    """Send *data* over and over without reading, until nothing more is taken for half a second; return how much was."""
    client.setblocking(False)
    sent = 0
    with contextlib.suppress(ConnectionError):
        while sent < TAKEN and select.select([], [client], [], 0.5)[1]:
            with contextlib.suppress(BlockingIOError):
                sent += client.send(data)
    return sent


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="no /proc tells a process's memory")
def test_a_client_that_asks_and_never_reads_is_not_read_from(tmp_path: Path) -> None:
    with process(tmp_path) as (pid, ports):
        dns.query.tcp(dns.message.make_query("big.test", "TXT"), HOST, 5, ports["dns"])
        before = memory(pid)
        with contextlib.ExitStack() as stack:
            greedy = [stack.enter_context(socket.create_connection((HOST, ports["dns"]))) for _ in range(4)]
            for each in greedy:
                assert push(each, PIPELINE) < TAKEN
            control = Control("dns", f"http://{HOST}:{ports['http']}", TOKEN)
            stack.callback(control.close)
            slowest = 0.0
            for _ in range(10):
                for each in greedy:
                    push_once(each)
                began = time.monotonic()
                dns.query.tcp(dns.message.make_query("big.test", "MX"), HOST, 5, ports["dns"])
                dns.query.udp(dns.message.make_query("big.test", "MX"), HOST, 5, ports["dns"])
                assert Dns(control, "me").zones()
                slowest = max(slowest, time.monotonic() - began)
            assert slowest < 5
            assert memory(pid) < before + 40


def push_once(client: socket.socket) -> None:
    with contextlib.suppress(BlockingIOError, ConnectionError):
        client.send(PIPELINE)


def test_a_client_that_takes_nothing_is_closed() -> None:
    with running(idle=0.3) as server, socket.create_connection((HOST, server.ports.dns)) as client:
        server.dns.put("big.test.", BIG)
        assert push(client, PIPELINE) < TAKEN
        deadline = time.monotonic() + DEADLINE
        gone = False
        while not gone and time.monotonic() < deadline:
            select.select([], [client], [], 0.1)
            try:
                client.send(b"\0")
            except BlockingIOError:
                continue
            except ConnectionError:
                gone = True
        assert gone


def test_replies_that_a_fault_holds_back_are_not_without_number() -> None:
    with running() as server, socket.create_connection((HOST, server.ports.dns)) as client:
        server.dns.fault("delay", name="mx1.dest.test", seconds=60)
        query = dns.message.make_query("mx1.dest.test", "A").to_wire()
        client.settimeout(5)
        client.sendall((len(query).to_bytes(2) + query) * 500)
        assert server.tcp("mx2.dest.test").answer  # and others are answered
        assert len(server.queries()) <= 66


def test_the_client_with_the_most_connections_makes_room() -> None:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            writer.write(line)

    async def scenario() -> list[bytes]:
        bound = socket.create_server((HOST, 0))
        port = bound.getsockname()[1]
        server = StreamServer(bound, echo, most=3)
        await server.start()
        other = await asyncio.open_connection(HOST, port, local_addr=("127.0.0.2", 0))
        many = [await asyncio.open_connection(HOST, port) for _ in range(6)]
        answers = []
        for reader, writer in (other, many[-1], many[0]):
            writer.write(b"hello\n")
            try:
                async with asyncio.timeout(5):
                    answers.append(await reader.readline())
            except ConnectionError:
                answers.append(b"gone")
        for _, writer in (other, *many):
            writer.close()
        await server.stop()
        return answers

    other, last, first = asyncio.run(scenario())
    assert (other, last) == (b"hello\n", b"hello\n")
    assert first in (b"gone", b"")


def test_stopping_does_not_wait_for_a_client_that_takes_nothing() -> None:
    with running() as server:
        client = socket.create_connection((HOST, server.ports.dns))
        server.dns.put("big.test.", BIG)
        push(client, PIPELINE)
        began = time.monotonic()
    assert time.monotonic() - began < 10
    client.close()
