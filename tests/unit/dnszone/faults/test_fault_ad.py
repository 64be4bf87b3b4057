"""Fault "ad": the answer claims to be proven."""

from __future__ import annotations

import dns.flags

from tests.unit.dnszone.conftest import Server


def test_the_bit_is_set(server: Server) -> None:
    assert not server.udp("dest.test", "MX", want_dnssec=True).flags & dns.flags.AD
    server.dns.fault("ad")
    answer = server.udp("dest.test", "MX", want_dnssec=True)
    assert answer.flags & dns.flags.AD
    assert answer.answer
    assert [line["flags"] for line in server.queries()] == ["qr aa rd ra", "qr aa rd ra ad"]
