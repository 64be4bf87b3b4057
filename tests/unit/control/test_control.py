"""JSON over HTTP: what is asked, and what every error says."""

from __future__ import annotations

import socket
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from lab.control.dns import Dns
from lab.control.http import Control
from lab.control.scripted import Place, Scripted
from lab.errors import LabError
from tests.unit.small_servers import SmallHttp, SmallServer

SILENT = "  `lab status` tells whether it is up, `lab logs dns` what it says"


@contextmanager
def control(talk: Callable[[socket.socket], None]) -> Iterator[Control]:
    with SmallServer(talk) as server:
        found = Control("dns", f"http://127.0.0.1:{server.port}", "open-sesame")
        try:
            yield found
        finally:
            found.close()


def refused(status: int, answer: object) -> str:
    with control(SmallHttp({"GET /x": (status, answer)})) as api, pytest.raises(LabError) as caught:
        api.call("GET", "/x")
    return str(caught.value)


def test_a_dns_of_another_version_is_told() -> None:
    served = {"origin": "a.test.", "owner": "world", "records": 3}
    with control(SmallHttp({"GET /zones?owners=world": (200, [served])})) as api, pytest.raises(LabError) as caught:
        Dns(api, "me").view(["world"])
    assert str(caught.value).splitlines() == [
        "the lab's DNS is another version than this package",
        "  `lab down`, then `lab up`, starts its own",
    ]


def test_an_answer() -> None:
    http = SmallHttp({"GET /x?name=a.&first=1": (200, [{"a": 1}]), "PUT /y": (204, "")})
    with control(http) as api:
        assert api.call("GET", "/x", name="a.", first=1, type=None) == [{"a": 1}]
        assert api.call("PUT", "/y", {"text": "é"}) is None
    assert http.asked == [("GET /x?name=a.&first=1", None), ("PUT /y", {"text": "é"})]


def test_no_proxy_stands_between(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    with control(SmallHttp({"GET /x": (200, [])})) as api:
        assert api.call("GET", "/x") == []


def test_every_problem_with_its_place() -> None:
    problems = [
        {"file": "a.test.zone", "line": 3, "problem": "unknown type MXX", "hint": "did you mean MX?"},
        {"file": "a.test.zone", "line": 7, "problem": "no such variable", "hint": None},
        {"path": "rcpt.reply", "problem": "is no reply"},
        {"path": "", "problem": "is no table", "hint": "give one"},
        "something else",
    ]
    assert refused(422, {"problems": problems}).split("\n") == [
        "a.test.zone:3: unknown type MXX (did you mean MX?)",
        "a.test.zone:7: no such variable",
        "rcpt.reply: is no reply",
        "is no table (give one)",
        "something else",
    ]


@pytest.mark.parametrize(
    ("status", "answer", "said"),
    [
        (
            409,
            {"error": "all addresses are leased", "hint": "release some"},
            "all addresses are leased\n  release some",
        ),
        (404, {"error": "no such zone"}, "no such zone"),
        (400, {"detail": "x"}, "{'detail': 'x'}"),
        (404, "404: Not Found", "dns answered 404: 404: Not Found\n  see `lab logs dns`"),
        (500, ["x"], 'dns answered 500: ["x"]\n  see `lab logs dns`'),
        (503, "", "dns answered 503: \n  see `lab logs dns`"),
        (200, "<html>", "dns answered 200: <html>\n  see `lab logs dns`"),
    ],
)
def test_other_errors(status: int, answer: object, said: str) -> None:
    assert refused(status, answer) == said


def test_nothing_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    api = Control("dns", f"http://127.0.0.1:{port}", "open-sesame")
    with pytest.raises(LabError) as caught:
        api.call("GET", "/zones")
    api.close()
    assert str(caught.value) == f"the dns host does not answer: [Errno 111] Connection refused\n{SILENT}"


def test_the_gateway_closes_the_connection() -> None:
    with control(_request) as api, pytest.raises(LabError) as caught:
        api.call("GET", "/zones")
    assert str(caught.value) == (
        f"the dns host does not answer: Remote end closed connection without response\n{SILENT}"
    )


def _request(connection: socket.socket) -> None:
    while not connection.recv(65536).endswith(b"\r\n\r\n"):
        pass


def _head(connection: socket.socket) -> None:
    _request(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def test_a_stream_is_read_as_it_comes() -> None:
    def talk(connection: socket.socket) -> None:
        _head(connection)
        for part in (b'{"seq": 1}\n{"se', b'q": 2}\n', b"\n", b'{"seq": 3}\n'):
            connection.sendall(_chunk(part))
        connection.recv(1)  # and it goes on, until the client has gone

    with control(talk) as api:
        stream = api.stream("/history", follow=1)
        assert [next(stream)["seq"] for _ in range(3)] == [1, 2, 3]
        stream.close()


def test_a_stream_that_ends() -> None:
    def talk(connection: socket.socket) -> None:
        _head(connection)
        connection.sendall(_chunk(b'{"seq": 1}\n') + b"0\r\n\r\n")

    with control(talk) as api:
        assert list(api.stream("/history")) == [{"seq": 1}]


@pytest.mark.parametrize("end", [_chunk(b'{"seq"') + b"0\r\n\r\n", b""])
def test_a_stream_that_is_cut(end: bytes) -> None:
    def talk(connection: socket.socket) -> None:
        _head(connection)
        connection.sendall(_chunk(b'{"seq": 1}\n') + end)

    with control(talk) as api:
        stream = api.stream("/history")
        assert next(stream) == {"seq": 1}
        with pytest.raises(LabError, match="the dns host does not answer: "):
            next(stream)


def test_a_stream_that_is_refused() -> None:
    http = SmallHttp({"GET /history?typ=A": (422, {"problems": ["typ is no filter"]})})
    with control(http) as api, pytest.raises(LabError, match="typ is no filter"):
        list(api.stream("/history", typ="A"))


def test_dns_says_whose_it_is_and_quotes_names() -> None:
    http = SmallHttp(
        {
            "PUT /zones/0%2F25.0.18.198.in-addr.arpa.": (204, ""),
            "GET /zones/a.test.": (200, {"origin": "a.test.", "text": "@ MX 10 mx-a"}),
            "POST /faults": (200, {"id": "f/1"}),
            "DELETE /faults/f%2F1": (204, ""),
            "GET /owners": (200, ["world", "me", "you"]),
            "DELETE /owners/me": (204, ""),
            "DELETE /owners/you%2Fx": (204, ""),
        }
    )
    with control(http) as api:
        dns = Dns(api, "me")
        dns.put("0/25.0.18.198.in-addr.arpa.", "1 PTR a.test.", {"DOMAIN": "a.test"})
        assert dns.zone("a.test.") == "@ MX 10 mx-a"
        dns.heal(dns.fault("rcode", name="a.test.", rcode="SERVFAIL"))
        assert dns.owners() == ["me", "you"]
        dns.drop()
        dns.drop("you/x")
    assert http.asked[0][1] == {
        "text": "1 PTR a.test.",
        "variables": {"DOMAIN": "a.test"},
        "owner": "me",
        "file": "0/25.0.18.198.in-addr.arpa.zone",
    }
    assert ("POST /faults", {"kind": "rcode", "owner": "me", "name": "a.test.", "rcode": "SERVFAIL"}) in http.asked


def test_what_was_asked_about_some_names() -> None:
    entries = [{"type": "MX", "name": name} for name in ("a.test.", "b.test.", "x.a.test.")]
    http = SmallHttp({"GET /history?since=2026-01-01T00%3A00%3A00.000000Z": (200, entries)})
    with control(http) as api:
        assert Dns(api, "me").asked(["A.test", "b.test."], datetime(2026, 1, 1, tzinfo=UTC)) == [
            "MX a.test.",
            "MX b.test.",
        ]


def test_scripted_leases_and_messages() -> None:
    raw = b"Subject: x\r\n\r\n\xff\r\n"
    http = SmallHttp(
        {
            "POST /leases": (200, [{"address": "198.18.0.129", "address6": "2001:2::129", "owner": "me"}]),
            "GET /messages?address=198.18.0.129": (200, [{"raw": b64encode(raw).decode()}]),
            "DELETE /owners/me": (204, ""),
        }
    )
    with control(http) as api:
        scripted = Scripted(api, "me")
        assert scripted.lease(1) == [Place("198.18.0.129", "2001:2::129")]
        assert scripted.messages("198.18.0.129") == [raw]
        scripted.drop()
    assert http.asked[0] == ("POST /leases", {"owner": "me", "count": 1})
