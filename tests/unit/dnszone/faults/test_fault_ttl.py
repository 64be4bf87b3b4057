"""Fault "ttl": another time to live."""

from __future__ import annotations

import pytest

from lab.errors import LabError
from tests.unit.dnszone.conftest import Server


def test_all_records_have_it(server: Server) -> None:
    server.dns.fault("ttl", name="*.dest.test", ttl=86400)
    assert server.udp("mx1.dest.test").answer[0].ttl == 86400
    assert server.udp("no.dest.test").authority[0].ttl == 86400
    assert server.udp("dest.test", "MX").answer[0].ttl == 5


@pytest.mark.parametrize("ttl", [-1, 2**31, "5", True])
def test_a_ttl_that_is_none(server: Server, ttl: object) -> None:
    with pytest.raises(LabError, match="ttl: must be a whole number from 0 to 2147483647"):
        server.dns.fault("ttl", ttl=ttl)
