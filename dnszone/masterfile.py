"""Reads a zone from a master file (RFC 1035 5), record by record, and collects everything that is wrong with it.

In: text, the zone's origin, the values of its variables. Record types and their data are dnspython's.
Out: a :class:`dnszone.zone.Zone`; or InvalidError with all problems, each with file and line.

The TTL of a record that has none is that of $TTL (RFC 2308 4), else the last one stated, else the SOA record's minimum,
else :data:`dnszone.zone.TTL`. SOA and NS records of the apex are made where the text has none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import dns.exception
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.ttl

from dnszone.lines import DIRECTIVES, Entry, Splitter
from dnszone.problem import InvalidError, Problem, did_you_mean
from dnszone.record import Record
from dnszone.zone import TTL, WORLD, Zone, complete

CLASSES = {"IN", "CH", "HS", "CS"}
TYPES = {type.name for type in dns.rdatatype.RdataType if type and not dns.rdatatype.is_metatype(type)} - {
    "TYPE0",
    "NONE",
}
SHAPES = {  # what data of a type looks like, for whoever got it wrong
    "A": "an IPv4 address: 198.18.0.11",
    "AAAA": "an IPv6 address: fd00::11",
    "MX": "a preference and a host name: 10 mx1",
    "NS": "a host name",
    "CNAME": "a host name",
    "PTR": "a host name",
    "TXT": 'one or more strings: "v=spf1 -all"',
    "SRV": "priority, weight, port and host name: 0 5 587 smarthost",
    "CAA": 'flags, tag and value: 0 issue "ca.test"',
    "TLSA": "usage, selector, matching type and hexadecimal data: 3 1 1 8cb0...",
    "SOA": "name server, mailbox, serial, refresh, retry, expire, minimum: dns hostmaster 1 5 5 5 5",
}
MOST = 200  # problems of one text that are told
WITH_CNAME = {"CNAME", "RRSIG", "NSEC", "KEY"}  # what may stand beside an alias (RFC 2181 10.1, RFC 4035 2.5)


@dataclass(frozen=True, slots=True)
class _Placed:
    record: Record
    line: int


def read(
    text: str,
    origin: str,
    *,
    variables: Mapping[str, str] | None = None,
    owner: str = WORLD,
    file: str | None = None,
) -> Zone:
    """Return the zone that *text* describes. *file* is what problems name; default: the origin.

    Raises InvalidError with every problem.
    """
    reader = _Reader(absolute(origin), file or f"{origin.rstrip('.')}.zone")
    for entry in Splitter(variables or {}, reader.note).entries(text):
        reader.entry(entry)
    return Zone(reader.zone, owner, complete(reader.zone, reader.finish()))


def absolute(name: str) -> str:
    """Return a name in the form that records have. Raises InvalidError where it is none."""
    try:
        return dns.name.from_text(name).canonicalize().to_text()
    except (dns.exception.DNSException, UnicodeError) as error:
        raise InvalidError([Problem(f"{name!r} is not a domain name: {error}")]) from error


class _Reader:
    """What has been read so far."""

    def __init__(self, zone: str, file: str) -> None:
        self.zone = zone
        self._file = file
        self._apex = dns.name.from_text(zone)
        self._origin = self._apex
        self._owner: dns.name.Name | None = None
        self._default_ttl: int | None = None
        self._last_ttl: int | None = None
        self._placed: list[_Placed] = []
        self._at: dict[str, list[_Placed]] = {}  # by name
        self._seen: set[tuple[str, dns.rdata.Rdata]] = set()
        self._ttls: dict[tuple[str, str], int] = {}  # by name and type
        self._problems: list[Problem] = []

    def note(self, line: int, problem: str, hint: str | None = None) -> None:
        self._problems.append(Problem(problem, hint, self._file, line))
        if len(self._problems) == MOST:  # each hint is a search; nobody reads on
            rest = Problem(f"has {MOST} mistakes; the rest is not looked for", None, self._file, line)
            raise InvalidError([*sorted(self._problems, key=lambda problem: problem.line or 0), rest])

    def finish(self) -> list[Record]:
        """Check what only the whole can tell, and return the records."""
        self._check_aliases()
        self._check_soa()
        if self._problems:
            raise InvalidError(sorted(self._problems, key=lambda problem: problem.line or 0))
        return [placed.record for placed in self._placed]

    def entry(self, entry: Entry) -> None:
        first = entry.tokens[0]
        if not entry.indented and first.upper() in DIRECTIVES:
            self._directive(entry)
            return
        tokens = list(entry.tokens)
        owner = self._owner if entry.indented else self._name(tokens.pop(0), entry.line)
        if entry.indented and owner is None:
            self.note(
                entry.line,
                "a line that begins with a blank has the owner of the line before, and there is none",
                "begin the line with a name, or with @ for the zone itself",
            )
        if not entry.indented:
            self._owner = owner or self._apex  # a wrong name is noted once, not for each line that repeats it
        ttl, type = self._prefix(tokens, entry)
        if type is None:
            return
        rdata = self._rdata(type, tokens, entry)
        if owner is not None and rdata is not None:
            self._add(owner, ttl, type, rdata, entry.line)

    def _directive(self, entry: Entry) -> None:
        name, *values = entry.tokens
        match name.upper(), values:
            case "$ORIGIN", [value]:
                self._origin = self._name(value, entry.line) or self._origin
            case "$TTL", [value]:
                self._default_ttl = self._ttl(value, entry.line)
            case (("$ORIGIN" | "$TTL"), _):
                self.note(entry.line, f"{name} takes one value, not {len(values)}")
            case "$INCLUDE", _:
                self.note(entry.line, "$INCLUDE is not supported", "put the other file's lines here")
            case "$GENERATE", _:
                self.note(entry.line, "$GENERATE is not supported", "write each record on its own line")

    def _prefix(self, tokens: list[str], entry: Entry) -> tuple[int | None, str | None]:
        """Take TTL and class, in either order, and type from the tokens."""
        ttl = None
        while tokens and tokens[0].upper() not in TYPES:
            if "0" <= tokens[0][:1] <= "9" and ttl is None:
                ttl = self._ttl(tokens.pop(0), entry.line)
                self._last_ttl = ttl
            elif tokens[0].upper() in CLASSES:
                if tokens[0].upper() != "IN":
                    self.note(entry.line, f"class {tokens[0]}: the lab's DNS has class IN only")
                tokens.pop(0)
            else:
                break
        if not tokens and entry.broken:
            return ttl, None
        if not tokens:
            self.note(entry.line, "there is no record type", "a record is: name [ttl] type data")
            return ttl, None
        return ttl, self._type(tokens.pop(0), entry)

    def _type(self, word: str, entry: Entry) -> str | None:
        try:
            type = dns.rdatatype.from_text(word)
        except (dns.rdatatype.UnknownRdatatype, ValueError):
            self.note(entry.line, f"unknown record type {word}", self._type_hint(word, entry))
            return None
        if dns.rdatatype.is_metatype(type) or type == dns.rdatatype.NONE:
            self.note(entry.line, f"{word} is for questions only and has no records (RFC 6895 3.1)")
            return None
        return dns.rdatatype.to_text(type)

    def _type_hint(self, word: str, entry: Entry) -> str:
        if entry.indented and word == entry.tokens[0]:
            otherwise = "a line that begins with a blank has the owner of the line before, so a type comes first"
        else:
            otherwise = "a type without a name is written TYPE65280 (RFC 3597)"
        return _without_owner(entry) or did_you_mean(word, TYPES) or otherwise

    def _rdata(self, type: str, tokens: list[str], entry: Entry) -> dns.rdata.Rdata | None:
        try:
            return dns.rdata.from_text("IN", type, " ".join(tokens), self._origin, relativize=False)
        except (dns.exception.DNSException, ValueError) as error:
            if entry.broken:
                return None
            cause = str(error) or "it is malformed"
            shown = " ".join(tokens) or "nothing"
            hint = f"{type} data is {SHAPES[type]}" if type in SHAPES else None
            hint = _without_owner(entry) or hint
            self.note(entry.line, f"{type} data cannot be {shown}: {cause.rstrip('.')}", hint)
            return None

    def _name(self, word: str, line: int) -> dns.name.Name | None:
        try:
            return self._origin if word == "@" else dns.name.from_text(word, self._origin)
        except (dns.exception.DNSException, UnicodeError) as error:
            self.note(line, f"{word} is not a domain name: {str(error).rstrip('.')}")
            return None

    def _ttl(self, token: str, line: int) -> int | None:
        try:
            return dns.ttl.from_text(token)
        except (dns.exception.DNSException, ValueError):
            self.note(line, f"{token} is not a TTL", "seconds, or 1h30m, up to 2147483647 seconds")
            return None

    def _add(self, owner: dns.name.Name, ttl: int | None, type: str, rdata: dns.rdata.Rdata, line: int) -> None:
        name = owner.canonicalize().to_text()
        if not owner.is_subdomain(self._apex):
            hint = f"{owner.to_text(omit_final_dot=True)} without its final dot is a name of this zone"
            self.note(line, f"{name} is not in the zone {self.zone}", hint)
            return
        if ttl is None:
            ttl = self._default_ttl if self._default_ttl is not None else self._last_ttl
        if ttl is None and type == "SOA":
            ttl = self._last_ttl = int(rdata.to_text().rpartition(" ")[2])
        if (name, rdata) in self._seen:
            return  # a record is there once, however often it is written (RFC 2181 5)
        self._seen.add((name, rdata))
        # The records of a set have one TTL (RFC 2181 5.2).
        ttl = self._ttls.setdefault((name, type), TTL if ttl is None else ttl)
        placed = _Placed(Record(name, ttl, type, rdata.to_text()), line)
        self._placed.append(placed)
        self._at.setdefault(name, []).append(placed)

    def _check_aliases(self) -> None:
        for name, placed in self._at.items():
            aliases = [each for each in placed if each.record.type == "CNAME"]
            others = [each for each in placed if each.record.type not in WITH_CNAME]
            for alias in aliases[1:]:
                self.note(alias.line, f"{name} has a second CNAME record; the first is in line {aliases[0].line}")
            if aliases and others:
                self.note(
                    aliases[0].line,
                    f"{name} has CNAME and other data: {others[0].record.type} in line {others[0].line}",
                    "an alias is alone at its name (RFC 1034 3.6.2)",
                )

    def _check_soa(self) -> None:
        soas = [placed for placed in self._placed if placed.record.type == "SOA"]
        apex = [placed for placed in soas if placed.record.name == self.zone]
        for placed in apex[1:]:
            self.note(placed.line, f"a second SOA record; the first is in line {apex[0].line}")
        for placed in soas:
            if placed not in apex:
                self.note(placed.line, f"a SOA record belongs to the zone itself, {self.zone}", "begin the line with @")


def _without_owner(entry: Entry) -> str | None:
    """Return the hint for a line that seems to begin with a type, "MX 10 mx1"."""
    first = entry.tokens[0].upper()
    if entry.indented or first not in TYPES:
        return None
    return f"if {first} is the type, begin the line with the name, or with @ for the zone itself"
