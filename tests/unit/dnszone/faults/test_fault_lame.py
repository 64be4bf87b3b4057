"""Fault "lame": neither responsible nor recursive."""

from __future__ import annotations

import dns.flags
import dns.rcode

from tests.unit.dnszone.conftest import Server


def test_no_flags_and_no_records(server: Server) -> None:
    server.dns.fault("lame", name="dest.test")
    answer = server.udp("dest.test", "MX")
    assert answer.rcode() == dns.rcode.NOERROR
    assert dns.flags.to_text(answer.flags) == "QR RD"
    assert not answer.answer + answer.authority + answer.additional
    assert server.queries()[0]["flags"] == "qr rd"
