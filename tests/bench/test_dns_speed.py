"""Queries a second and response times: the lab's DNS against dnslib's own server, same zone, same client, same run.

Each server is a process of its own. The client asks one question at a time, as a resolver does, and then with 32
questions on their way, where the time that processes need to wake up counts for less. dnslib's server is measured as it
comes, when it logs each question and answer (the lab's DNS logs each query), and with its log off. A server that sends
one ready answer back, with the query's id and no look at the question, shows what this machine's packets and wake-ups
cost alone: no server in Python can be quicker.
"""

from __future__ import annotations

import os
import platform
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dns.message
import dns.rrset

QUERIES = 10_000
WINDOWS = (1, 32)
ZONE = """\
$TTL 60
@    SOA dns.lab.test. hostmaster.lab.test. 1 5 5 5 5
@    NS  dns.lab.test.
@    MX  10 mx1
@    MX  20 mx2
@    MX  30 mx3
mx1  A   198.18.0.11
mx2  A   198.18.0.12
mx3  A   198.18.0.13
"""
QUESTIONS = [("dest.test.", "MX"), ("mx1.dest.test.", "A"), ("mx2.dest.test.", "A"), ("mx3.dest.test.", "A")]
DNSLIB = r"""
import sys
from dnslib.server import DNSLogger, DNSServer
from dnslib.zoneresolver import ZoneResolver
server = DNSServer(ZoneResolver("$ORIGIN dest.test.\n" + open(sys.argv[1]).read()), port=int(sys.argv[2]),
                   address="127.0.0.1", logger=DNSLogger(sys.argv[3]))
server.start()
"""
BARE = r"""
import socket, sys
answer = bytes.fromhex(sys.argv[2])
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.1", int(sys.argv[1])))
while True:
    query, peer = server.recvfrom(4096)
    server.sendto(query[:2] + answer, peer)
"""


def test_queries_a_second_against_dnslib(tmp_path: Path) -> None:
    zone = tmp_path / "dest.test.zone"
    zone.write_text(ZONE)
    script = tmp_path / "dnslib_server.py"
    script.write_text(DNSLIB)
    bare = tmp_path / "bare_server.py"
    bare.write_text(BARE)
    port, other, nobody, http, table = _free_ports(5)
    lab = ["-m", "dnszone", "--zones", str(tmp_path), "--host", "127.0.0.1", "--port", str(port)]
    lab += ["--http-port", str(http), "--socketmap-port", str(table)]
    dnslib = [str(script), str(zone), str(other)]
    servers = {
        "dnslib": ([*dnslib, ""], other),
        "dnslib, no log": ([*dnslib, "-request,-reply,-truncated,-error"], other),
        "bare socket": ([str(bare), str(nobody), _answer().hex()], nobody),
        "lab": (lab, port),
    }
    rates: dict[tuple[str, int], float] = {}
    print(f"\n{platform.machine()}, {platform.system()} {platform.release()}, Python {platform.python_version()}")
    for name, (arguments, at) in servers.items():
        with _running(arguments, at, tmp_path / f"{name}.log"):
            for window in WINDOWS:
                times, lasted = _measure(at, window)
                cuts = statistics.quantiles(times, n=100)
                rates[name, window] = len(times) / lasted
                print(
                    f"{name:15} {window:2} on their way {rates[name, window]:7.0f} queries/s   "
                    f"p50 {cuts[49] * 1e6:5.0f} us   p99 {cuts[98] * 1e6:5.0f} us"
                )
    for (name, window), rate in rates.items():
        if name != "lab":
            print(f"{rates['lab', window] / rate:4.1f} times {name}, {window} on their way")


def _measure(port: int, window: int) -> tuple[list[float], float]:
    """Return the time of each query and of all, in seconds, with *window* queries on their way; answers are checked."""
    packets = [dns.message.make_query(name, type).to_wire()[2:] for name, type in QUESTIONS]
    sent: dict[int, float] = {}
    times = []
    numbers = iter(range(QUERIES))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(10)
        client.connect(("127.0.0.1", port))

        def ask() -> None:
            number = next(numbers, None)
            if number is not None:
                sent[number] = time.perf_counter()
                client.send(number.to_bytes(2) + packets[number % len(packets)])

        began = time.perf_counter()
        for _ in range(window):
            ask()
        while sent:
            answer = client.recv(2048)
            times.append(time.perf_counter() - sent.pop(int.from_bytes(answer[:2])))
            assert answer[7] >= 1  # records
            ask()
        lasted = time.perf_counter() - began
    assert len(times) == QUERIES
    return times, lasted


def _answer() -> bytes:
    """Return an answer with one record, without the id at its beginning."""
    response = dns.message.make_response(dns.message.make_query("mx1.dest.test.", "A"))
    response.answer.append(dns.rrset.from_text("mx1.dest.test.", 60, "IN", "A", "198.18.0.11"))
    return response.to_wire()[2:]


@contextmanager
def _running(arguments: list[str], port: int, log: Path) -> Iterator[None]:
    with (
        log.open("wb") as output,
        subprocess.Popen(
            [sys.executable, *arguments], stdout=output, stderr=output, env={**os.environ, "LAB_TOKEN": "bench"}
        ) as process,
    ):
        try:
            _await_answer(port, process)
            yield
        finally:
            process.terminate()
            process.wait(10)


def _await_answer(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 20
    query = dns.message.make_query("dest.test.", "MX").to_wire()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(0.1)
        client.connect(("127.0.0.1", port))
        while time.monotonic() < deadline and process.poll() is None:
            try:
                client.send(query)
                client.recv(2048)
            except (TimeoutError, ConnectionError):
                continue
            return
    raise AssertionError(f"no answer at port {port}; the server's exit code: {process.poll()}")


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()
