"""Predicts what a host does with a message, from the zones and its settings alone, after smtp_connect(3).

In: a recipient, a host, its settings, zones, and the addresses of the lab's hosts.
Out: :func:`explain`, the plan of one host; :func:`explain_path`, with the plans of the hosts behind it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from dnszone.exchangers import is_exchanger
from lab.plan.address import Decision, decide
from lab.plan.answers import Asker, Zones, address_of
from lab.plan.consequences import consequences
from lab.plan.lookup import Resolver, Why
from lab.plan.model import Plan
from lab.plan.sites import resolve
from lab.settings import Settings, Table

# Transports that end a message's way over SMTP: delivery agents of master.cf, besides those that only answer.
AGENT = ("The delivery agent's address; LMTP looks up no MX.", "lmtp(8)")
DELIVERY_AGENTS = frozenset({"lmtp", "local", "virtual", "dovecot", "pipe", "maildrop", "cyrus", "procmail"})


def explain(recipient: str, host: str, settings: Settings, zones: Zones, hosts: Mapping[str, str]) -> Plan:
    """Return the plan of *host* for *recipient*.

    *hosts* maps address to lab name. Nothing is sent and nobody asked.
    """
    own = _own_addresses(host, settings, hosts)

    def ask(domain: str, table: Table) -> bool:
        # The lab's own table: the DNS lists the domains that a host is a mail exchanger of.
        return table.type == "socketmap" and is_exchanger(zones, f"{settings.myhostname.lower()}.", f"{domain}.")

    decision = decide(recipient, settings, own, ask)
    plan = Plan(
        recipient=recipient,
        host=host,
        transport=decision.transport,
        nexthop=decision.nexthop,
        why=decision.why,
        rule=decision.rule,
        notes=_notes(settings, decision),
        skip_5xx_greeting=settings.smtp_skip_5xx_greeting,
        soft_bounce=settings.soft_bounce,
    )
    asker = Asker(zones)
    resolver = Resolver(asker, settings, own, hosts)
    end = _without_smtp(decision, resolver)
    if end is not None:
        return replace(plan, outcome=end[0], status=end[1], reason=end[2], questions=tuple(asker.asked))
    sites, why = resolve(decision, resolver)
    plan = replace(plan, questions=tuple(asker.asked), sites=sites)
    if any(site.groups for site in sites):
        return replace(plan, consequences=consequences(sites, settings))
    return _unreachable(plan, why, settings)


def explain_path(
    recipient: str, host: str, settings: Mapping[str, Settings], zones: Zones, hosts: Mapping[str, str]
) -> Plan:
    """Return the plan of *host*, with ``then`` the plans of the hosts that may take the message over from it.

    *settings* maps lab name to settings; a host without settings ends the path. So does one that takes the
    domain as its own, and one that the message has passed already: a loop, which the plan's notes name. A
    host that can be reached on several ways has its plan on the first of them.
    """
    planned: set[str] = set()

    def follow(host: str, passed: tuple[str, ...]) -> Plan:
        planned.add(host)
        plan = explain(recipient, host, settings[host], zones, hosts)
        passed = (*passed, host)
        following = [name for name in dict.fromkeys(target.host for target in plan.targets) if name in settings]
        loops = tuple(_loop(name, settings[name]) for name in following if name in passed)
        then = tuple(follow(name, passed) for name in following if name not in planned)
        return replace(plan, notes=plan.notes + loops, then=then)

    return follow(host, ())


def _loop(host: str, settings: Settings) -> str:
    return (
        f"{host} has had the message already: it circles until it has {settings.hopcount_limit} Received "
        "fields (hopcount_limit), then it bounces"
    )


def _own_addresses(host: str, settings: Settings, hosts: Mapping[str, str]) -> frozenset[str]:
    """Return the addresses by which Postfix knows itself (inet_interfaces, proxy_interfaces)."""
    if "all" in settings.inet_interfaces:
        listening = {address for address, name in hosts.items() if name == host} | {"127.0.0.1", "::1"}
    elif "loopback-only" in settings.inet_interfaces:
        listening = {"127.0.0.1", "::1"}
    else:
        listening = set(settings.inet_interfaces)
    return frozenset(listening | set(settings.proxy_interfaces))


def _notes(settings: Settings, decision: Decision) -> tuple[str, ...]:
    notes = [f"{table} cannot be read here; the plan takes it as having no entry" for table in settings.unread]
    notes = [note for note in notes if "= socketmap:" not in note]  # the lab's own table: see explain()
    if settings.virtual_alias_maps:
        notes.append("virtual_alias_maps may rewrite the recipient first; the plan follows the address as it stands")
    if "native" in settings.smtp_host_lookup:
        notes.append("smtp_host_lookup has native: /etc/hosts may know addresses that the zones do not")
    if decision.transport not in {"smtp", "relay", "error", "retry", "discard", "", *DELIVERY_AGENTS}:
        notes.append(f"transport {decision.transport} is taken for an SMTP client; master.cf is not read")
    return tuple(notes)


def _without_smtp(decision: Decision, resolver: Resolver) -> tuple[str, str | None, str | None] | None:
    """Return (outcome, status, reason) where no SMTP client takes part, None where one does."""
    if decision.transport == "":
        return "rejected", "5.1.3", "Bad recipient address syntax"
    if decision.transport in ("error", "retry"):  # refused in the dialogue already, before anything is queued
        code, text = _split_status(decision.nexthop, "5.1.1" if decision.transport == "error" else "4.1.1")
        return "rejected", code, text
    if decision.transport == "discard":
        return "discarded", "2.0.0", decision.nexthop
    if decision.transport in DELIVERY_AGENTS:
        name = decision.nexthop.removeprefix("inet:").partition("]")[0].lstrip("[")
        if decision.nexthop.startswith("inet:") and not address_of(name):
            resolver.host(name, 24, Why(), AGENT)
        return "delivered", None, f"handed to {decision.transport}:{decision.nexthop}"
    return None


def _split_status(text: str, default: str) -> tuple[str, str]:
    first, _, rest = text.partition(" ")
    parts = first.split(".")
    if len(parts) == 3 and all(part.isdigit() for part in parts) and parts[0] in ("2", "4", "5"):
        return first, rest
    return default, text


def _unreachable(plan: Plan, why: Why, settings: Settings) -> Plan:
    """Settle the outcome where no destination has an address."""
    status, reason, last = why.status or "4.3.0", why.reason, plan.sites[-1]
    if status.startswith("4"):
        return replace(plan, outcome="deferred", status=status, reason=reason)
    # What may be a mistake in this host's own configuration bounces nobody's mail.
    if last.role == "fallback" or (last.role == "relayhost" and plan.sites[0].nexthop == settings.relayhost):
        return replace(plan, outcome="deferred", status="4.3.5", reason=reason)
    if why.loops and settings.best_mx_transport:
        return replace(plan, outcome="delivered", reason=f"handed to {settings.best_mx_transport} (best_mx_transport)")
    if settings.soft_bounce:
        return replace(plan, outcome="deferred", status="4" + status[1:], reason=reason)
    return replace(plan, outcome="bounced", status=status, reason=reason)
