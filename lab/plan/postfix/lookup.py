"""Name service as Postfix's SMTP client uses it: its questions in order, and what it makes of the answers.

After smtp_addr(3). In: a destination. Out: :class:`Found`, its addresses; where there are none, :class:`Why`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from ipaddress import ip_address

from lab.plan.answers import Answered, Asker, Purpose, address_of, exchanger
from lab.route.plan import Exclusion, Target
from lab.servers.postfix.settings import Settings

MAIL: Purpose = ("Which hosts take the domain's mail?", "RFC 5321 5.1")
IMPLICIT: Purpose = ("No MX record: the domain is its own mail exchanger.", "RFC 5321 5.1")
IGNORED: Purpose = ("A failed MX lookup counts as none.", "ignore_mx_lookup_error")
EXCHANGER: Purpose = ("All exchangers are looked up before the first connection.", "smtp_addr(3)")

RECORDS = 100
"""dns_rr_append(3) takes no more into one list: of an answer, of the addresses of a host, of those of a destination."""

LIMIT = "DNS record count limit"  # as Postfix warns of it
MANY = f"the answer has more than {RECORDS} records, and those after them are dropped, whatever their preference"
FULL = f"{RECORDS} addresses have been found before it, and no more are taken"

STATUS = {"retry": "4.4.3", "fail": "5.4.3", "invalid": "5.4.4", "notfound": "5.4.4", "nodata": "5.4.4"}
GRAVITY = {"retry": 3, "invalid": 2, "fail": 1}


@dataclass(slots=True)
class Why:
    """The reason why there is no address (Postfix's DSN_BUF)."""

    status: str | None = None
    reason: str | None = None

    def set(self, status: str, reason: str) -> None:
        """Note a failure."""
        self.status, self.reason = status, reason

    def keep_soft(self, status: str, reason: str) -> None:
        """Note a failure; after a soft one (4.x.x) it cannot be a hard one any more."""
        soft = self.status is not None and self.status.startswith("4")
        self.set("4" + status[1:] if soft else status, reason)

    @property
    def loops(self) -> bool:
        """Whether mail would come back to this host."""
        return self.status == "5.4.6"


@dataclass(frozen=True, slots=True)
class Found:
    """What came of one destination: targets by preference, and hosts that are not tried."""

    targets: tuple[Target, ...] = ()
    excluded: tuple[Exclusion, ...] = ()
    self_is_exchanger: bool = False
    implicit: bool = False  # the address is the domain's own, without an MX record


@dataclass(slots=True)
class Resolver:
    """Looks destinations up for one host.

    *own*: the addresses this host receives mail at. *hosts*: address to lab name.
    """

    asker: Asker
    settings: Settings
    own: frozenset[str]
    hosts: Mapping[str, str]

    def domain(self, domain: str, port: int, why: Why) -> Found:
        """Return the mail exchangers of *domain*, or its own addresses where it has none (RFC 5321 5.1)."""
        reply = self.asker.ask(domain, "MX", MAIL)
        if reply.outcome == "ok":
            return self._exchangers(domain, reply.data, port, why)
        if reply.outcome == "nullmx":
            why.set("5.1.0", f"Domain {domain} does not accept mail (nullMX)")
            return Found(excluded=self._hidden(domain, "the null MX says that the domain takes no mail", "RFC 7505 3"))
        if reply.outcome in ("notfound", "nodata"):
            found = self.host(domain, port, why, IMPLICIT)
            return replace(found, implicit=True)
        why.set(STATUS[reply.outcome], reply.reason)
        if self.settings.ignore_mx_lookup_error:
            return self.host(domain, port, why, IGNORED)
        return Found(
            excluded=self._hidden(domain, "a failed MX lookup is not the answer that there is none", "RFC 5321 5.1")
        )

    def host(self, name: str, port: int, why: Why, purpose: Purpose) -> Found:
        """Return the addresses of one host, without a look at MX records."""
        why.status = why.reason = None
        targets = self._addresses(name, None, port, why, purpose)
        if port == 25 and any(target.address in self.own for target in targets):
            why.set("5.4.6", f"mail for {name} loops back to myself")
            return Found(excluded=tuple(_loop(target) for target in targets), self_is_exchanger=True)
        return Found(targets)

    def _exchangers(self, domain: str, records: Sequence[str], port: int, why: Why) -> Found:
        told = [exchanger(record) for record in records]
        exchangers = sorted(told[:RECORDS], key=lambda exchanger: exchanger[0])
        targets: list[Target] = []
        excluded = [_cut(name, None, MANY) for _, name in told[RECORDS:]]
        for position, (preference, name) in enumerate(exchangers):
            found = self._addresses(name, preference, port, why, EXCHANGER)
            room = RECORDS - len(targets)
            targets += found[:room]
            if len(found) > room:  # the list is full, and nobody else is asked for
                excluded += [_cut(name, target, FULL) for target in found[room:]]
                excluded += [_cut(name, None, FULL) for _, name in exchangers[position + 1 :]]
                break
            if not found:
                missing = f"{name} has no address; the sender goes on without a word"
                excluded.append(Exclusion(_label(name), name, None, missing, "RFC 5321 5.1"))
        hidden = self._hidden(domain, "an address of the domain itself counts only without MX records", "RFC 5321 5.1")
        excluded += [each for each in hidden if each.address not in {target.address for target in targets}]
        if not targets:
            if self.settings.smtp_defer_if_no_mx_address_found and why.status:
                why.status = "4" + why.status[1:]
            return Found(excluded=tuple(excluded))
        # RFC 5321 5.1: an exchanger drops itself and every other one that is not more preferred than itself.
        # Postfix knows itself by its addresses only, and looks for itself on port 25 only.
        mine = next((target.preference for target in targets if port == 25 and target.address in self.own), None)
        if mine is None:
            return Found(tuple(targets), tuple(excluded))
        kept = tuple(target for target in targets if target.preference is not None and target.preference < mine)
        excluded += [_loop(target) for target in targets if target not in kept]
        if not kept and exchangers[0][0] != targets[0].preference:
            why.set("4.4.4", f"unable to find primary relay for {domain}")
        elif not kept:
            why.set("5.4.6", f"mail for {domain} loops back to myself")
        return Found(kept, tuple(excluded), self_is_exchanger=True)

    def _addresses(
        self, name: str, preference: int | None, port: int, why: Why, purpose: Purpose
    ) -> tuple[Target, ...]:
        """Ask for the addresses of one host: A, then AAAA. An address needs no question."""
        literal = address_of(name)
        if literal and self._speaks(literal):
            return (self._target(literal, literal, preference, port),)
        if literal:
            why.keep_soft("5.4.4", f"Name service error for {literal}: invalid host or domain name")
            return ()
        replies = [self.asker.ask(name, type_, purpose) for type_ in self._types()]
        addresses = [address for reply in replies for address in reply.data[:RECORDS]]
        if not addresses:
            _note(why, replies)
        return tuple(self._target(name, address, preference, port) for address in addresses[:RECORDS])

    def _target(self, name: str, address: str, preference: int | None, port: int) -> Target:
        return Target(self.hosts.get(address) or (_label(name)), name, address, port, preference)

    def _hidden(self, domain: str, why: str, rule: str) -> tuple[Exclusion, ...]:
        """Return the domain's own addresses as hosts that are not tried, nor even asked for by Postfix."""
        if address_of(domain):
            return ()
        found = [record for type_ in self._types() for record in self.asker.records(domain, type_)[1]]
        return tuple(Exclusion(self.hosts.get(each) or _label(domain), domain, each, why, rule) for each in found)

    def _types(self) -> tuple[str, ...]:
        return tuple({"ipv4": "A", "ipv6": "AAAA"}[family] for family in self.settings.inet_protocols)

    def _speaks(self, address: str) -> bool:
        return f"ipv{ip_address(address).version}" in self.settings.inet_protocols


def _note(why: Why, replies: list[Answered]) -> None:
    """Note why a host has no address: the gravest failure, of equal ones the last (dns_lookup_rv())."""
    reply = max(reversed(replies), key=lambda reply: GRAVITY.get(reply.outcome, 0))
    if reply.outcome == "retry":
        why.set(STATUS["retry"], reply.reason)
    else:
        why.keep_soft(STATUS[reply.outcome], reply.reason)


def _label(name: str) -> str:
    return name if address_of(name) else name.partition(".")[0]


def _cut(name: str, target: Target | None, why: str) -> Exclusion:
    host, address = (target.host, target.address) if target else (_label(name), None)
    return Exclusion(host, name, address, why, LIMIT)


def _loop(target: Target) -> Exclusion:
    why = "this host is a mail exchanger itself: mail goes to more preferred ones only, never sideways or back"
    return Exclusion(target.host, target.name, target.address, why, "RFC 5321 5.1")
