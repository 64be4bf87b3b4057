"""Fault "wrong-question": the answer to another question."""

from __future__ import annotations

import socket

import dns.message
import pytest

from tests.unit.dnszone.conftest import HOST, Server


@pytest.mark.parametrize("name", ["dest.test.", "x.dest.test.", "."])
def test_the_question_differs(server: Server, name: str) -> None:
    server.dns.fault("wrong-question")
    query = dns.message.make_query(name, "MX")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(5)
        client.sendto(query.to_wire(), (HOST, server.ports.dns))
        answer = dns.message.from_wire(client.recv(4096))
    assert answer.id == query.id
    assert answer.question != query.question
    assert not query.is_response(answer)
    assert server.queries()[0]["fault"] == "wrong-question"
