"""Queries byte by byte: what is read, what is refused, and that nothing is read for ever."""

from __future__ import annotations

import struct
from collections.abc import Sequence

import dns.message
import pytest
from dns.rcode import Rcode

from dnszone import wire
from dnszone.history import History
from dnszone.log import Log
from dnszone.masterfile import read
from dnszone.responder import Responder
from dnszone.rules import Rules
from dnszone.zones import Zones

POINTER_REACH = 0x3F00
OPT = b"\0" + struct.pack("!HHIH", 41, 1232, 0, 0)  # root, type, size, version and flags, no options


def packet(labels: Sequence[bytes], records: bytes = b"", counts: tuple[int, int, int] = (0, 0, 0)) -> bytes:
    """Return a query for A; *counts* are those of the other sections, whose *records* follow."""
    name = b"".join(bytes([len(label)]) + label for label in labels) + b"\0"
    return struct.pack("!6H", 7, 0x100, 1, *counts) + name + b"\0\1\0\1" + records


def answered(text: str, query: bytes) -> dns.message.Message:
    """Return what a server with the zone a.test answers."""
    reply = Responder(Zones([read(text, "a.test.")]), Rules(), History(), Log()).reply(query, "127.0.0.1", 1, "tcp")
    assert reply.message is not None
    return dns.message.from_wire(reply.message)


@pytest.mark.parametrize("label", [b"\xe4\xf6", b"\xff" * 63, b"\0", b".", b"\\", b" ", b"\xc3\xa9", b'"', b"$", b"@"])
def test_a_label_may_have_any_bytes(label: bytes) -> None:
    """RFC 2181 11."""
    escaped = "".join(f"\\{byte:03}" for byte in label)
    found = answered(f"{escaped} A 198.18.0.1\n@ MX 10 {escaped}", packet([label, b"a", b"test"]))
    assert found.rcode() == Rcode.NOERROR
    (answer,) = found.answer
    assert answer.name.labels[0] == label
    assert [each.to_text() for each in answer] == ["198.18.0.1"]
    assert answered("@ A 198.18.0.1", packet([label, b"a", b"test"])).rcode() == Rcode.NXDOMAIN


@pytest.mark.parametrize(
    ("records", "counts", "problem"),
    [
        (OPT, (1, 0, 0), "not in the additional section (RFC 6891 6.1.1)"),
        (OPT, (0, 1, 0), "not in the additional section (RFC 6891 6.1.1)"),
        (OPT * 2, (0, 0, 2), "more than one OPT record (RFC 6891 6.1.1)"),
        (OPT * 2, (0, 1, 1), "not in the additional section (RFC 6891 6.1.1)"),
        (b"\1a" + OPT, (0, 0, 1), "not at the root (RFC 6891 6.1.2)"),
        (b"\xc0\x0c" + OPT[1:], (0, 0, 1), "not at the root (RFC 6891 6.1.2)"),
        (OPT[:-1] + b"\3\0\0\0", (0, 0, 1), "Not enough bytes"),  # an option that is cut off
        (OPT[:-1] + b"\5\0\1\0\2x", (0, 0, 1), "Not enough bytes"),
        (b"", (0, 0, 1), "Not enough bytes"),
        (OPT, (0, 0, 65535), "Not enough bytes"),
    ],
)
def test_where_opt_may_not_be(records: bytes, counts: tuple[int, int, int], problem: str) -> None:
    with pytest.raises(wire.UnreadableError) as caught:
        wire.parse(packet([b"a", b"test"], records, counts))
    assert problem in str(caught.value)
    assert caught.value.rcode == Rcode.FORMERR


def test_opt_is_read_behind_other_records() -> None:
    other = b"\xc0\x0c" + struct.pack("!HHIH", 250, 255, 0, 3) + b"abc"
    options = OPT[:-1] + b"\4\0\x0a\0\0"  # an option without a value
    query = wire.parse(packet([b"a", b"test"], other + options, (0, 0, 2)))
    assert (query.edns_version, query.udp, query.wants_dnssec) == (0, 1232, False)


def test_opt_is_no_type_to_ask_for() -> None:
    asked = packet([b"a", b"test"])[:-4] + b"\0\x29\0\1"
    with pytest.raises(wire.UnreadableError, match="asks for OPT"):
        wire.parse(asked)


@pytest.mark.parametrize(
    "name",
    [
        b"\xc0\x0c",  # to itself
        b"\1a\xc0\x0c",  # round and round
        b"\xc0\x0e\xc0\x0c",  # forwards
        b"\xff\xff",
        b"\x40a",  # a label type of RFC 2673
        b"\x80a",
        (b"\x3f" + b"a" * 63) * 4 + b"\0",  # 257 bytes
        b"\x3faaa",
        b"",
    ],
)
def test_a_name_that_cannot_be_read(name: bytes) -> None:
    with pytest.raises(wire.UnreadableError) as caught:
        wire.parse(struct.pack("!6H", 7, 0x100, 1, 0, 0, 0) + name)
    assert caught.value.rcode == Rcode.FORMERR


def test_a_name_of_255_bytes_is_read_and_answered() -> None:
    labels = [b"x" * 63] * 3 + [b"y" * 54, b"a", b"test"]
    assert answered("* A 198.18.0.1", packet(labels)).answer[0].name.labels[:-1] == tuple(labels)


def test_names_that_point_to_each_other_are_passed_over() -> None:
    """Each of 1,300 records has a name that points to the one before it; nobody needs to know them."""
    at, records = len(packet([b"a", b"test"])), b""
    while len(records) < POINTER_REACH - at:
        records += (0xC000 | at + len(records)).to_bytes(2) + b"\0\1\0\1" + b"\0" * 6
    assert wire.parse(packet([b"a", b"test"], records, (0, 0, len(records) // 12))).name == "a.test."
