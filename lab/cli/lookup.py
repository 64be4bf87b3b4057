"""One DNS query to the lab's DNS, asked over TCP at its published port."""

from __future__ import annotations

from dataclasses import dataclass

from lab.errors import LabError

TIMEOUT = 5.0


@dataclass(frozen=True, slots=True)
class Found:
    """A record of an answer."""

    name: str
    ttl: int
    type: str
    data: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What the DNS said. ``rcode`` is its word, such as NXDOMAIN; ``flags`` as dig shows them."""

    rcode: str
    flags: str
    records: tuple[Found, ...]


def ask(port: int, name: str, type_: str) -> Answer:
    """Return the answer to a question; a name without a final dot is absolute too. Raises LabError."""
    import dns.exception
    import dns.flags
    import dns.message
    import dns.name
    import dns.query
    import dns.rcode
    import dns.rdatatype

    try:
        query = dns.message.make_query(dns.name.from_text(name), type_.upper())
    except (dns.exception.DNSException, ValueError) as error:  # no name, no type, or one beyond 65535
        raise LabError(
            f"{name} {type_} is not a question: {error}", hint="a name and a type, such as dest.test MX"
        ) from None
    try:
        answer = dns.query.tcp(query, "127.0.0.1", TIMEOUT, port)
    except (OSError, EOFError, dns.exception.DNSException) as error:
        raise LabError(
            f"the DNS does not answer: {error or type(error).__name__}", hint="`lab logs dns` shows what it says"
        ) from error
    records = tuple(
        Found(str(rrset.name), rrset.ttl, dns.rdatatype.to_text(rrset.rdtype), rdata.to_text())
        for rrset in answer.answer
        for rdata in rrset
    )
    return Answer(dns.rcode.to_text(answer.rcode()), dns.flags.to_text(answer.flags).lower(), records)
