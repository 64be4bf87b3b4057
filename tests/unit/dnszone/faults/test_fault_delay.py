"""Fault "delay": the right response later, and nobody else waits."""

from __future__ import annotations

import socket
from collections.abc import Callable

import dns.message
import dns.query
import pytest

from tests.unit.dnszone.conftest import HOST, Server


@pytest.mark.parametrize("kind", [socket.SOCK_DGRAM, socket.SOCK_STREAM])
def test_another_question_overtakes(server: Server, kind: int) -> None:
    server.dns.fault("delay", name="dest.test", seconds=1)
    slow, quick = dns.message.make_query("dest.test", "MX"), dns.message.make_query("mx1.dest.test", "A")
    with socket.socket(socket.AF_INET, kind) as client:
        client.settimeout(5)
        client.connect((HOST, server.ports.dns))
        found = []
        for query in (slow, quick):
            wire = query.to_wire()
            client.sendall(wire if kind == socket.SOCK_DGRAM else len(wire).to_bytes(2) + wire)
        for _ in range(2):
            if kind == socket.SOCK_STREAM:
                size = int.from_bytes(client.recv(2, socket.MSG_WAITALL))
                found.append(dns.message.from_wire(client.recv(size, socket.MSG_WAITALL)))
            else:
                found.append(dns.message.from_wire(client.recv(4096)))
    assert [answer.id for answer in found] == [quick.id, slow.id]
    assert found[1].answer
    assert [line["fault"] for line in server.queries()] == ["delay 1 s", None]


def test_delay_goes_with_other_faults(server: Server, answers: Callable[[dns.message.Message], list[str]]) -> None:
    server.dns.fault("delay", name="dest.test", seconds=0.01)
    server.dns.fault("order", name="dest.test", order="reverse")
    assert answers(server.udp("dest.test", "MX")) == ["20 mx2.dest.test.", "10 mx1.dest.test."]
    assert server.queries()[0]["fault"] == "delay 0.01 s; order reverse"
