"""The table for Postfix: which domains a host takes mail for."""

from __future__ import annotations

import contextlib
import socket

import pytest

from dnszone.masterfile import read
from dnszone.socketmap import answer
from dnszone.zones import Zones
from tests.unit.dnszone.conftest import HOST, Server

ZONE = """
@      MX 10 mx1.b.test.
@      MX 20 alias
alias  CNAME mx2.b.test.
null   MX 0 .
null   A 198.18.0.1
bare   A 198.18.0.1
same   CNAME bare
*.wild MX 10 mx1.b.test.
six    MX 10 mx1-v6.b.test.
bare6  AAAA 2001:2::1
"""
OTHER = """
mx1     A    198.18.0.1
mx1-v6  AAAA 2001:2::1
mx2     A    198.18.0.2
mx3     A    198.18.0.3
"""


@pytest.mark.parametrize(
    ("request_", "found"),
    [
        ("mx1.b.test a.test", True),
        ("MX1.b.test A.TEST", True),
        ("mx2.b.test a.test", True),  # by an alias
        ("mx3.b.test a.test", False),
        ("mx1.b.test null.a.test", False),  # the null MX
        ("mx1.b.test bare.a.test", True),  # its own address
        ("mx1.b.test same.a.test", True),
        ("mx2.b.test bare.a.test", False),
        ("mx1.b.test x.wild.a.test", True),
        ("mx1.b.test six.a.test", True),  # by the name of its IPv6 address
        ("mx2.b.test six.a.test", False),
        ("mx1.b.test bare6.a.test", True),
        ("mx1.b.test no.a.test", False),
        ("mx1.b.test example.com", False),
        ("mx1.b.test test", False),
        ("mx1.b.test u@a.test", False),
        ("mx1.b.test a..test", False),
    ],
)
def test_answers(request_: str, found: bool) -> None:
    zones = Zones([read(ZONE, "a.test."), read(OTHER, "b.test.")])
    key = request_.partition(" ")[2]
    assert answer(zones, request_) == (f"OK {key}" if found else "NOTFOUND ")


def test_a_connection_has_many_requests_and_faults_do_not_count(server: Server) -> None:
    server.dns.fault("rcode", name="dest.test", rcode="SERVFAIL")
    with socket.create_connection((HOST, server.ports.socketmap), 5) as client, client.makefile("rb") as stream:
        for key, reply in (("dest.test", b"12:OK dest.test,"), ("a.test", b"9:NOTFOUND ,")):
            request = f"mx1.dest.test {key}".encode()
            client.sendall(str(len(request)).encode() + b":" + request + b",")
            assert stream.read(len(reply)) == reply
        client.sendall(b"4:dest,")
        assert stream.read(7) == b"37:PERM"


@pytest.mark.parametrize("junk", [b"GET / HTTP/1.0\r\n\r\n:", b"3:abcd", b"999999:", b"-1:a,", b"x" * 100_000])
def test_what_is_no_netstring_ends_the_connection(server: Server, junk: bytes) -> None:
    with socket.create_connection((HOST, server.ports.socketmap), 5) as client:
        client.sendall(junk)
        client.shutdown(socket.SHUT_WR)
        with contextlib.suppress(ConnectionResetError):  # it may be closed before it has read all
            assert client.recv(100) == b""
