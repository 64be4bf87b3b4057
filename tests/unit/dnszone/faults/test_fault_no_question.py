"""Fault "no-question": the right answer, and nothing says to what."""

from __future__ import annotations

import socket

import dns.message
import pytest

from tests.unit.dnszone.conftest import HOST, Server


def asked(server: Server, name: str, type: str) -> tuple[dns.message.Message, dns.message.Message]:
    """Return a query, and what comes back."""
    query = dns.message.make_query(name, type)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(5)
        client.sendto(query.to_wire(), (HOST, server.ports.dns))
        return query, dns.message.from_wire(client.recv(4096))


def test_only_the_question_is_missing(server: Server) -> None:
    right = asked(server, "dest.test", "MX")[1]
    server.dns.fault("no-question", name="dest.test")
    query, answer = asked(server, "dest.test", "MX")
    assert answer.question == []
    assert answer.id == query.id
    assert answer.answer == right.answer
    assert not query.is_response(answer)
    assert server.queries()[1]["fault"] == "no-question"


@pytest.mark.parametrize("other", ["malformed", "wrong-question"])
def test_a_fault_that_spoils_the_question_has_nothing_to_spoil(server: Server, other: str) -> None:
    server.dns.fault("no-question")
    server.dns.fault(other)
    query = dns.message.make_query("no.dest.test", "MX")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(5)
        client.sendto(query.to_wire(), (HOST, server.ports.dns))
        assert client.recv(4096)[4:6] == b"\0\0"  # QDCOUNT
    assert server.queries()[0]["fault"].startswith("no-question; ")
