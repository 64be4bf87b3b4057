"""Fault "truncate": TC=1 over UDP, so that the client comes again over TCP."""

from __future__ import annotations

import dns.flags
import dns.message
import dns.query

from tests.unit.dnszone.conftest import HOST, Server


def test_the_answer_comes_over_tcp(server: Server) -> None:
    server.dns.fault("truncate", name="dest.test")
    query = dns.message.make_query("dest.test", "MX")
    cut = dns.query.udp(query, HOST, 5, server.ports.dns)
    assert cut.flags & dns.flags.TC
    assert (cut.question, cut.answer) == (query.question, [])
    answer, over_tcp = dns.query.udp_with_fallback(query, HOST, 5, server.ports.dns)
    assert over_tcp
    assert answer.answer
    assert [line["fault"] for line in server.queries()] == ["truncate", "truncate", None]
