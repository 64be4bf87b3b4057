"""Fault "flap": a sequence of outcomes."""

from __future__ import annotations

import dns.rcode
import pytest

from lab.errors import LabError
from tests.unit.dnszone.conftest import Server

OUTCOMES = [{"kind": "rcode", "rcode": "SERVFAIL"}, "normal", {"kind": "rcode", "rcode": "NXDOMAIN"}]


@pytest.mark.parametrize(
    ("then", "expected"),
    [
        ("repeat", ["SERVFAIL", "NOERROR", "NXDOMAIN", "SERVFAIL", "NOERROR"]),
        ("last", ["SERVFAIL", "NOERROR", "NXDOMAIN", "NXDOMAIN", "NXDOMAIN"]),
    ],
)
def test_each_question_takes_the_next(server: Server, then: str, expected: list[str]) -> None:
    server.dns.fault("flap", name="dest.test", outcomes=OUTCOMES, then=then)
    assert [dns.rcode.to_text(server.udp("dest.test", "MX").rcode()) for _ in expected] == expected
    assert [line["fault"] for line in server.queries()][:3] == ["flap: rcode SERVFAIL", None, "flap: rcode NXDOMAIN"]


def test_every_problem_of_every_outcome_is_told(server: Server) -> None:
    outcomes = [{"kind": "rcode", "rcode": "SERVFAL"}, "nomal", {"kind": "delay", "second": 1}]
    with pytest.raises(LabError) as caught:
        server.dns.fault("flap", outcomes=outcomes, then="end")
    assert str(caught.value.args[0]).splitlines() == [
        "then: 'end' is not allowed (allowed are repeat, last)",
        "outcomes[0].rcode: 'SERVFAL' is not allowed (did you mean SERVFAIL?)",
        "outcomes[1]: must be an object, not a string",
        "outcomes[1].kind: is missing",
        "outcomes[2].seconds: is missing",
        "outcomes[2].second: unknown key second (did you mean seconds?)",
    ]


def test_an_outcome_of_the_other_transport_changes_nothing(server: Server) -> None:
    server.dns.fault("flap", name="dest.test", outcomes=[{"kind": "truncate"}, {"kind": "tcp-closed"}])
    assert server.tcp("dest.test", "MX").answer
    assert server.udp("dest.test", "MX").answer
    assert [line["fault"] for line in server.queries()] == [None, None]
