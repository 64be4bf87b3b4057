"""Messages as bytes, with dnslib: queries in, responses out (RFC 1035 4, EDNS by RFC 6891).

A record whose owner is the question's name has that name in the case of the question: some clients check it (0x20).
"""

# ruff: noqa: ANN401  dnslib has no types

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import dns.exception
import dns.name
import dns.rdata
import dns.rdatatype
import dnslib  # type: ignore[import-untyped]
from dns.rcode import Rcode
from dns.rdtypes.ANY.CNAME import CNAME
from dns.rdtypes.ANY.MX import MX
from dns.rdtypes.ANY.NS import NS
from dns.rdtypes.ANY.PTR import PTR
from dns.rdtypes.ANY.SOA import SOA
from dnslib.label import DNSBuffer, DNSLabel  # type: ignore[import-untyped]

from dnszone.record import Record
from dnszone.response import Response

HEADER = 12  # bytes
OPCODE = 0x78  # its bits in the third byte; zero is QUERY
PLAIN_UDP = 512  # RFC 1035 2.3.4
EDNS_UDP = 1232  # no fragments on any path (DNS Flag Day 2020)
LARGEST = 65535  # over TCP
POINTER_REACH = 0x4000  # a compression pointer has 14 bits (RFC 1035 4.1.4)
LONGEST_NAME = 255
_PLAIN = re.compile(rb"[a-z0-9_*-]+")


class UnreadableError(ValueError):
    """Bytes that are no query of ours. ``rcode`` is what to answer, None for nothing."""

    def __init__(self, problem: str, rcode: Rcode | None) -> None:
        """*problem* says what is wrong."""
        super().__init__(problem)
        self.rcode = rcode


@dataclass(frozen=True, slots=True)
class Query:
    """A query that could be read. ``udp``: how large a response over UDP may be."""

    id: int
    name: str  # in the form that records have
    type: str
    is_internet: bool
    udp: int
    edns_version: int | None  # None: no EDNS
    message: Any  # dnslib's


def parse(packet: bytes) -> Query:
    """Read a query. Raises UnreadableError."""
    if len(packet) < HEADER:
        raise UnreadableError(f"{len(packet)} bytes are less than a header", None)
    if packet[2] & 0x80:
        raise UnreadableError("it is a response", None)  # to answer would be to talk to oneself
    if packet[2] & OPCODE:
        raise UnreadableError(f"opcode {(packet[2] & OPCODE) >> 3} is not a query", Rcode.NOTIMP)
    try:
        message = dnslib.DNSRecord.parse(packet)
    except (dnslib.DNSError, ValueError, IndexError, TypeError) as error:
        raise UnreadableError(str(error), Rcode.FORMERR) from error
    if len(message.questions) != 1:
        raise UnreadableError(f"it has {len(message.questions)} questions", Rcode.FORMERR)
    options = [each for each in message.ar if each.rtype == dnslib.QTYPE.OPT]
    if len(options) > 1:
        raise UnreadableError("it has more than one OPT record (RFC 6891 6.1.1)", Rcode.FORMERR)
    question = message.questions[0]
    option = options[0] if options else None
    return Query(
        id=message.header.id,
        name=_name(question.qname.label),
        type=dns.rdatatype.to_text(dns.rdatatype.RdataType.make(question.qtype)),
        is_internet=question.qclass == dnslib.CLASS.IN,
        udp=min(max(option.rclass, PLAIN_UDP), EDNS_UDP) if option else PLAIN_UDP,
        edns_version=option.ttl >> 16 & 0xFF if option else None,
        message=message,
    )


def refusal(packet: bytes, rcode: Rcode) -> bytes:
    """Return a header with *rcode*, and the id, opcode and RD of the packet that could not be read."""
    asked = dnslib.DNSHeader.parse(DNSBuffer(packet))
    answer = dnslib.DNSHeader(id=asked.id, bitmap=0, qr=1, opcode=asked.opcode, rd=asked.rd, rcode=int(rcode))
    return bytes(dnslib.DNSRecord(answer).pack())


def render(query: Query, response: Response, limit: int) -> tuple[bytes, bool]:
    """Return the message, and whether it had to be cut to *limit* bytes: then it has TC=1 and no records."""
    message = _message(query, response, response.tc)
    cut = len(message) > limit
    if cut:
        message = _message(query, response, True, with_records=False)
    for spoil in response.spoil:
        message = spoil(message)
    return message, cut


def flags(message: bytes) -> str:
    """Return the flags of a message as dig shows them: "qr aa rd ra"."""
    bits = int.from_bytes(message[2:4])
    names = {15: "qr", 10: "aa", 9: "tc", 8: "rd", 7: "ra", 5: "ad", 4: "cd"}
    return " ".join(name for bit, name in names.items() if bits >> bit & 1)


def _message(query: Query, response: Response, tc: bool, with_records: bool = True) -> bytes:
    asked = query.message.header
    rcode = int(Rcode[response.rcode])
    header = dnslib.DNSHeader(
        id=asked.id,
        bitmap=0,
        qr=1,
        opcode=asked.opcode,
        aa=int(response.aa),
        tc=int(tc),
        rd=asked.rd,
        ra=int(response.ra),
        ad=int(response.ad),
        cd=asked.cd,  # RFC 4035 3.1.6
        rcode=rcode & 0xF,
    )
    question = query.message.questions[0]
    sections = (response.answers, response.authority, response.additional) if with_records else ((), (), ())
    packed = [[_record(record, query.name, question.qname) for record in section] for section in sections]
    if query.edns_version is not None:
        packed[2].append(_option(query, rcode))
    header.q, header.a, header.auth, header.ar = 1, *map(len, packed)
    buffer = _Buffer()
    header.pack(buffer)
    question.pack(buffer)
    for section in packed:
        for record in section:
            record.pack(buffer)
    return bytes(buffer.data)


def _option(query: Query, rcode: int) -> Any:
    """Return the OPT record: our size, the high bits of the rcode, version 0, the client's DO bit (RFC 6891 6.1.3)."""
    asked = next(each for each in query.message.ar if each.rtype == dnslib.QTYPE.OPT)
    return dnslib.RR(
        rname=DNSLabel(()),
        rtype=dnslib.QTYPE.OPT,
        rclass=EDNS_UDP,
        ttl=rcode >> 4 << 24 | asked.ttl & 0x8000,
        rdata=[],
    )


def _record(record: Record, name: str, asked: Any) -> Any:
    type, rdata = _rdata(record.type, record.data)
    return dnslib.RR(
        rname=asked if record.name == name else _label(record.name), rtype=type, ttl=record.ttl, rdata=rdata
    )


@lru_cache(maxsize=10_000)
def _rdata(type: str, data: str) -> tuple[int, Any]:
    """Return type number and dnslib's data. Only the types of RFC 1035 have names to be compressed (RFC 3597 4)."""
    rdata = dns.rdata.from_text("IN", type, data)
    match rdata:
        case MX():
            packed = dnslib.MX(DNSLabel(rdata.exchange.labels[:-1]), rdata.preference)
        case NS() | CNAME() | PTR():
            packed = dnslib.CNAME(DNSLabel(rdata.target.labels[:-1]))
        case SOA():
            times = (rdata.serial, rdata.refresh, rdata.retry, rdata.expire, rdata.minimum)
            packed = dnslib.SOA(DNSLabel(rdata.mname.labels[:-1]), DNSLabel(rdata.rname.labels[:-1]), times)
        case _:
            packed = dnslib.RD(rdata.to_wire())
    return int(rdata.rdtype), packed


@lru_cache(maxsize=10_000)
def _label(name: str) -> Any:
    return DNSLabel(dns.name.from_text(name).labels[:-1])


def _name(labels: tuple[bytes, ...]) -> str:
    lower = [label.lower() for label in labels]
    try:
        name = dns.name.Name([*lower, b""])
    except dns.exception.DNSException as error:
        raise UnreadableError(f"the name of its question is malformed: {error}", Rcode.FORMERR) from error
    if all(map(_PLAIN.fullmatch, lower)):
        return b".".join([*lower, b""]).decode() or "."
    return name.to_text()


class _Buffer(DNSBuffer):  # type: ignore[misc]
    """dnslib's buffer, without pointers beyond their reach in a long message."""

    def encode_name(self, name: Any) -> None:
        if self.offset < POINTER_REACH - LONGEST_NAME:
            super().encode_name(name)
            return
        known = dict(self.names)
        super().encode_name(name)
        self.names: dict[tuple[bytes, ...], int] = known  # it may point there, but nothing may point here
