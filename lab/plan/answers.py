"""DNS answers as Postfix's dns_lookup(3) judges them, and the questions that lead to them.

In: anything that answers ``resolve(name, type)`` like dnszone's zones.
Out: for each question its outcome (ok, nullmx, notfound, nodata, retry, fail or invalid) and the data.

An rcode other than NOERROR and NXDOMAIN is taken as the resolver library reports it to Postfix: SERVFAIL,
REFUSED, NOTIMP and no answer at all ("TIMEOUT") are "try again"; any other, FORMERR among them, is final.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import TYPE_CHECKING, Protocol

from lab.route.plan import Question

if TYPE_CHECKING:
    from dnszone.zones import Answer

Purpose = tuple[str, str]  # why a question is asked, and the rule behind it
CNAME_LIMIT = 10  # dns_lookup_x() follows that many, then reports the name as not found
TRY_AGAIN = frozenset({"SERVFAIL", "REFUSED", "NOTIMP", "TIMEOUT"})
HOSTNAME = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)(\.(?!-)[a-z0-9_-]{1,63}(?<!-))*", re.IGNORECASE)
ERRORS = {
    "notfound": "Host not found",
    "nodata": "Host found but no data record of requested type",
    "retry": "Host not found, try again",
    "fail": "Non-recoverable error",
    "invalid": "Malformed or unexpected name server reply",
}


class Zones(Protocol):
    """Where the answers come from: ``dnszone.zones.Zones``, or a double of it."""

    def resolve(self, name: str, type: str) -> Answer:
        """Return the answer for an absolute name ("a.test.") and a type ("MX")."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of a question: the outcome, the data, and Postfix's text for an outcome without data."""

    outcome: str
    data: tuple[str, ...]
    reason: str


@dataclass(slots=True)
class Asker:
    """Asks *zones* on behalf of one host; ``asked`` has its questions in order."""

    zones: Zones
    asked: list[Question] = field(default_factory=list)

    def ask(self, name: str, type_: str, purpose: Purpose) -> Answered:
        """Ask, note the question, and ask on where the answer ends with an alias."""
        for _ in range(CNAME_LIMIT):
            outcome, data, alias = self.records(name, type_)
            self.asked.append(Question(name, type_, _shown(outcome, data, alias), *purpose))
            if outcome != "alias" or alias is None:
                return Answered(outcome, tuple(data), _reason(name, type_, outcome))
            name = alias
            purpose = ("The answer ended with an alias; its target is asked for.", "RFC 1034 3.6.2")
        return Answered("notfound", (), f"Name server loop for {name}")

    def records(self, name: str, type_: str) -> tuple[str, list[str], str | None]:
        """Return outcome, data and last alias of one answer; no question is noted."""
        answer = self.zones.resolve(f"{name.lower()}.", type_)
        aliases = [record.data.rstrip(".") for record in answer.answers if record.type == "CNAME"]
        alias = aliases[-1] if aliases else None
        if answer.rcode in TRY_AGAIN:
            return "retry", [], alias
        if answer.rcode == "NXDOMAIN":
            return "notfound", [], alias
        if answer.rcode != "NOERROR":
            return "fail", [], alias
        data = [record.data for record in answer.answers if record.type == type_]
        if not data:
            return ("alias" if alias else "nodata"), [], alias
        if type_ == "MX":
            return *_valid(data), alias
        return "ok", data, alias


def address_of(name: str) -> str | None:
    """Return the address that *name* is, with or without "IPv6:" (RFC 5321 4.1.3); None for a host name."""
    try:
        return str(ip_address(name[5:] if name.lower().startswith("ipv6:") else name))
    except ValueError:
        return None


def _valid(data: list[str]) -> tuple[str, list[str]]:
    """Judge MX data: one null MX makes the whole answer null (RFC 7505); a malformed name is dropped."""
    names = {record: exchanger(record)[1] for record in data}
    if "" in names.values():
        return "nullmx", []
    kept = [record for record, name in names.items() if address_of(name) or HOSTNAME.fullmatch(name)]
    return ("ok", kept) if kept else ("invalid", [])


def exchanger(record: str) -> tuple[int, str]:
    """Return preference and name of MX data; the name of a null MX is ""."""
    preference, _, name = record.partition(" ")
    return int(preference), name.strip().rstrip(".")


def _reason(name: str, type_: str, outcome: str) -> str:
    prefix = "" if outcome == "invalid" else "Host or domain name not found. "
    error = ERRORS.get(outcome)
    return f"{prefix}Name service error for name={name} type={type_}: {error}" if error else ""


def _shown(outcome: str, records: list[str], alias: str | None) -> str:
    through = f"alias of {alias}: " if alias else ""
    if outcome == "ok":
        return through + ", ".join(record.rstrip(".") for record in records)
    texts = {
        "alias": f"alias of {alias}",
        "nodata": "no such record",
        "notfound": "no such name",
        "nullmx": "0 . (null MX)",
        "retry": "no answer to rely on (try again)",
        "fail": "an error that is final",
        "invalid": "a malformed name",
    }
    return texts[outcome] if outcome == "alias" else through + texts[outcome]
