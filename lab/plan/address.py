"""Where a recipient's mail goes next, before any name is looked up: after trivial-rewrite(8).

In: the recipient and the host's settings.
Out: :class:`Decision`. Precedence: transport_maps, then the class of the domain (mydestination, virtual
alias, virtual mailbox, relay_domains, anything else), then relayhost for what is not this host's own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lab.plan.answers import HOSTNAME, address_of
from lab.settings import DomainList, Settings, Table

Ask = Callable[[str, Table], bool]


@dataclass(frozen=True, slots=True)
class Decision:
    """The next hop of one recipient. ``transport`` "" stands for an address that is refused at once."""

    transport: str
    nexthop: str
    role: str  # what named the next hop: "domain", "relayhost", "transport"
    why: str
    rule: str


def decide(recipient: str, settings: Settings, own: frozenset[str], ask: Ask) -> Decision:
    """Return the decision for *recipient*.

    *own*: this host's addresses. *ask*: whether a table that cannot be read lists a domain.
    """
    local, at, domain = recipient.rpartition("@")
    if not at:
        local, domain = domain, settings.myorigin
    domain = _a_label(domain.rstrip("."))
    if address_of(domain) and settings.resolve_numeric_domain:
        domain = f"[{domain}]"
    if not local or not _valid(domain):
        hint = "; an address stands in brackets" if address_of(domain) else ""
        return Decision("", domain, "domain", f"{domain!r} is no domain{hint}.", "RFC 5321 4.1.2, 4.1.3")
    kind = _class(domain, settings, own, ask)
    entry = _transport_entry(local, domain, settings)
    if kind in ("relay_domains", "elsewhere"):
        decision = _outward(domain, kind, settings)
    else:
        decision = _inward(domain, kind, settings)
    # Aliases are the one class that transport_maps do not override.
    return decision if entry is None or kind == "virtual_alias_domains" else _overridden(decision, domain, *entry)


def _class(domain: str, settings: Settings, own: frozenset[str], ask: Ask) -> str:
    """Return the list that the domain is on, "elsewhere" if on none; the order is that of resolve_class()."""

    def listed(domains: DomainList, *, parents: bool = False) -> bool:
        return domains.matches(domain, lambda table: ask(domain, table), parents=parents)

    if _literal(domain) in own or listed(settings.mydestination):
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
    return Decision(channel, nexthop or domain, "transport" if nexthop else "domain", f"{domain} {why}.", kind)


def _outward(domain: str, kind: str, settings: Settings) -> Decision:
    """Decide for a domain of someone else: the transport's own next hop, then relayhost, then the domain."""
    name = "relay_transport" if kind == "relay_domains" else "default_transport"
    channel, _, nexthop = getattr(settings, name).partition(":")
    if nexthop:
        return Decision(channel, nexthop, "transport", f"{name} names the next hop.", name)
    if settings.relayhost:
        why = f"All mail for elsewhere goes to the relay host {settings.relayhost}."
        return Decision(channel, settings.relayhost, "relayhost", why, "relayhost")
    if _literal(domain):
        why = "An address literal is connected to as it is; the DNS has no part in it."
        return Decision(channel, domain, "domain", why, "RFC 5321 4.1.3")
    if kind == "relay_domains":
        return Decision(channel, domain, "domain", f"This host relays for {domain}, which lives elsewhere.", kind)
    why = f"{domain} is elsewhere: the DNS says where its mail goes."
    return Decision(channel, domain, "domain", why, "RFC 5321 5.1")


def _transport_entry(local: str, domain: str, settings: Settings) -> tuple[str, str] | None:
    """Return (key, result) of the first match: user+ext@domain, user@domain, domain, .parents, then "*"."""
    delimiters = settings.recipient_delimiter
    user = next((local[:index] for index, letter in enumerate(local) if index and letter in delimiters), local)
    labels = domain.split(".")
    parents = ["." + ".".join(labels[index:]) for index in range(1, len(labels))]
    for key in (f"{local}@{domain}", f"{user}@{domain}", domain, *parents, "*"):
        for table in settings.transport_maps:
            result = table.find(key)
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
    )


def _literal(domain: str) -> str | None:
    """Return the address in an address literal such as "[198.18.0.11]", None for anything else."""
    return address_of(domain[1:-1]) if domain.startswith("[") and domain.endswith("]") else None


def _valid(domain: str) -> bool:
    if domain.startswith("["):
        return _literal(domain) is not None
    return not address_of(domain) and HOSTNAME.fullmatch(domain) is not None


def _a_label(domain: str) -> str:
    """Return the domain as the DNS has it: A-labels for an internationalized one (RFC 5890), lower case."""
    if domain.isascii():
        return domain.lower()
    try:
        return domain.encode("idna").decode("ascii").lower()
    except UnicodeError:
        return domain  # no domain name in any alphabet; refused as such
