"""Whatever text or bytes are read, there is a value or the error that is documented, and nothing else."""

from __future__ import annotations

import json
from typing import Any

import dns.message
from hypothesis import given
from hypothesis import strategies as st
from scripted.check import InvalidError as ScriptError
from scripted.policies import read_policy
from scripted.read import read_script

from dnszone import socketmap, wire
from dnszone.control import DEEPEST
from dnszone.masterfile import TYPES, absolute, read
from dnszone.problem import InvalidError, RequestError, did_you_mean
from dnszone.record import parent, size, within
from dnszone.response import normal
from dnszone.rules import Rules
from dnszone.zones import Zones

ANYTHING = st.text(st.characters())  # lone surrogates too
WORDS = st.one_of(
    st.sampled_from(
        [
            *(
                "@",
                "a",
                "*",
                "*.b",
                "a.test.",
                "b.test.",
                "\\228",
                "a\\.b",
                "$X",
                "$NO",
                "${",
                "\\",
                "..",
                "²",
                "1h",
                "0",
                "-1",
            ),
            *(
                "4294967296",
                "IN",
                "CH",
                "(",
                ")",
                ";",
                '"',
                '"a b"',
                "\\#",
                "3",
                "abcdef",
                "\u2028",
                "\xa0",
                "\ud800",
                "\0",
            ),
            *("A", "AAAA", "MX", "TXT", "CNAME", "DNAME", "NS", "SOA", "SRV", "TLSA", "CAA", "TYPE65280", "TYPE65536"),
            *(
                "198.18.0.1",
                "fd00::1",
                "10",
                "$ORIGIN",
                "$TTL",
                "$INCLUDE",
                "$GENERATE",
                "x" * 70,
                ".".join(["y" * 60] * 5),
            ),
        ]
    ),
    st.sampled_from(sorted(TYPES)),
    ANYTHING,
)
LINES = st.lists(st.lists(WORDS, max_size=9).map(" ".join) | st.lists(WORDS, max_size=9).map("\t".join), max_size=12)
KEYS = st.sampled_from(
    [
        *(
            "owner",
            "kind",
            "name",
            "type",
            "client",
            "transport",
            "first",
            "from",
            "to",
            "rcode",
            "seconds",
            "ttl",
            "order",
        ),
        *(
            "outcomes",
            "then",
            "form",
            "origin",
            "text",
            "variables",
            "file",
            "connect",
            "rcpt",
            "banner",
            "body",
            "extensions",
        ),
        *(
            "reply",
            "delay",
            "garbage",
            "close",
            "recipient",
            "sender",
            "action",
            "state",
            "host",
            "drop",
            "loss",
            "add",
            "base64",
        ),
    ]
)
VALUES = st.one_of(
    *(st.none(), st.booleans(), st.integers(), st.floats(), ANYTHING),
    st.sampled_from(
        ["me", "rcode", "flap", "view", "order", "delay", "normal", "a.test", "450 4.2.0 no", "refuse", "ipv4"]
    ),
)
JSON = st.recursive(
    VALUES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS | ANYTHING, inner, max_size=5),
    max_leaves=20,
)
OBJECTS = st.dictionaries(KEYS | ANYTHING, JSON, max_size=6)


def told(error: RequestError) -> None:
    """Fail unless the error has something to say, as JSON."""
    assert json.dumps(error.answer()["problems"]) != "[]"


@given(LINES)
def test_any_zone_text_is_a_zone_or_has_problems_with_their_lines(lines: list[str]) -> None:
    text = "\n".join(lines)
    try:
        zone = read(text, "a.test.", variables={"X": "198.18.0.1"}, file="f")
    except InvalidError as error:
        told(error)
        outside = [each for each in error.problems if each.file != "f" or not 1 <= (each.line or 0) <= len(text) + 1]
        if outside:
            raise AssertionError(outside) from error
        return
    again = read(zone.text, "a.test.")
    assert [(each.name, each.ttl, each.type, each.data) for each in again.records] == [
        (each.name, each.ttl, each.type, each.data) for each in zone.records
    ]
    zones = Zones([zone])
    for record in zone.records:
        query = wire.parse(dns.message.make_query(record.name, record.type).to_wire())
        message, _ = wire.render(query, normal(zones.resolve(query.name, query.type)), wire.LARGEST)
        dns.message.from_wire(message)


@given(ANYTHING | WORDS)
def test_any_word_is_a_name_or_is_none(word: str) -> None:
    did_you_mean(word, TYPES)
    try:
        name = absolute(word)
    except InvalidError:
        return
    assert absolute(name) == name
    assert 1 <= size(name) <= 255 or name == "."
    assert within(name, parent(name))
    assert Zones([read("", "a.test.")]).resolve(name, "A").rcode in ("NOERROR", "NXDOMAIN", "REFUSED")


@given(st.binary(max_size=600))
def test_any_packet_is_a_query_or_is_unreadable(packet: bytes) -> None:
    for each in (packet, packet[:2] + b"\1\0\0\1" + packet[2:]):
        try:
            query = wire.parse(each)
        except wire.UnreadableError as error:
            if error.rcode is not None:
                dns.message.from_wire(wire.refusal(each, error.rcode))
            continue
        assert absolute(query.name) == query.name


@given(OBJECTS | JSON)
def test_any_json_is_a_fault_or_has_problems(value: Any) -> None:
    rules = Rules()
    try:
        rule = rules.add(value)
    except InvalidError as error:
        told(error)
        return
    json.dumps(rule.to_json())


@given(OBJECTS | JSON)
def test_any_json_is_a_script_and_a_policy_or_has_problems(value: Any) -> None:
    for reader in (read_script, read_policy):
        try:
            reader(value)
        except ScriptError as error:
            told(error)


@given(ANYTHING, ANYTHING)
def test_any_request_to_the_table_has_an_answer(host: str, key: str) -> None:
    zones = Zones([read("@ MX 10 mx", "a.test.")])
    assert socketmap.answer(zones, f"{host} {key}").split(" ")[0] in ("OK", "NOTFOUND", "PERM")


def test_the_deepest_body_can_be_read_told_and_applied() -> None:
    fault: dict[str, Any] = {"kind": "drop"}
    for _ in range(DEEPEST):
        fault = {"kind": "flap", "outcomes": [fault]}
    rule = Rules().add({"owner": "me", **fault})
    assert json.dumps(rule.to_json()).count("flap") > DEEPEST
