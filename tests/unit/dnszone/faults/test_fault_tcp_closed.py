"""Fault "tcp-closed": no answer over TCP, the connection ends."""

from __future__ import annotations

import dns.message
import dns.query
import pytest

from tests.unit.dnszone.conftest import HOST, Server


def test_the_connection_ends_after_the_question(server: Server) -> None:
    server.dns.fault("tcp-closed", name="dest.test")
    with pytest.raises(EOFError):
        server.tcp("dest.test", "MX")
    assert server.udp("dest.test", "MX").answer
    assert server.tcp("mx1.dest.test").answer
    assert [(line["rcode"], line["fault"]) for line in server.queries()] == [
        ("DROP", "tcp-closed"),
        ("NOERROR", None),
        ("NOERROR", None),
    ]


def test_a_truncated_answer_cannot_be_had(server: Server) -> None:
    server.dns.fault("truncate", name="dest.test")
    server.dns.fault("tcp-closed", name="dest.test")
    with pytest.raises(EOFError):
        dns.query.udp_with_fallback(dns.message.make_query("dest.test", "MX"), HOST, 5, server.ports.dns)
