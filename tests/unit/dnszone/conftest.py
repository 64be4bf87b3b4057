"""A DNS server on free ports of 127.0.0.1, and real clients of it."""

from __future__ import annotations

import asyncio
import io
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import dns.message
import dns.query
import dns.rdatatype
import pytest
import requests

from dnszone.log import Log
from dnszone.masterfile import read
from dnszone.server import Ports, serve
from lab.control.dns import Dns
from lab.control.http import Control

HOST = "127.0.0.1"
TOKEN = "open-sesame"
LAB = "dns A 198.18.0.2"
DEST = """
@    MX 10 mx1
@    MX 20 mx2
mx1  A  198.18.0.11
mx1  AAAA fd00::11
mx2  A  198.18.0.12
"""


class Server:
    """A running server, its API and its log."""

    def __init__(self, ports: Ports, log: io.BytesIO) -> None:
        self.ports = ports
        self._log = log
        self.control = Control("dns", f"http://{HOST}:{ports.http}", TOKEN)
        self.dns = Dns(self.control, "me")

    def udp(self, name: str, type: str = "A", timeout: float = 5.0, **options: Any) -> dns.message.Message:
        return dns.query.udp(dns.message.make_query(name, type, **options), HOST, timeout, self.ports.dns)

    def tcp(self, name: str, type: str = "A", timeout: float = 5.0, **options: Any) -> dns.message.Message:
        return dns.query.tcp(dns.message.make_query(name, type, **options), HOST, timeout, self.ports.dns)

    def ask(self, method: str, path: str, **options: Any) -> requests.Response:
        """Send a request to the API, as a process of the lab would."""
        headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json", **options.pop("headers", {})}
        url = f"http://{HOST}:{self.ports.http}{path}"
        return requests.request(method, url, headers=headers, timeout=10, **options)

    def queries(self) -> list[dict[str, Any]]:
        """Return the log's lines about queries."""
        return [line for line in self.log() if line["event"] == "query"]

    def log(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._log.getvalue().splitlines()]


@contextmanager
def running(idle: float = 30.0, hosts: tuple[str, ...] = (HOST,)) -> Iterator[Server]:
    """Run a server in a thread."""
    zones = [read(LAB, "lab.test."), read(DEST, "dest.test.")]
    log, started = io.BytesIO(), threading.Event()
    ports, loops, stop = list[Ports](), list[asyncio.AbstractEventLoop](), asyncio.Event()

    async def run() -> None:
        async with serve(zones, hosts, Ports(0, 0, 0), Log(log), TOKEN, idle) as found:
            ports.append(found)
            loops.append(asyncio.get_running_loop())
            started.set()
            await stop.wait()

    def main() -> None:
        try:
            asyncio.run(run())  # what is still going on in a connection is cancelled at the end
        finally:
            started.set()

    thread = threading.Thread(target=main)
    thread.start()
    assert started.wait(10)
    assert ports, "the server did not start"
    server = Server(ports[0], log)
    try:
        yield server
    finally:
        server.control.close()
        loops[0].call_soon_threadsafe(stop.set)
        thread.join(10)
    assert not thread.is_alive()


@pytest.fixture
def server() -> Iterator[Server]:
    """Serve lab.test and dest.test."""
    with running() as server:
        yield server


@pytest.fixture
def answers() -> Callable[[dns.message.Message], list[str]]:
    """Return a function that gives the data of an answer section, in order."""
    return lambda message: [rdata.to_text() for rrset in message.answer for rdata in rrset]
