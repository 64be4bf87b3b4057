"""Fault "view": another zone for some client."""

from __future__ import annotations

from collections.abc import Callable

import dns.message
import dns.query
import pytest

from lab.errors import LabError
from tests.unit.dnszone.conftest import HOST, Server

Answers = Callable[[dns.message.Message], list[str]]


def test_the_client_decides(server: Server, answers: Answers) -> None:
    text = "@ MX 10 inside\ninside A $INSIDE\nw CNAME mx1.isp.test."
    server.dns.put("isp.test.", "mx1 A 198.18.0.77")
    server.dns.fault("view", client="127.0.0.2", origin="dest.test", text=text, variables={"INSIDE": "198.18.0.99"})

    def asked(name: str, type: str, source: str) -> list[str]:
        query = dns.message.make_query(name, type)
        return answers(dns.query.udp(query, HOST, 5, server.ports.dns, source=source))

    for _ in range(2):  # what one client was told is not kept for the other
        assert asked("dest.test", "MX", "127.0.0.2") == ["10 inside.dest.test."]
        assert asked("dest.test", "MX", HOST) == ["10 mx1.dest.test.", "20 mx2.dest.test."]
    assert asked("inside.dest.test", "A", "127.0.0.2") == ["198.18.0.99"]
    assert asked("w.dest.test", "A", "127.0.0.2") == ["mx1.isp.test.", "198.18.0.77"]
    assert asked("mx1.dest.test", "A", "127.0.0.2") == []
    assert asked("dns.lab.test", "A", "127.0.0.2") == ["198.18.0.2"]
    assert [line["fault"] for line in server.queries()][-3:] == ["view dest.test.", "view dest.test.", None]


def test_a_view_with_errors_is_refused_with_all_of_them(server: Server) -> None:
    with pytest.raises(LabError) as caught:
        server.dns.fault("view", origin="dest.test", text="@ MXX 1\n@ A $X", file="s.toml", clent="1.2.3.4")
    assert [line.partition(" (")[0] for line in str(caught.value.args[0]).splitlines()] == [
        "s.toml:1: unknown record type MXX",
        "s.toml:2: unknown variable $X",
        "clent: unknown key clent",
    ]
