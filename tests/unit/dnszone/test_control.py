"""Who may use a control API, and what a body may be. The API of the scripted host has the same guard."""

from __future__ import annotations

import gzip
import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.dnszone.conftest import HOST, TOKEN, Server

FAULT = {"owner": "me", "kind": "drop"}


@pytest.mark.parametrize(
    ("headers", "status", "error"),
    [
        ({"Authorization": None}, 401, "the token of the lab is missing"),
        ({"Authorization": "Bearer another"}, 401, "the token of the lab is missing"),
        ({"Authorization": f"Basic {TOKEN}"}, 401, "the token of the lab is missing"),
        ({"Authorization": "Bearer "}, 401, "the token of the lab is missing"),
        ({"Authorization": "Bearer \xff".encode("latin-1")}, 401, "the token of the lab is missing"),
        ({"Host": "rebound.example.com:25080"}, 403, "Host 'rebound.example.com:25080' is not the lab's"),
        ({"Host": "127.0.0.1.example.com"}, 403, "is not the lab's"),
        ({"Host": "127.0.0.1@example.com"}, 403, "is not the lab's"),
        ({"Host": "203.0.113.5:8053"}, 403, "is not the lab's"),
        ({"Host": "[2001:db8::1]"}, 403, "is not the lab's"),
        ({"Host": "[::1"}, 403, "is not the lab's"),
        ({"Host": ""}, 403, "is not the lab's"),
        ({"Origin": "https://example.com"}, 403, "Origin 'https://example.com' may not use the lab"),
        ({"Origin": "null"}, 403, "Origin 'null' may not use the lab"),
        ({"Origin": "http://127.0.0.1:3000"}, 403, "may not use the lab"),
        ({"Content-Type": "text/plain"}, 415, "the body must be JSON in UTF-8"),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415, "the body must be JSON in UTF-8"),
        ({"Content-Type": None}, 415, "the body must be JSON in UTF-8"),
        ({"Content-Type": "application/json; charset=klingon"}, 415, "the body must be JSON in UTF-8"),
        ({"Content-Type": "application/json; charset=utf-16"}, 415, "the body must be JSON in UTF-8"),
    ],
)
def test_what_a_web_page_could_send_changes_nothing(
    server: Server, headers: dict[str, str | None], status: int, error: str
) -> None:
    answer = server.ask("POST", "/faults", data=json.dumps(FAULT), headers=headers)
    assert (answer.status_code, error in answer.json()["error"]) == (status, True), answer.text
    assert answer.json()["hint"]
    assert server.dns.faults() == []


@pytest.mark.parametrize("path", ["/zones", "/zones/dest.test", "/history", "/faults", "/owners"])
def test_what_a_web_page_could_read_is_kept_from_it(server: Server, path: str) -> None:
    assert server.ask("GET", path, headers={"Authorization": None}).status_code == 401
    assert server.ask("GET", path, headers={"Host": "rebound.example.com"}).status_code == 403
    assert server.ask("GET", path, headers={"Origin": "http://rebound.example.com"}).status_code == 403
    assert server.ask("OPTIONS", path, headers={"Authorization": None}).status_code == 401


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1:25080", "[::1]:8053", "198.18.0.2:8053", "dns.lab.test:8053"])
def test_whoever_asks_by_an_address_or_a_name_of_the_lab_is_answered(server: Server, name: str) -> None:
    headers = {"Host": name, "Origin": f"http://{name}"}
    assert server.ask("POST", "/faults", json=FAULT, headers=headers).status_code == 201


def test_health_says_no_more_than_that_there_is_a_server(server: Server) -> None:
    assert server.ask("GET", "/health", headers={"Authorization": None}).status_code == 200
    assert server.ask("GET", "/health", headers={"Host": "example.com"}).status_code == 403


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"[" * 33 + b"]" * 33,
        b'{"owner": "me", "kind": "flap", "outcomes": [' * 50 + b'"normal"' + b"]}" * 50,
        b"\xff",
        b"\xff\xfe{\0}\0",
        b"",
        b"{",
        b"[" + b"9" * 5000 + b"]",  # longer than int() reads
    ],
)
def test_a_body_that_nobody_should_read(server: Server, body: bytes) -> None:
    answer = server.ask("POST", "/faults", data=body)
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"].startswith("the body ")


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "klingon"])
@pytest.mark.parametrize("body", [b"no gzip", gzip.compress(json.dumps(FAULT).encode(), mtime=0)])
def test_a_body_that_is_compressed(server: Server, encoding: str, body: bytes) -> None:
    answer = server.ask("POST", "/faults", data=body, headers={"Content-Encoding": encoding})
    assert 400 <= answer.status_code < 500
    assert server.dns.faults() == []


@pytest.mark.parametrize("character", ["\\ud800", "\\u2028", "\\u0000", "\\u202e"])
def test_a_character_that_is_no_text(server: Server, character: str) -> None:
    for body in (
        f'{{"owner": "{character}", "kind": "drop"}}',
        f'{{"owner": "me", "kind": "{character}"}}',
        f'{{"owner": "me", "kind": "drop", "{character}": 1}}',
        f'{{"owner": "me", "kind": "rcode", "rcode": "{character}"}}',
        f'{{"owner": "me", "kind": "drop", "name": "{character}.test"}}',
    ):
        answer = server.ask("POST", "/faults", data=body)
        assert answer.status_code == 422, answer.text
    for text in (f"{character} A 198.18.0.1", f"@ TXT {character}", f"@ {character} 1", f"@ 1{character} A 198.18.0.1"):
        answer = server.ask("PUT", "/zones/a.test", data=f'{{"owner": "me", "text": "{text}"}}')
        assert answer.status_code in (200, 422), answer.text
    assert server.ask("GET", "/zones?owners=me").status_code == 200


@pytest.mark.parametrize("since", ["%C2%B2", "%D9%A3", "9" * 5000, "-1", "1e3", "%ED%A0%80", "0001-01-01T00:00:00"])
def test_a_since_that_is_no_number(server: Server, since: str) -> None:
    answer = server.ask("GET", f"/history?since={since}")
    assert answer.status_code == 422, answer.text


@pytest.mark.parametrize(
    "path", ["/zones/%00", "/zones/%ff", "/zones/%ED%A0%80", "/zones/" + "a." * 200, "/zones/a..b"]
)
def test_a_path_that_is_no_zone(server: Server, path: str) -> None:
    for method in ("GET", "DELETE"):
        assert server.ask(method, path).status_code in (404, 422)
    assert server.ask("PUT", path, json={"owner": "me", "text": ""}).status_code in (200, 422)


def test_bytes_that_are_no_http(server: Server) -> None:
    for request in (
        b"\0" * 100,
        b"GET\r\n\r\n",
        b"POST /faults HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\n",
    ):
        with socket.create_connection((HOST, server.ports.http), 5) as client:
            client.sendall(request)
            client.shutdown(socket.SHUT_WR)
            assert client.recv(4096)[:12] in (b"", b"HTTP/1.1 400", b"HTTP/1.0 400")
    assert server.ask("GET", "/health").status_code == 200


def test_the_scripted_host_needs_no_more_of_this_package_than_its_image_has() -> None:
    """Its Dockerfile copies two modules of dnszone/."""
    root = Path(__file__).parents[3]
    copied = next(
        line.split()[1:-1]
        for line in (root / "compose/scripted/Dockerfile").read_text().splitlines()
        if "COPY dnszone" in line
    )
    code = "import sys, scripted.__main__; print(*(m for m in sys.modules if m.partition('.')[0] == 'dnszone'))"
    loaded = subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        capture_output=True,
        text=True,
        cwd=root,
        env={"PYTHONPATH": "compose:.", "PYTHONDONTWRITEBYTECODE": "1"},
    ).stdout.split()
    assert {f"{name.replace('.', '/')}.py" for name in loaded if "." in name} == {
        each for each in copied if "__init__" not in each
    }
