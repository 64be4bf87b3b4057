"""Readiness: each probe against servers that answer right, wrong, or not at all."""

from __future__ import annotations

import itertools
import socket
import struct
import threading
from collections.abc import Callable

import dns.message
import dns.rcode
import pytest

from lab.errors import LabError
from lab.world import ready
from lab.world.doors import Door
from tests.unit.small_servers import DEADLINE, SmallHttp, SmallServer

MX, DNS, IMAP, API = Door("mx1", 25), Door("dns", 53), Door("mailstore", 143), Door("dns", 8053)
Talk = Callable[[socket.socket], None]


def says(greeting: bytes, *, then: bytes = b"221 bye\r\n") -> Talk:
    def talk(connection: socket.socket) -> None:
        connection.sendall(greeting)
        if connection.recv(512):
            connection.sendall(then)

    return talk


def silent(connection: socket.socket) -> None:
    while connection.recv(512):
        pass


def answers(rcode: dns.rcode.Rcode, *records: str) -> Talk:
    def talk(connection: socket.socket) -> None:
        query = dns.message.from_wire(connection.recv(512)[2:])
        answer = dns.message.make_response(query)
        answer.set_rcode(rcode)
        for record in records:
            answer.answer.append(dns.rrset.from_text("lab.test.", 5, "IN", "SOA", record))
        wire = answer.to_wire()
        connection.sendall(len(wire).to_bytes(2, "big") + wire)

    return talk


SOA = "dns.lab.test. root.lab.test. 1 60 60 60 5"


def in_pieces(connection: socket.socket) -> None:
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.sendall(b"22")
    connection.sendall(b"0 mx1\r\n")
    connection.recv(512)


def resets(connection: socket.socket) -> None:
    connection.sendall(b"220 mx1\r\n")
    connection.recv(512)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # closing sends RST


@pytest.mark.parametrize(
    ("door", "talk", "problem"),
    [
        (MX, says(b"220 mx1.dest.test ESMTP\r\n"), None),
        (MX, says(b"220-mx1\r\n220 x\r\n"), None),
        (MX, in_pieces, None),
        (MX, says(b"220 mx1\r\n", then=b""), None),  # it takes no leave; it is ready all the same
        (MX, resets, None),
        (MX, says(b"554 5.3.2 no\r\n"), "greets with '554 5.3.2 no'"),
        (MX, says(b"* OK ready\r\n"), "greets with '* OK ready'"),
        (MX, says(b"\xff\r\n"), "greets with '\ufffd'"),
        (MX, lambda _: None, "no greeting yet"),
        (MX, silent, "timed out"),
        (IMAP, says(b"* OK [CAPABILITY IMAP4rev1] ready\r\n"), None),
        (IMAP, says(b"* BYE no\r\n"), "greets with '* BYE no'"),
        (DNS, answers(dns.rcode.NOERROR, SOA), None),
        (DNS, answers(dns.rcode.NOERROR), "answers NOERROR"),
        (DNS, answers(dns.rcode.SERVFAIL), "answers SERVFAIL"),
        (DNS, silent, "no answer to a query: The DNS operation timed out."),
        (DNS, says(b"", then=b""), "no answer to a query: EOF"),
        (API, SmallHttp({"GET /health": (200, {"status": "ok"})}), None),
        (API, SmallHttp({"GET /health": (503, "")}), "/health answers 503"),
        (API, says(b"220 not HTTP\r\n", then=b""), "220 not HTTP"),
        (API, silent, "timed out"),
    ],
)
def test_probes(door: Door, talk: Talk, problem: str | None) -> None:
    with SmallServer(talk) as server:
        found = ready.missing({door: server.port}, timeout=0.3 if problem and "timed out" in problem else DEADLINE)
    assert found == ({door: problem} if problem else {})


@pytest.mark.parametrize("door", [MX, DNS, IMAP, API])
def test_nothing_listens(door: Door) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    assert "Connection refused" in ready.missing({door: port})[door]


def test_every_door_is_asked() -> None:
    with SmallServer(says(b"220 x\r\n")) as good, SmallServer(says(b"421 x\r\n")) as bad:
        ports = {MX: good.port, Door("mx2", 25): bad.port, Door("mx3", 25): bad.port}
        assert ready.missing(ports) == dict.fromkeys((Door("mx2", 25), Door("mx3", 25)), "greets with '421 x'")


@pytest.mark.parametrize("ask", [ready.missing, lambda ports: ready.wait(ports, print, lambda: None, 1)])
def test_a_door_that_nobody_can_probe(ask: Callable[[dict[Door, int]], object]) -> None:
    with pytest.raises(LabError) as caught:
        ask({Door("mx1", 4190): 1})
    assert str(caught.value) == (
        "nothing is known about how mx1:4190 greets\n  give its port a probe in lab/world/ready.py, PROBES"
    )


def test_waiting_ends_when_all_are_ready() -> None:
    told: list[Door] = []
    greetings = iter([b"421 not yet\r\n", b"421 not yet\r\n"])

    def late(connection: socket.socket) -> None:
        says(next(greetings, b"220 mx1\r\n"))(connection)

    with SmallServer(late) as first, SmallServer(says(b"* OK\r\n")) as second:
        ports = {MX: first.port, IMAP: second.port}
        assert ready.wait(ports, told.append, lambda: None, DEADLINE) == {}
    assert sorted(told) == sorted(ports)


def clock_until(over: Callable[[], bool]) -> Callable[[], float]:
    """Return a clock that stands at 0, when it is first read in any case, and at 1000 as soon as *over* says so."""
    readings = itertools.count()
    return lambda: 1000.0 if next(readings) and over() else 0.0


def test_waiting_ends_at_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Door] = []
    asked: list[None] = []

    def never(connection: socket.socket) -> None:
        asked.append(None)
        says(b"421 never\r\n")(connection)

    monkeypatch.setattr(ready, "monotonic", clock_until(lambda: len(asked) > 1 and bool(told)))
    with SmallServer(never) as bad, SmallServer(says(b"* OK\r\n")) as good:
        found = ready.wait({MX: bad.port, IMAP: good.port}, told.append, lambda: None, 999)
    assert found == {MX: "greets with '421 never'"}
    assert told == [IMAP]


def test_a_door_that_is_ready_too_late_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Door] = []
    asked, answer = threading.Event(), threading.Event()

    def late(connection: socket.socket) -> None:
        asked.set()
        assert answer.wait(DEADLINE)
        says(b"220 mx1\r\n")(connection)

    monkeypatch.setattr(ready, "monotonic", clock_until(asked.is_set))
    before = set(threading.enumerate())
    with SmallServer(late) as server:
        # Asked once it is too late; the probe is still on its way when waiting ends.
        servers = set(threading.enumerate()) - before
        assert ready.wait({MX: server.port}, told.append, lambda: None, 999) == {MX: "not asked yet"}
        probes = set(threading.enumerate()) - before - servers
        answer.set()
        for thread in probes:
            thread.join(DEADLINE)
    assert told == []


def test_waiting_ends_when_it_has_no_point() -> None:
    def dead() -> None:
        raise LabError("mx1 ended with exit code 1")

    with SmallServer(silent) as server, pytest.raises(LabError, match="mx1 ended with exit code 1"):
        ready.wait({MX: server.port}, print, dead, DEADLINE)


def test_waiting_for_nothing() -> None:
    assert ready.wait({}, print, lambda: None, DEADLINE) == {}


def test_server_without_a_door_is_waited_for_until_it_greets() -> None:
    turns = itertools.count()

    def talk(connection: socket.socket) -> None:
        if next(turns) >= 2:
            connection.sendall(b"220 own.test ESMTP\r\n")
            connection.recv(512)

    with SmallServer(talk) as server:
        problem = ready.greets(
            lambda: socket.create_connection(("127.0.0.1", server.port), DEADLINE), ready.SMTP, DEADLINE
        )
    assert problem is None
    assert next(turns) == 3


def test_server_without_a_door_that_does_not_greet_in_time_is_told() -> None:
    with SmallServer(says(b"554 5.3.2 no\r\n")) as server:
        problem = ready.greets(lambda: socket.create_connection(("127.0.0.1", server.port), DEADLINE), ready.SMTP, 0)
    assert problem == "greets with '554 5.3.2 no'"
