"""Where a recipient's mail goes next, before any name is looked up: after trivial-rewrite(8).

In: the recipient, the sender and the host's settings.
Out: :class:`Decision`. Precedence: transport_maps, then the class of the domain (mydestination, virtual
alias, virtual mailbox, relay_domains, anything else), then relayhost for what is not this host's own. The
sender's own default transport and relayhost come before those of all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import idna

from lab.plan.answers import HOSTNAME, address_of
from lab.plan.postfix.keys import address_keys, first, split
from lab.servers.postfix.settings import DomainList, Settings, Table

Ask = Callable[[str, Table], bool]
FINAL = frozenset({"mydestination", "virtual_alias_domains", "virtual_mailbox_domains"})  # this host's own classes
NULL_SENDER = "<>"  # its key in tables (empty_address_default_transport_maps_lookup_key and the like)


@dataclass(frozen=True, slots=True)
class Decision:
    """The next hop of one recipient. ``transport`` "" stands for an address that is refused at once.

    ``kind`` is the list that the domain is on, "elsewhere" if on none.
    """

    transport: str
    nexthop: str
    role: str  # what named the next hop: "domain", "relayhost", "transport"
    why: str
    rule: str
    kind: str = "elsewhere"


def complete(recipient: str, settings: Settings) -> str:
    """Return an address with a domain as the DNS has it; a bare name is at myorigin (append_at_myorigin)."""
    local, at, domain = recipient.rpartition("@")
    if not at:
        local, domain = domain, settings.myorigin
    domain = _a_label(domain.rstrip("."))
    if address_of(domain) and settings.resolve_numeric_domain:
        domain = f"[{domain}]"
    if settings.append_dot_mydomain and not set(".[") & set(domain):
        domain = f"{domain}.{settings.mydomain}"
    return f"{local}@{domain}"


def decide(address: str, sender: str | None, settings: Settings, own: frozenset[str], ask: Ask) -> Decision:
    """Return the decision for *address*, which is :func:`complete`.

    *sender*: None if it is not known. *own*: this host's addresses. *ask*: whether a table that cannot be read
    lists a domain.
    """
    local, _, domain = address.rpartition("@")
    if not local or not _valid(domain):
        hint = "; an address stands in brackets" if address_of(domain) else ""
        return Decision("", domain, "domain", f"{domain!r} is not a domain{hint}.", "RFC 5321 4.1.2, 4.1.3")
    kind = _class(domain, settings, own, ask)
    entry = _transport_entry(local, domain, settings)
    decision = _inward(domain, kind, settings) if kind in FINAL else _outward(domain, kind, settings, sender)
    # Aliases are the one class that transport_maps do not override.
    return decision if entry is None or kind == "virtual_alias_domains" else _overridden(decision, domain, *entry)


def is_local(domain: str, settings: Settings, own: frozenset[str], ask: Ask) -> bool:
    """Return whether mail for *domain* is for local(8), as resolve_local() decides."""
    return _literal(domain) in own or settings.mydestination.matches(domain, lambda table: ask(domain, table))


def _class(domain: str, settings: Settings, own: frozenset[str], ask: Ask) -> str:
    """Return the list that the domain is on, "elsewhere" if on none; the order is that of resolve_class()."""

    def listed(domains: DomainList, *, parents: bool = False) -> bool:
        return domains.matches(domain, lambda table: ask(domain, table), parents=parents)

    if is_local(domain, settings, own, ask):
        return "mydestination"
    if listed(settings.virtual_alias_domains):
        return "virtual_alias_domains"
    if listed(settings.virtual_mailbox_domains):
        return "virtual_mailbox_domains"
    return "relay_domains" if listed(settings.relay_domains, parents=True) else "elsewhere"


def _inward(domain: str, kind: str, settings: Settings) -> Decision:
    """Decide for a domain of this host's own."""
    transport, why = {
        "mydestination": (settings.local_transport, "is this host itself: local delivery"),
        "virtual_alias_domains": ("error:5.1.1 User unknown in virtual alias table", "has aliases only"),
        "virtual_mailbox_domains": (
            settings.virtual_transport,
            "is this host's own: handed to the delivery agent",
        ),
    }[kind]
    channel, _, nexthop = transport.partition(":")
    return Decision(channel, nexthop or domain, "transport" if nexthop else "domain", f"{domain} {why}.", kind, kind)


def _outward(domain: str, kind: str, settings: Settings, sender: str | None) -> Decision:
    """Decide for a domain of someone else: the transport's own next hop, then relayhost, then the domain."""
    name, transport = "relay_transport", settings.relay_transport
    if kind == "elsewhere":
        name, transport = "default_transport", settings.default_transport
        own = _of_sender(sender, settings.sender_dependent_default_transport_maps, settings)
        if own is not None:
            name, transport = "sender_dependent_default_transport_maps", own
    channel, _, nexthop = transport.partition(":")
    if nexthop:
        return Decision(channel, nexthop, "transport", f"{name} names the next hop.", name, kind)
    relay = _of_sender(sender, settings.sender_dependent_relayhost_maps, settings)
    if relay is not None:
        why = f"All mail of {sender or 'the null sender'} for elsewhere goes to the relay host {relay}."
        return Decision(channel, relay, "relayhost", why, "sender_dependent_relayhost_maps", kind)
    if settings.relayhost:
        why = f"All mail for elsewhere goes to the relay host {settings.relayhost}."
        return Decision(channel, settings.relayhost, "relayhost", why, "relayhost", kind)
    if _literal(domain):
        why = "An address literal is connected to as it is; the DNS has no part in it."
        return Decision(channel, domain, "domain", why, "RFC 5321 4.1.3", kind)
    if kind == "relay_domains":
        return Decision(channel, domain, "domain", f"This host relays for {domain}, which lives elsewhere.", kind, kind)
    why = f"{domain} is elsewhere: the DNS says where its mail goes."
    return Decision(channel, domain, "domain", why, "RFC 5321 5.1", kind)


def _of_sender(sender: str | None, tables: tuple[Table, ...], settings: Settings) -> str | None:
    """Return what a sender-dependent table says of *sender*, None where what holds for all holds for it too."""
    if sender is None or not tables:
        return None
    keys = address_keys(sender, settings, lambda _: False) if sender else [(NULL_SENDER, "")]
    found = next((result for key, _ in keys if (result := first(tables, key)) is not None), "")
    return None if found.upper() in ("", "DUNNO") else found


def _transport_entry(local: str, domain: str, settings: Settings) -> tuple[str, str] | None:
    """Return (key, result) of the first match: user+ext@domain, user@domain, domain, .parents, then "*"."""
    user = split(local, settings.recipient_delimiter)[0]
    labels = domain.split(".")
    parents = ["." + ".".join(labels[index:]) for index in range(1, len(labels))]
    for key in (f"{local}@{domain}", f"{user}@{domain}", domain, *parents, "*"):
        result = first(settings.transport_maps, key)
        if result is not None:
            return key, result
    return None


def _overridden(decision: Decision, domain: str, key: str, result: str) -> Decision:
    """Apply ``transport:nexthop``: an empty half keeps the transport, or resets the next hop."""
    transport, _, nexthop = result.partition(":")
    if not transport and not nexthop:
        return decision  # ":" is "no change"
    if transport and not nexthop:
        nexthop = "Address is undeliverable" if transport in ("error", "retry") else domain
    return Decision(
        transport or decision.transport,
        nexthop,
        "domain" if nexthop == domain else "transport",
        f"The entry {key!r} sends it to {result!r}, whatever else is configured.",
        "transport_maps",
        decision.kind,
    )


def _literal(domain: str) -> str | None:
    """Return the address in an address literal such as "[198.18.0.11]", None for anything else."""
    return address_of(domain[1:-1]) if domain.startswith("[") and domain.endswith("]") else None


def _valid(domain: str) -> bool:
    if domain.startswith("["):
        return _literal(domain) is not None
    return not address_of(domain) and HOSTNAME.fullmatch(domain) is not None


def _a_label(domain: str) -> str:
    """Return the domain as the DNS has it: A-labels for an internationalized one (RFC 5890), lower case.

    Postfix maps it by UTS 46, without the transitional rules (enable_idna2003_compatibility = no): "ß" stays itself.
    """
    if domain.isascii():
        return domain.lower()
    try:
        return idna.encode(domain, uts46=True).decode("ascii")
    except idna.IDNAError:
        return domain  # no domain name in any alphabet; refused as such
