"""The scope of faults: which questions they meet."""

from __future__ import annotations

import dns.message
import dns.query
import dns.rcode
import pytest

from dnszone.faults import KINDS
from lab.errors import LabError
from tests.unit.dnszone.conftest import HOST, Server


def failed(server: Server, name: str = "dest.test", type: str = "MX", transport: str = "udp") -> bool:
    answer = getattr(server, transport)(name, type)
    return bool(answer.rcode() == dns.rcode.SERVFAIL)


def test_name_type_and_transport(server: Server) -> None:
    server.dns.fault("rcode", rcode="SERVFAIL", name="DEST.test", type="mx", transport="tcp")
    assert failed(server, transport="tcp")
    assert not failed(server)
    assert not failed(server, type="SOA", transport="tcp")
    assert not failed(server, name="mx1.dest.test", transport="tcp")


def test_a_pattern_is_all_below_a_name(server: Server) -> None:
    server.dns.fault("rcode", rcode="SERVFAIL", name="*.dest.test")
    assert failed(server, name="mx1.dest.test")
    assert failed(server, name="a.b.dest.test")
    assert not failed(server)
    assert not failed(server, name="xdest.test")


def test_client(server: Server) -> None:
    server.dns.fault("rcode", rcode="SERVFAIL", client="127.0.0.2")
    query = dns.message.make_query("dest.test", "MX")
    for _ in range(2):
        assert not failed(server)
        answer = dns.query.udp(query, HOST, 5, server.ports.dns, source="127.0.0.2")
        assert answer.rcode() == dns.rcode.SERVFAIL


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        ({"first": 2}, [True, True, False, False]),
        ({"from": 2}, [False, True, True, True]),
        ({"to": 1}, [True, False, False, False]),
        ({"from": 2, "to": 3}, [False, True, True, False]),
    ],
)
def test_nth_question(server: Server, scope: dict[str, int], expected: list[bool]) -> None:
    server.dns.fault("rcode", rcode="SERVFAIL", name="dest.test", type="MX", **scope)
    found = []
    for _ in expected:
        assert not failed(server, type="SOA")  # is not counted
        found.append(failed(server))
    assert found == expected
    assert server.dns.faults()[0]["met"] == sum(expected)


def test_a_fault_of_one_transport_counts_its_questions_only(server: Server) -> None:
    server.dns.fault("tcp-closed", name="dest.test", first=1)
    server.udp("dest.test", "MX")
    with pytest.raises(EOFError):
        server.tcp("dest.test", "MX")
    assert server.tcp("dest.test", "MX").answer


def test_a_fault_is_listed_as_it_was_asked_for_and_can_be_healed(server: Server) -> None:
    assert not failed(server)
    id = server.dns.fault("rcode", rcode="SERVFAIL", name="dest.test")
    assert failed(server)
    expected = {"kind": "rcode", "owner": "me", "rcode": "SERVFAIL", "name": "dest.test"}
    assert server.dns.faults() == [{"id": id, **expected, "fault": "rcode SERVFAIL", "met": 1}]
    server.dns.heal(id)
    assert not failed(server)
    assert server.dns.faults() == []


def test_a_name_that_is_in_no_zone_can_fail(server: Server) -> None:
    server.dns.fault("rcode", rcode="SERVFAIL", name="gone.example.")
    assert failed(server, name="gone.example")


def test_a_kind_that_nobody_knows(server: Server) -> None:
    with pytest.raises(LabError, match="kind: 'rcod' is not allowed"):
        server.dns.fault("rcod", rcode="SERVFAIL")


def test_each_kind_is_registered_under_its_own_name() -> None:
    assert {kind: fault.kind for kind, fault in KINDS.items()} == {kind: kind for kind in KINDS}
