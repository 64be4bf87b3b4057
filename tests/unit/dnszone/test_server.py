"""The server as real clients see it: dnspython's, and dig and kdig where they are installed."""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime

import dns.edns
import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.query
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import pytest

from lab.route.events import DnsQuery
from lab.servers.dns.log import parse
from tests.unit.dnszone.conftest import HOST, Server, running

Answers = Callable[[dns.message.Message], list[str]]
MANY = "\n".join(f"@ MX {number} mx{number:02}" for number in range(30))


def _has_ipv6_loopback() -> bool:
    with socket.socket(socket.AF_INET6) as probe:
        try:
            probe.bind(("::1", 0))
        except OSError:
            return False
    return True


def raw_udp(server: Server, packet: bytes) -> bytes:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(5)
        client.sendto(packet, (HOST, server.ports.dns))
        return client.recv(4096)


def read_tcp(client: socket.socket) -> dns.message.Message:
    stream = client.makefile("rb")
    with stream:
        return dns.message.from_wire(stream.read(int.from_bytes(stream.read(2))))


def framed(query: dns.message.Message) -> bytes:
    wire = query.to_wire()
    return len(wire).to_bytes(2) + wire


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_an_answer(server: Server, answers: Answers, transport: str) -> None:
    answer = getattr(server, transport)("dest.test", "MX")
    assert answers(answer) == ["10 mx1.dest.test.", "20 mx2.dest.test."]
    assert dns.flags.to_text(answer.flags) == "QR AA RD RA"
    assert answer.edns == -1


def test_a_negative_answer_has_the_soa_record(server: Server) -> None:
    missing, empty = server.udp("no.dest.test"), server.udp("mx1.dest.test", "TXT")
    assert (missing.rcode(), empty.rcode()) == (dns.rcode.NXDOMAIN, dns.rcode.NOERROR)
    for answer in (missing, empty):
        assert not answer.answer
        assert answer.authority[0].rdtype == dns.rdatatype.SOA


def test_what_is_not_the_labs_is_refused_and_logged(server: Server) -> None:
    answer = server.udp("www.example.com")
    assert answer.rcode() == dns.rcode.REFUSED
    assert not answer.flags & dns.flags.AA
    assert [(line["name"], line["rcode"]) for line in server.queries()] == [("www.example.com.", "REFUSED")]


def test_other_classes_and_transfers_are_refused(server: Server) -> None:
    query = dns.message.make_query("version.bind", "TXT", dns.rdataclass.CH)
    assert dns.query.udp(query, HOST, 5, server.ports.dns).rcode() == dns.rcode.REFUSED
    assert server.tcp("dest.test", "AXFR").rcode() == dns.rcode.REFUSED


def test_a_large_answer_is_cut_over_udp_and_whole_over_tcp(server: Server, answers: Answers) -> None:
    server.dns.put("many.test.", MANY)
    query = dns.message.make_query("many.test", "MX")
    cut = dns.query.udp(query, HOST, 5, server.ports.dns)
    assert cut.flags & dns.flags.TC
    assert cut.question == query.question
    assert not cut.answer
    whole, over_tcp = dns.query.udp_with_fallback(query, HOST, 5, server.ports.dns)
    assert over_tcp
    assert len(answers(whole)) == 30
    assert [(line["transport"], len(line["answers"])) for line in server.queries()] == [
        ("udp", 0),
        ("udp", 0),
        ("tcp", 30),
    ]


def test_edns_gives_the_size(server: Server, answers: Answers) -> None:
    server.dns.put("many.test.", MANY)
    answer = server.udp("many.test", "MX", use_edns=0, payload=4096, want_dnssec=True)
    assert len(answers(answer)) == 30
    assert (answer.edns, answer.payload) == (0, 1232)
    assert answer.ednsflags & dns.flags.DO
    assert server.udp("many.test", "MX", use_edns=0, payload=520).flags & dns.flags.TC
    server.dns.put("many.test.", "\n".join(f"@ MX {number} mail-exchanger-{number:02}" for number in range(99)))
    assert server.udp("many.test", "MX", use_edns=0, payload=4096).flags & dns.flags.TC


def test_an_edns_version_that_nobody_knows(server: Server) -> None:
    assert server.udp("dest.test", "MX", use_edns=1).rcode() == dns.rcode.BADVERS


def test_an_answer_beyond_the_reach_of_pointers_is_right(server: Server, answers: Answers) -> None:
    # Each two have a part in common, the later ones beyond the 16,384 bytes that a pointer reaches.
    targets = [f"{number} {'x' * 40}{number:04}.{'y' * 40}{number // 2:04}.test." for number in range(500)]
    server.dns.put("huge.test.", "\n".join(f"@ MX {target}" for target in targets))
    assert answers(server.tcp("huge.test", "MX")) == targets


def test_the_case_of_the_question_comes_back(server: Server) -> None:
    answer = server.udp("DeSt.TEST", "MX")
    assert answer.question[0].name.to_text() == "DeSt.TEST."
    assert answer.answer[0].name.to_text() == "DeSt.TEST."
    assert server.queries()[0]["name"] == "dest.test."


def test_flags_of_the_question_are_copied(server: Server) -> None:
    answer = server.udp("dest.test", "MX", flags=dns.flags.CD)
    assert answer.flags & dns.flags.CD
    assert not answer.flags & dns.flags.RD


def test_a_packet_that_cannot_be_read_gets_formerr(server: Server) -> None:
    query = dns.message.make_query("dest.test", "MX").to_wire()
    for packet in (
        query[:-3],
        query[:4] + b"\0\0" + query[6:],
        query[:4] + b"\0\2" + query[6:],
        query[:12] + b"\xc0\xff" + query[12:],
        query[:12] + b"\x3f" + query[13:],
    ):
        answer = raw_udp(server, packet)
        assert answer[:2] == packet[:2]
        assert answer[3] & 15 == dns.rcode.FORMERR
    assert {line["rcode"] for line in server.log() if line["event"] == "unreadable"} == {"FORMERR"}


def test_other_opcodes_are_not_implemented(server: Server) -> None:
    query = dns.message.make_query("dest.test", "SOA")
    query.set_opcode(dns.opcode.NOTIFY)
    answer = dns.message.from_wire(raw_udp(server, query.to_wire()))
    assert (answer.rcode(), answer.opcode()) == (dns.rcode.NOTIMP, dns.opcode.NOTIFY)


def test_responses_and_scraps_get_no_answer_and_harm_nobody(server: Server) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(5)
        client.connect((HOST, server.ports.dns))
        query = dns.message.make_query("dest.test", "MX")
        for packet in (b"", b"x", b"\0" * 11, query.to_wire()[:2] + b"\x80" + query.to_wire()[3:]):
            client.send(packet)
        client.send(query.to_wire())
        assert query.is_response(dns.message.from_wire(client.recv(4096)))


def test_unreadable_bytes_of_every_length_leave_the_server_alive(server: Server) -> None:
    query = dns.message.make_query("dest.test", "MX", use_edns=0).to_wire()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.connect((HOST, server.ports.dns))
        for place in range(2, len(query)):
            for value in (0, 0x3F, 0x7F, 0xC0, 0xFF):
                client.send(query[:place] + bytes([value]) + query[place + 1 :])
    assert server.udp("dest.test", "MX").rcode() == dns.rcode.NOERROR
    assert not [line for line in server.log() if "Traceback" in line.get("problem", "")]


def test_queries_on_one_connection(server: Server, answers: Answers) -> None:
    queries = [dns.message.make_query(name, "A") for name in ("mx1.dest.test", "mx2.dest.test")]
    with socket.create_connection((HOST, server.ports.dns), 5) as client:
        for query in queries:
            client.sendall(framed(query))
        stream = client.makefile("rb")
        with stream:
            found = [dns.message.from_wire(stream.read(int.from_bytes(stream.read(2)))) for _ in queries]
    assert {answer.id: answers(answer) for answer in found} == {
        queries[0].id: ["198.18.0.11"],
        queries[1].id: ["198.18.0.12"],
    }


def test_a_query_may_come_byte_by_byte_and_hinders_nobody(server: Server, answers: Answers) -> None:
    query = dns.message.make_query("mx1.dest.test", "A")
    with socket.create_connection((HOST, server.ports.dns), 5) as client:
        for byte in framed(query):
            client.sendall(bytes([byte]))
            if byte % 7 == 0:
                assert answers(server.tcp("mx2.dest.test")) == ["198.18.0.12"]
        assert answers(read_tcp(client)) == ["198.18.0.11"]


def test_a_client_that_has_no_more_questions_still_gets_its_answers(server: Server, answers: Answers) -> None:
    server.dns.fault("delay", seconds=0.1)
    with socket.create_connection((HOST, server.ports.dns), 5) as client:
        client.sendall(framed(dns.message.make_query("mx1.dest.test", "A")))
        client.shutdown(socket.SHUT_WR)
        assert answers(read_tcp(client)) == ["198.18.0.11"]


@pytest.mark.skipif(not _has_ipv6_loopback(), reason="this machine has no IPv6")
def test_ipv6(answers: Answers) -> None:
    query = dns.message.make_query("mx1.dest.test", "AAAA")
    with running(hosts=(HOST, "::1")) as server:
        for ask in (dns.query.udp, dns.query.tcp):
            assert answers(ask(query, "::1", 5, server.ports.dns)) == ["fd00::11"]
        assert server.udp("dest.test", "MX").answer
        assert [line["client"] for line in server.queries()] == ["::1", "::1", HOST]


def test_a_silent_connection_is_closed() -> None:
    with running(idle=0.05) as server, socket.create_connection((HOST, server.ports.dns), 5) as client:
        assert client.recv(1) == b""


def test_the_end_comes_at_once_with_connections_open() -> None:
    with running() as server:
        client = socket.create_connection((HOST, server.ports.dns), 5)
        following = server.ask("GET", "/history?follow=1", stream=True)
    with client, following:
        assert client.recv(1) == b""
        assert not following.content


def test_the_log_reads_as_events(server: Server) -> None:
    server.udp("DEST.test", "MX", id=77)
    line = server._log.getvalue().splitlines()[-1].decode()
    event = parse("dns", datetime.now(UTC), line)
    assert isinstance(event, DnsQuery)
    assert (event.name, event.type, event.rcode, event.id) == ("dest.test.", "MX", "NOERROR", 77)
    assert (event.answers, event.flags, event.fault) == (
        ("10 mx1.dest.test.", "20 mx2.dest.test."),
        "qr aa rd ra",
        None,
    )
    assert (event.client, event.transport) == (HOST, "udp")


def test_the_same_question_again_is_logged_again_with_its_own_id(server: Server) -> None:
    for id in (1, 2):
        assert server.udp("dest.test", "MX", id=id).id == id
    assert [(line["seq"], line["id"]) for line in server.queries()] == [(1, 1), (2, 2)]


def test_a_change_of_zones_shows_at_once(server: Server, answers: Answers) -> None:
    assert server.udp("a.test").rcode() == dns.rcode.REFUSED
    server.dns.put("a.test.", "@ A 198.18.0.1")
    assert answers(server.udp("a.test")) == ["198.18.0.1"]
    server.dns.remove("a.test.")
    assert server.udp("a.test").rcode() == dns.rcode.REFUSED


def test_names_with_special_characters(server: Server, answers: Answers) -> None:
    server.dns.put("a.test.", "x\\.y A 198.18.0.1\nb\\ ad A 198.18.0.2\n@ MX 0 b\\ ad")
    assert answers(server.udp(dns.name.from_text(r"x\.y.a.test."))) == ["198.18.0.1"]  # type: ignore[arg-type]
    assert answers(server.udp(dns.name.from_text(r"b\032ad.a.test."))) == ["198.18.0.2"]  # type: ignore[arg-type]
    assert answers(server.udp("a.test", "MX")) == [r"0 b\032ad.a.test."]


@pytest.mark.parametrize(
    ("type", "data"),
    [
        ("AAAA", "fd00::1"),
        ("TXT", '"v=spf1 -all" "b"'),
        ("SRV", "0 5 587 mx.b.test."),
        ("CAA", '0 issue "ca.test"'),
        ("TLSA", "3 1 1 " + "ab" * 32),
        ("CNAME", "mx.dest.test."),
        ("DS", "1 8 2 " + "ab" * 32),
        ("HTTPS", '1 . alpn="h2"'),
        ("NAPTR", '1 1 "u" "E2U+sip" "" .'),
        ("TYPE65280", r"\# 2 abcd"),
        ("MX", "0 ."),
    ],
)
def test_every_type_goes_over_the_wire(server: Server, answers: Answers, type: str, data: str) -> None:
    server.dns.put("a.test.", f"x {type} {data}")
    assert answers(server.udp("x.a.test", type)) == [data]


@pytest.mark.skipif(shutil.which("dig") is None, reason="dig is not installed (Debian: bind9-dnsutils)")
def test_dig_agrees(server: Server) -> None:
    server.dns.put("many.test.", MANY)
    assert _run("dig", f"@{HOST}", "-p", str(server.ports.dns), "+short", "dest.test", "MX") == [
        "10 mx1.dest.test.",
        "20 mx2.dest.test.",
    ]
    whole = _run("dig", f"@{HOST}", "-p", str(server.ports.dns), "+noedns", "many.test", "MX")
    assert ";; Truncated, retrying in TCP mode." in whole
    assert not [line for line in whole if "WARNING" in line or "malformed" in line]
    name = _run("dig", f"@{HOST}", "-p", str(server.ports.dns), "+short", "-x", "fd00::11")
    assert name == ["mx1.dest.test."]


@pytest.mark.skipif(shutil.which("kdig") is None, reason="kdig is not installed (Debian: knot-dnsutils)")
def test_kdig_agrees(server: Server) -> None:
    lines = _run(
        "kdig", f"@{HOST}", "-p", str(server.ports.dns), "+keepopen", "+tcp", "dest.test", "MX", "no.dest.test"
    )
    assert [line.split()[-2:] for line in lines if "\tMX\t" in line and not line.startswith(";")] == [
        ["10", "mx1.dest.test."],
        ["20", "mx2.dest.test."],
    ]
    assert any("NXDOMAIN" in line for line in lines)
    assert not [line for line in lines if "WARNING" in line]


def _run(*command: str) -> list[str]:
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=True).stdout.splitlines()
