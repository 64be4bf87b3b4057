"""Fault "rcode": the code, and no records."""

from __future__ import annotations

import dns.flags
import dns.rcode
import dns.rdatatype
import pytest

from tests.unit.dnszone.conftest import Server


@pytest.mark.parametrize("rcode", ["SERVFAIL", "REFUSED", "FORMERR", "NOTIMP", "YXDOMAIN"])
def test_another_rcode_has_no_records(server: Server, rcode: str) -> None:
    server.dns.fault("rcode", name="dest.test", type="MX", rcode=rcode)
    answer = server.udp("dest.test", "MX")
    assert dns.rcode.to_text(answer.rcode()) == rcode
    assert not answer.answer
    assert not answer.flags & dns.flags.AA
    assert server.udp("dest.test", "SOA").rcode() == dns.rcode.NOERROR
    assert [(line["rcode"], line["fault"]) for line in server.queries()] == [
        (rcode, f"rcode {rcode}"),
        ("NOERROR", None),
    ]


@pytest.mark.parametrize(("rcode", "expected"), [("NXDOMAIN", dns.rcode.NXDOMAIN), ("nodata", dns.rcode.NOERROR)])
def test_a_negative_answer_has_the_soa_record(server: Server, rcode: str, expected: dns.rcode.Rcode) -> None:
    server.dns.fault("rcode", name="dest.test", rcode=rcode)
    answer = server.udp("dest.test", "MX")
    assert answer.rcode() == expected
    assert not answer.answer
    assert answer.authority[0].rdtype == dns.rdatatype.SOA
    assert answer.flags & dns.flags.AA


def test_ptr_records_can_be_taken_away(server: Server) -> None:
    server.dns.fault("rcode", name="11.0.18.198.in-addr.arpa.", rcode="NXDOMAIN")
    answer = server.udp("11.0.18.198.in-addr.arpa.", "PTR")
    assert answer.rcode() == dns.rcode.NXDOMAIN
    assert answer.authority[0].name.to_text() == "0.18.198.in-addr.arpa."
