"""Mutated HTTP requests to the control APIs (RFC 9112): of the DNS and of the scripted host."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import suppress
from random import Random
from typing import Any

from . import HOST, PATIENCE, randoms, spoiled

WAIT = 0.1  # seconds for an answer; a request may want more than it has, and then there is none
TOKEN = "open-sesame"
RIGHT: tuple[tuple[str, str, Any], ...] = (
    ("GET", "/zones", None),
    ("GET", "/zones?owners=me", None),
    ("GET", "/zones/dest.test.", None),
    (
        "PUT",
        "/zones/a.test.",
        {"owner": "me", "text": "@ 5 MX 10 mx\nmx A $X", "variables": {"X": "198.18.0.1"}, "file": "a"},
    ),
    ("DELETE", "/zones/a.test.", None),
    ("GET", "/faults", None),
    (
        "POST",
        "/faults",
        {"owner": "me", "kind": "rcode", "rcode": "SERVFAIL", "name": "*.a.test", "type": "MX", "first": 2},
    ),
    (
        "POST",
        "/faults",
        {"owner": "me", "kind": "flap", "outcomes": ["normal", {"kind": "delay", "seconds": 0.1}], "then": "last"},
    ),
    (
        "POST",
        "/faults",
        {"owner": "me", "kind": "view", "origin": "a.test", "text": "@ A 198.18.0.1", "client": "198.18.0.22"},
    ),
    ("POST", "/faults", {"owner": "me", "kind": "order", "order": ["10 mx1.dest.test."], "from": 1, "to": 5}),
    ("DELETE", "/faults/f1", None),
    ("GET", "/history?name=*.dest.test&type=MX&client=127.0.0.1&transport=udp&rcode=NOERROR&since=1&last=5", None),
    ("GET", "/history?since=2026-01-01T00:00:00Z", None),
    ("GET", "/owners", None),
    ("DELETE", "/owners/me", None),
    ("GET", "/health", None),
    ("POST", "/leases", {"owner": "me", "count": 1}),
    ("DELETE", "/leases/127.0.0.1", None),
    (
        "PUT",
        "/scripts/127.0.0.1",
        {"rcpt": [{"recipient": "bia@*", "first": 2, "reply": "450 4.2.0 no"}], "connect": "refuse"},
    ),
    (
        "PUT",
        "/scripts/127.0.0.1",
        {"banner": {"reply": ["220 a", "b"], "delay": 0.1}, "extensions": {"add": ["X"], "size": 10}},
    ),
    ("GET", "/sessions?address=127.0.0.1", None),
    (
        "POST",
        "/policies",
        {"owner": "me", "host": ["198.18.0.11"], "state": "RCPT", "recipient": "*@a.test", "action": "HOLD"},
    ),
)
VALUES: tuple[Any, ...] = (
    *(None, True, 0, -1, 1, 10**400, 1.5, float("nan"), float("inf"), "", " ", "x" * 5000, [], {}, [[]], {"": ""}),
    *(
        "\ud800",
        "\u2028",
        "\0",
        "\x1b[2J",
        "²",
        "٣",
        "*",
        "..",
        "a..b",
        "\\",
        "$X",
        "${",
        "(",
        '"',
        "*" * 300,
        "\u202e",
    ),
)
HEADERS = (
    *("Content-Encoding: gzip", "Transfer-Encoding: chunked", "Transfer-Encoding: gzip, chunked", "Content-Length: -1"),
    *("Content-Length: 99999999999999999999", "Content-Length: 5", "Content-Type: text/plain", "Expect: 100-continue"),
    *("Content-Type: application/json; charset=klingon", "Host: rebound.example.com", "Host: [", "Origin: null", "X"),
    *(
        "Upgrade: websocket",
        "Connection: close, upgrade",
        "Authorization: Bearer \xff",
        "Cookie: " + "a" * 9000,
        "X: \0",
    ),
)


def mutations(seed: int, count: int) -> Iterator[bytes]:
    """Yield *count* requests, each on a connection of its own."""
    for random in randoms(seed, count):
        method, path, value = random.choice(RIGHT)
        if random.random() < 0.3:
            method = random.choice(("GET", "PUT", "POST", "DELETE", "OPTIONS", "HEAD", "TRACE", "get", "\u00e9"))
        if random.random() < 0.3:
            path = spoiled(random, path.encode()).decode("latin-1")
        if value is not None and random.random() < 0.8:
            value = _wrong(random, value)
        body = b"" if value is None else json.dumps(value).encode()
        if random.random() < 0.1:
            body = random.choice((b"[" * 50_000, b'{"a":' * 5_000, b"\xff", b"\xef\xbb\xbf{}", b"{}{}", b"1e999"))
        headers = ["Host: 127.0.0.1:8053", f"Authorization: Bearer {TOKEN}", "Content-Type: application/json"]
        headers.append(f"Content-Length: {len(body)}")
        for _ in range(random.choice((0, 0, 0, 1, 2))):
            headers.insert(random.randint(0, len(headers)), random.choice(HEADERS))
        lines = [f"{method} {path} HTTP/1.1", *headers, "", ""]
        whole = "\r\n".join(lines).encode("latin-1", "replace") + body
        yield spoiled(random, whole) if random.random() < 0.2 else whole


def status(port: int, request: bytes) -> str:
    """Return the status that a server at 127.0.0.1 answers with, "" where it waits for more, or hangs up."""
    with socket.create_connection((HOST, port), PATIENCE) as client, suppress(ConnectionError, TimeoutError):
        client.sendall(request)
        client.settimeout(WAIT)
        return client.recv(12)[9:].decode()
    return ""


def _wrong(random: Random, value: Any) -> Any:
    """Return JSON with one to three values or keys that nobody expects."""
    for _ in range(random.randint(1, 3)):
        value = _replaced(random, value)
    return value


def _replaced(random: Random, value: Any) -> Any:
    if isinstance(value, dict) and value and random.random() < 0.9:
        key = random.choice(list(value))
        match random.randrange(8):
            case 0:
                return {other: each for other, each in value.items() if other != key}
            case 1:
                return {**value, str(random.choice(VALUES)): random.choice(VALUES)}
            case _:
                return {**value, key: _replaced(random, value[key])}
    if isinstance(value, list) and value and random.random() < 0.7:
        at = random.randrange(len(value))
        return [*value[:at], _replaced(random, value[at]), *value[at + 1 :]]
    if isinstance(value, str) and random.random() < 0.4:
        at = random.randint(0, len(value))
        return value[:at] + str(random.choice(VALUES)) + value[at:]
    return random.choice(VALUES)
