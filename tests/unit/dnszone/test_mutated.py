"""Whatever bytes come, the DNS answers them or passes over them, and goes on for everybody else."""

from __future__ import annotations

import io
import json
import logging
import socket
from collections.abc import Iterator
from random import Random

import dns.message
import pytest

from dnszone.history import History
from dnszone.log import Log
from dnszone.masterfile import read
from dnszone.responder import Responder
from dnszone.rules import Rules
from dnszone.zones import Zones
from tests.mutated import COUNT, SEED, converse, packets, requests, tables
from tests.unit.dnszone.conftest import DEST, HOST, LAB, TOKEN, Server

DEADLINE = 20.0  # seconds for an answer
AT_ONCE = 10 * COUNT  # packets that need no socket are quick


@pytest.fixture
def server(server: Server, caplog: pytest.LogCaptureFixture) -> Iterator[Server]:
    """A server that is as it was afterwards, and whose code has not failed anywhere."""
    caplog.set_level(logging.ERROR)
    yield server
    assert [record.getMessage() for record in caplog.records] == []
    assert [line for line in server.log() if line["event"] == "unreadable" and line["rcode"] == "SERVFAIL"] == []
    assert server.udp("dest.test", "MX").answer == server.tcp("dest.test", "MX").answer != []
    assert server.ask("GET", "/health").status_code == 200


def test_every_packet_is_answered_in_form_or_not_at_all() -> None:
    assert requests.TOKEN == TOKEN
    log = io.BytesIO()
    rules = Rules()
    for number, kind in enumerate(("no-question", "malformed", "wrong-question", "wrong-id", "truncate", "ad", "lame")):
        rules.add({"owner": "me", "kind": kind, "from": 1 + number * 5, "to": 5 + number * 5})
    responder = Responder(Zones([read(LAB, "lab.test."), read(DEST, "dest.test.")]), rules, History(), Log(log))
    answered = 0
    for number, packet in enumerate(packets.mutations(SEED, AT_ONCE)):
        if number == AT_ONCE // 2:
            rules.drop("me")  # what follows is answered without a fault
        reply = responder.reply(packet, "127.0.0.1", 1, "tcp").message
        if reply is None:
            continue
        answered += 1
        assert reply[2] & 0x80  # QR
        if number >= AT_ONCE // 2:
            assert reply[:2] == packet[:2]
            dns.message.from_wire(reply)
    assert AT_ONCE // 4 < answered < AT_ONCE
    unreadable = [json.loads(line) for line in log.getvalue().splitlines() if b'"unreadable"' in line]
    assert {line["rcode"] for line in unreadable} <= {"DROP", "FORMERR", "NOTIMP"}, unreadable


def test_packets_over_udp(server: Server) -> None:
    """A question follows each packet, and its answer is awaited: nothing is lost in a buffer that is full."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.connect((HOST, server.ports.dns))
        client.settimeout(DEADLINE)
        for packet in packets.mutations(SEED + 1, COUNT):
            client.send(packet[:60_000])
            question = dns.message.make_query("dest.test", "MX")
            client.send(question.to_wire())
            while client.recv(65536)[:2] != question.id.to_bytes(2, "big"):
                pass


def test_streams_over_tcp(server: Server) -> None:
    random = Random(SEED)  # noqa: S311  it must be the same again
    left = packets.stream(packets.mutations(SEED + 2, COUNT), random)
    while data := b"".join(packet for packet, _ in zip(left, range(10), strict=False)):
        converse(server.ports.dns, data)


def test_requests(server: Server) -> None:
    found = {}
    for request in requests.mutations(SEED, COUNT):
        found[requests.status(server.ports.http, request)[:1]] = request
    assert found.keys() >= {"2", "4"}
    assert found.keys() <= {"1", "2", "4", ""}, found


def test_conversations_with_the_table(server: Server) -> None:
    answers = [converse(server.ports.socketmap, data) for data in tables.mutations(SEED, COUNT)]
    assert any(b"OK " in answer for answer in answers)
    assert any(b"NOTFOUND " in answer for answer in answers)


@pytest.mark.parametrize("module", [packets, requests, tables])
def test_mutations_are_the_same_for_the_same_seed(module: object) -> None:
    mutations = module.mutations  # type: ignore[attr-defined]
    assert list(mutations(1, 50)) == list(mutations(1, 50))
    assert list(mutations(1, 50)) != list(mutations(2, 50))
