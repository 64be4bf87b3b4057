"""Fault "order": the answers in a chosen order."""

from __future__ import annotations

from collections.abc import Callable

import dns.message
import pytest

from lab.errors import LabError
from tests.unit.dnszone.conftest import Server

Answers = Callable[[dns.message.Message], list[str]]


def test_the_order_given(server: Server, answers: Answers) -> None:
    server.dns.put("a.test.", "@ MX 10 a\n@ MX 20 b\n@ MX 30 c")
    server.dns.fault("order", name="a.test", order=["c.a.test", "10 a.a.test."])
    assert answers(server.udp("a.test", "MX")) == ["30 c.a.test.", "10 a.a.test.", "20 b.a.test."]


def test_reverse_and_aliases_stay_in_front(server: Server, answers: Answers) -> None:
    server.dns.put("a.test.", "w CNAME x\nx A 198.18.0.1\nx A 198.18.0.2")
    server.dns.fault("order", name="w.a.test", order="reverse")
    assert answers(server.udp("w.a.test")) == ["x.a.test.", "198.18.0.2", "198.18.0.1"]


def test_rotate(server: Server, answers: Answers) -> None:
    server.dns.fault("order", name="dest.test", order="rotate")
    found = [answers(server.udp("dest.test", "MX"))[0] for _ in range(3)]
    assert found == ["10 mx1.dest.test.", "20 mx2.dest.test.", "10 mx1.dest.test."]
    assert not server.udp("dest.test", "TXT").answer


def test_an_order_that_is_none(server: Server) -> None:
    with pytest.raises(LabError, match='order: must be "reverse", "rotate" or a list of data'):
        server.dns.fault("order", order="random")
