"""A scripted host on 127.0.0.1 for a test."""

from __future__ import annotations

import asyncio
import io
import ssl
import subprocess
import threading
from collections.abc import Iterable, Iterator
from ipaddress import IPv4Network
from pathlib import Path

import pytest
from scripted.host import Ports, running
from scripted.log import Log
from scripted.places import Places

from .host import ADDRESS, DEADLINE, TOKEN, Client, FakeFirewall, Host


@pytest.fixture(scope="session")
def tls(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    folder: Path = tmp_path_factory.mktemp("tls")
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=lab.test"
    subprocess.run(
        [*command.split(), "-keyout", folder / "key.pem", "-out", folder / "cert.pem"],
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context


@pytest.fixture
def host(tls: ssl.SSLContext) -> Iterator[Host]:
    firewall, log = FakeFirewall(), io.StringIO()
    started: list[tuple[Ports, asyncio.AbstractEventLoop, asyncio.Event]] = []
    ready = threading.Event()

    async def answer(places: Iterable[str]) -> None:
        assert list(places) == [ADDRESS]

    async def run() -> None:
        places = Places(IPv4Network(f"{ADDRESS}/32"))
        ports = Ports(smtp=0, api=0, policy=0)
        stop = asyncio.Event()
        async with running(
            places,
            firewall,
            answer,
            Log(log),
            hostname="scripted.test",
            tls=tls,
            bind=ADDRESS,
            ports=ports,
            token=TOKEN,
        ) as bound:
            started.append((bound, asyncio.get_running_loop(), stop))
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=lambda: asyncio.run(run()))
    thread.start()
    assert ready.wait(DEADLINE), "the host did not start"
    ports, loop, stop = started[0]
    host = Host(ports, firewall, log)
    assert host.api.lease() == [(ADDRESS, None)]
    yield host
    host.control.close()
    loop.call_soon_threadsafe(stop.set)
    thread.join(DEADLINE)
    assert not thread.is_alive(), "the host did not stop"


@pytest.fixture
def client(host: Host) -> Iterator[Client]:
    with Client(host.ports.smtp) as client:
        yield client
