"""Fault "drop": no response."""

from __future__ import annotations

import dns.exception
import pytest

from tests.unit.dnszone.conftest import Server


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_the_client_waits_in_vain(server: Server, transport: str) -> None:
    server.dns.fault("drop", name="dest.test")
    with pytest.raises(dns.exception.Timeout):
        getattr(server, transport)("dest.test", "MX", timeout=0.2)
    assert [(line["rcode"], line["answers"], line["fault"]) for line in server.queries()] == [("DROP", [], "drop")]
    assert getattr(server, transport)("mx1.dest.test").answer
