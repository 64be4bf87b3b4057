"""Fault "wrong-id": the answer to somebody else."""

from __future__ import annotations

import socket

import dns.message
import dns.query
import pytest

from tests.unit.dnszone.conftest import HOST, Server


def test_only_the_id_differs(server: Server) -> None:
    query = dns.message.make_query("dest.test", "MX", id=0x1234)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(5)
        client.connect((HOST, server.ports.dns))
        client.send(query.to_wire())
        right = client.recv(4096)
        server.dns.fault("wrong-id", name="dest.test")
        client.send(query.to_wire())
        wrong = client.recv(4096)
    assert wrong[:2] != right[:2]
    assert wrong[2:] == right[2:]
    assert [line["id"] for line in server.queries()] == [0x1234, 0x1234]


def test_a_client_does_not_take_it(server: Server) -> None:
    server.dns.fault("wrong-id", name="dest.test")
    with pytest.raises(dns.query.BadResponse):
        server.udp("dest.test", "MX")
