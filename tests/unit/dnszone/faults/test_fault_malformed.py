"""Fault "malformed": a good header, then nothing that can be read."""

from __future__ import annotations

import socket

import dns.exception
import dns.message
import pytest

from tests.unit.dnszone.conftest import HOST, Server


@pytest.mark.parametrize("form", ["cut", "garbage"])
def test_header_and_question_are_good_and_the_rest_is_not(server: Server, form: str) -> None:
    server.dns.fault("malformed", name="dest.test", form=form)
    query = dns.message.make_query("dest.test", "MX")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(5)
        client.sendto(query.to_wire(), (HOST, server.ports.dns))
        wire = client.recv(4096)
    assert wire[:2] == query.to_wire()[:2]
    assert dns.message.from_wire(wire, question_only=True).question == query.question
    with pytest.raises(dns.exception.DNSException):
        dns.message.from_wire(wire)
    assert server.queries()[0]["fault"] == f"malformed {form}"
