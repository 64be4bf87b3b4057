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

from dnszone.record import LONGEST_NAME, Record
from dnszone.response import Response

HEADER = 12  # bytes
OPCODE = 0x78  # its bits in the third byte; zero is QUERY
PLAIN_UDP = 512  # RFC 1035 2.3.4
EDNS_UDP = 1232  # no fragments on any path (DNS Flag Day 2020)
LARGEST = 65535  # over TCP
POINTER_REACH = 0x4000  # a compression pointer has 14 bits (RFC 1035 4.1.4)
LONGEST_LABEL = 63
POINTER = 0xC0  # the two high bits of a length: a compression pointer
DNSSEC_OK = 0x8000
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
    wants_dnssec: bool  # the DO bit
    header: Any  # dnslib's
    question: Any  # dnslib's


def parse(packet: bytes) -> Query:
    """Read a query. Raises UnreadableError."""
    if len(packet) < HEADER:
        raise UnreadableError(f"{len(packet)} bytes are less than a header", None)
    if packet[2] & 0x80:
        raise UnreadableError("it is a response", None)  # to answer would be to talk to oneself
    if packet[2] & OPCODE:
        raise UnreadableError(f"opcode {(packet[2] & OPCODE) >> 3} is not a query", Rcode.NOTIMP)
    buffer = _Buffer(packet)
    try:
        header = dnslib.DNSHeader.parse(buffer)
        if header.q != 1:
            raise UnreadableError(f"it has {header.q} questions", Rcode.FORMERR)
        question = dnslib.DNSQuestion.parse(buffer)
        option = _option(buffer, header)
    except (dnslib.DNSError, dnslib.buffer.BufferError) as error:
        raise UnreadableError(str(error), Rcode.FORMERR) from error
    if question.qtype == dnslib.QTYPE.OPT:
        raise UnreadableError("it asks for OPT, which is no data of a name (RFC 6891 6.1.1)", Rcode.FORMERR)
    return Query(
        id=header.id,
        name=_name(question.qname.label),
        type=dns.rdatatype.to_text(dns.rdatatype.RdataType.make(question.qtype)),
        is_internet=question.qclass == dnslib.CLASS.IN,
        udp=min(max(option.size, PLAIN_UDP), EDNS_UDP) if option else PLAIN_UDP,
        edns_version=option.version if option else None,
        wants_dnssec=option is not None and option.wants_dnssec,
        header=header,
        question=question,
    )


@dataclass(frozen=True, slots=True)
class _Option:
    """What a client's OPT record says (RFC 6891 6.1.2, 6.1.3)."""

    size: int
    version: int
    wants_dnssec: bool


def _option(buffer: _Buffer, header: Any) -> _Option | None:
    """Read the records behind the question; return what the OPT record says, None where there is none."""
    found: _Option | None = None
    for number in range(header.a + header.auth + header.ar):
        at_root = buffer.skip_name()
        type, size, ttl, length = buffer.unpack("!HHIH")
        data = _Buffer(buffer.get(length))
        if type != dnslib.QTYPE.OPT:
            continue
        if number < header.a + header.auth:
            raise UnreadableError("its OPT record is not in the additional section (RFC 6891 6.1.1)", Rcode.FORMERR)
        if found:
            raise UnreadableError("it has more than one OPT record (RFC 6891 6.1.1)", Rcode.FORMERR)
        if not at_root:
            raise UnreadableError("its OPT record is not at the root (RFC 6891 6.1.2)", Rcode.FORMERR)
        while data.remaining():
            _, length = data.unpack("!HH")
            data.get(length)
        found = _Option(size, ttl >> 16 & 0xFF, bool(ttl & DNSSEC_OK))
    return found


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
    asked = query.header
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
    question = query.question
    sections = (response.answers, response.authority, response.additional) if with_records else ((), (), ())
    packed = [[_record(record, query.name, question.qname) for record in section] for section in sections]
    if query.edns_version is not None:
        packed[2].append(_our_option(query, rcode))
    header.q, header.a, header.auth, header.ar = int(response.question), *map(len, packed)
    buffer = _Buffer()
    header.pack(buffer)
    if response.question:
        question.pack(buffer)
    for section in packed:
        for record in section:
            record.pack(buffer)
    return bytes(buffer.data)


def _our_option(query: Query, rcode: int) -> Any:
    """Return the OPT record: our size, the high bits of the rcode, version 0, the client's DO bit (RFC 6891 6.1.3)."""
    return dnslib.RR(
        rname=DNSLabel(()),
        rtype=dnslib.QTYPE.OPT,
        rclass=EDNS_UDP,
        ttl=rcode >> 4 << 24 | (DNSSEC_OK if query.wants_dnssec else 0),
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
    """dnslib's buffer, for names of any bytes, and without pointers beyond their reach in a long message."""

    def decode_name(self, last: int = -1) -> Any:  # noqa: ARG002  dnslib gives it to itself, for pointers
        """Read the question's name: labels of any bytes (RFC 2181 11). There is nothing before it to point back to."""
        labels: list[bytes] = []
        size = 1
        while length := self.unpack("!B")[0]:
            if length > LONGEST_LABEL:
                raise dnslib.buffer.BufferError(f"the first name has a label that begins with {length:#x}")
            labels.append(self.get(length))
            size += length + 1
            if size > LONGEST_NAME:
                raise dnslib.buffer.BufferError(f"a name is longer than {LONGEST_NAME} bytes")
        return DNSLabel(labels)

    def skip_name(self) -> bool:
        """Skip a name, wherever it may point to; return whether it was the root."""
        start = self.offset
        while length := self.unpack("!B")[0]:
            if length >= POINTER:
                self.get(1)
                break
            if length > LONGEST_LABEL:
                raise dnslib.buffer.BufferError(f"a label cannot begin with {length:#x}")
            self.get(length)
        return bool(self.offset == start + 1)

    def encode_name(self, name: Any) -> None:
        if self.offset < POINTER_REACH - LONGEST_NAME:
            super().encode_name(name)
            return
        known = dict(self.names)
        super().encode_name(name)
        self.names: dict[tuple[bytes, ...], int] = known  # it may point there, but nothing may point here
