"""Predicts what a host does with a message, from the zones and its settings alone, after smtp_connect(3).

In: a recipient, a host, its settings, zones, and the addresses of the lab's hosts. Out: the plan of that one host;
:mod:`lab.plan.postfix.path` puts the plans of several together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from dnszone.exchangers import is_exchanger
from lab.plan.answers import Asker, Zones, address_of
from lab.plan.postfix.address import Decision, complete, decide, is_local
from lab.plan.postfix.aliases import Aliased, AliasLoopError, aliased, virtual
from lab.plan.postfix.branches import local_branches, sieve_branches, virtual_branches
from lab.plan.postfix.consequences import consequences
from lab.plan.postfix.dialogue import refusal
from lab.plan.postfix.keys import address_keys
from lab.plan.postfix.lookup import Resolver, Why
from lab.plan.postfix.sites import parse, resolve
from lab.plan.postfix.unplanned import PROGRAMS, UNREAD, altered, checked, unplanned, unread
from lab.route.plan import Branch, Plan, Site, Target, Unplanned
from lab.servers.dovecot.store import Store
from lab.servers.postfix.settings import Settings, Table

Stage = Literal[
    "smtp",  # a client hands it over: smtpd(8) may refuse it
    "internal",  # a new message of this host's own: aliases hold for it, smtpd's checks do not
    "expanded",  # aliases have been replaced: what is left is routing
]
AGENT = ("The delivery agent's address; LMTP looks up no MX.", "lmtp(8)")
CACHE = "An open session is used first, whoever it is with; what follows holds where there is none."
POLICIES = f"{UNREAD} It may forbid a connection; what follows holds where it does not."
OUTSIDE = "What takes it may hand it back here, or to any other host."
ROUTING = (
    "transport_maps",
    "sender_dependent_default_transport_maps",
    "sender_dependent_relayhost_maps",
    "mydestination",
    "relay_domains",
    "virtual_alias_domains",
    "virtual_mailbox_domains",
)
AGENTS = frozenset({"lmtp", "local", "virtual", "pipe"})  # programs that end a message's way over SMTP


@dataclass(frozen=True, slots=True)
class Basis:
    """What every plan of a lab rests on.

    ``settings``: those of each Postfix host by lab name; ``names``: lab name by address; ``stores``: the mail stores
    by lab name.
    """

    zones: Zones
    settings: Mapping[str, Settings]
    names: Mapping[str, str]
    stores: Mapping[str, Store]


def explain(
    recipient: str, host: str, basis: Basis, sender: str | None = None, stage: Stage = "smtp", port: int = 25
) -> Plan:
    """Return the plan of *host* for *recipient*, its branches without plans of their own.

    *sender*: None if it is not known. *port*: where it comes in, if over SMTP. Nothing is sent and nobody asked.
    """
    return _Host(host, basis, sender, port).plan(recipient, stage)


class _Host:
    """One host that thinks about one message."""

    def __init__(self, host: str, basis: Basis, sender: str | None, port: int) -> None:
        self._host = host
        self._basis = basis
        self._sender = sender
        self._settings = basis.settings[host]
        self._smtpd = self._settings.within(f":{port}")
        self._own = _own_addresses(host, self._settings, basis.names)
        self._asker = Asker(basis.zones)
        self._resolver = Resolver(self._asker, self._settings, self._own, basis.names)

    def plan(self, recipient: str, stage: Stage) -> Plan:
        address = complete(recipient, self._settings)
        decision = decide(address, self._sender, self._settings, self._own, self._listed)
        plan = Plan(
            recipient=recipient,
            host=self._host,
            transport=decision.transport,
            nexthop=decision.nexthop,
            why=decision.why,
            rule=decision.rule,
            notes=_notes(self._settings, decision, self._sender),
            skip_5xx_greeting=self._settings.smtp_skip_5xx_greeting,
            soft_bounce=self._settings.soft_bounce,
            auth_soft_bounce=self._settings.smtp_sasl_auth_soft_bounce,
        )
        if decision.transport == "":
            return replace(plan, outcome="rejected", status="5.1.3", reason="Bad recipient address syntax")
        if stage == "smtp":
            refused = refusal(address.rpartition("@")[2], decision.kind, self._smtpd, self._asker)
            if refused is not None:
                return self._ended(plan, "rejected", refused.status, refused.reason, rule=refused.rule)
        left = self._left(address, stage)
        if left is not None:
            return self._off(plan, left)
        if stage != "expanded" and not self._unmapped(stage):
            try:
                expanded = virtual(address, self._settings, self._is_local)
            except AliasLoopError:
                rule = "virtual_alias_recursion_limit, virtual_alias_expansion_limit"
                return self._ended(plan, "rejected", "4.6.0", "Alias expansion error", rule=rule)
            if expanded is not None and expanded != (address,):
                return _replaced(plan, virtual_branches(expanded, self._host))
            stage = stage if expanded is None else "expanded"
        return self._routed(plan, address, decision, stage)

    def _left(self, address: str, stage: Stage) -> Unplanned | None:
        """Return where the plan leaves off before the recipient is routed."""
        found = None
        if stage == "smtp":
            found = unplanned("arrival", self._smtpd) or checked(self._smtpd, at_smtpd=True)
        if stage == "smtp" and found is None:
            found = checked(self._settings, at_smtpd=False)  # what this host writes is not filtered
        if stage != "expanded" and not self._unmapped(stage):
            found = found or unplanned("cleanup", self._settings, self._keys(address))
            found = found or unread(self._settings, ["virtual_alias_maps"])
        found = found or altered(self._settings) or unread(self._settings, ROUTING)
        if self._is_local(address.rpartition("@")[2]) and set("!%@") & set(address.rpartition("@")[0]):
            found = found or Unplanned("allow_percent_hack, swap_bangpath", "The local part is a route.", "postconf(5)")
        return found or unplanned("routing", self._settings, self._keys(address))

    def _unmapped(self, stage: Stage) -> bool:
        """Return whether aliases and the like do not hold (no_address_mappings)."""
        return stage == "smtp" and "no_address_mappings" in self._smtpd.receive_override_options

    def _keys(self, address: str) -> tuple[str, ...]:
        return tuple(key for key, _ in address_keys(address, self._settings, self._is_local))

    def _off(self, plan: Plan, left: Unplanned) -> Plan:
        """Return the plan as far as it goes: nothing of what comes now is known."""
        return replace(
            plan, transport="", nexthop="", why="", rule="", unplanned=left, questions=tuple(self._asker.asked)
        )

    def _routed(self, plan: Plan, address: str, decision: Decision, stage: Stage) -> Plan:
        if decision.transport in self._settings.defer_transports:
            why = f"{decision.transport} is one of defer_transports: its mail waits for a queue run with others."
            return self._ended(plan, "deferred", "4.3.2", "deferred transport", why=why, rule="defer_transports")
        program = self._settings.program(decision.transport)
        if program is None:
            rule = "transport(5), master(5)"
            why = f"master.cf has no service {decision.transport!r}: mail waits until there is one."
            return self._ended(plan, "deferred", "4.3.0", "mail transport unavailable", why=why, rule=rule)
        if program == "error":
            return self._error(plan, decision, stage)
        if program == "discard":
            return self._ended(plan, "discarded", "2.0.0", decision.nexthop)
        if program in AGENTS:
            return self._delivered(plan, address, decision, program)
        return self._sent(plan, address, decision)

    def _sent(self, plan: Plan, address: str, decision: Decision) -> Plan:
        """Return the plan for smtp(8)."""
        settings = self._settings.within(decision.transport)
        resolver = replace(self._resolver, settings=settings)
        left = unplanned("smtp", settings, self._keys(address))
        sites, unfound = resolve(decision, resolver)
        policies = next((table for table in settings.smtp_tls_policy_maps if not table.readable), None)
        if policies is not None:
            left = left or Unplanned(f"smtp_tls_policy_maps = {policies}", POLICIES, "TLS_README")
        domain = sites[0].nexthop.lstrip("[").partition("]")[0].partition(":")[0]
        cached = settings.smtp_connection_cache_destinations
        if cached.matches(domain, lambda _: True):
            setting = f"smtp_connection_cache_destinations: {domain}"
            left = left or Unplanned(setting, CACHE, "CONNECTION_CACHE_README")
        plan = replace(plan, questions=tuple(self._asker.asked), sites=sites, unplanned=left)
        if any(site.groups for site in sites):
            return replace(
                plan,
                notes=plan.notes + self._mirrors(plan) + _dane(sites),
                consequences=consequences(sites, settings),
                skip_5xx_greeting=settings.smtp_skip_5xx_greeting,
                soft_bounce=settings.soft_bounce,
                auth_soft_bounce=settings.smtp_sasl_auth_soft_bounce,
            )
        return _unreachable(plan, unfound, settings)

    def _error(self, plan: Plan, decision: Decision, stage: Stage) -> Plan:
        """Return the plan for error(8): smtpd looks a recipient up, and refuses it before anything is queued."""
        code, text = _split_status(decision.nexthop, "4.1.1" if decision.transport == "retry" else "5.1.1")
        if stage == "smtp":
            return self._ended(plan, "rejected", code, text)
        return self._ended(plan, "deferred" if code.startswith("4") else "bounced", code, text)

    def _delivered(self, plan: Plan, address: str, decision: Decision, program: str) -> Plan:
        """Return the plan for a delivery agent: what it answers is in no zone, but what it sends on may be known."""
        branches: tuple[Branch, ...] = ()
        reason = f"handed to {decision.transport}:{decision.nexthop}"
        left: Unplanned | None = None
        agents = self._agents(decision) if program == "lmtp" else ()
        if program == "local":
            found = aliased(address, self._settings, self._is_local)
            branches = local_branches(found, self._host) if found else ()
            left = self._agent(found)
            if found and branches and not found.kept:
                return replace(plan, questions=tuple(self._asker.asked), branches=branches, unplanned=left)
        elif store := next((each.host for each in agents if each.host in self._basis.stores), None):
            branches = self._sieved(address, self._basis.stores[store])
        elif program != "virtual":
            left = Unplanned(reason, OUTSIDE, f"{program}(8)")
        ended = self._ended(plan, "delivered", None, reason)
        return replace(ended, branches=branches, unplanned=left, delivery=agents)

    def _agent(self, found: Aliased | None) -> Unplanned | None:
        """Return where the plan leaves off with local(8)."""
        table = next((table for table in self._settings.alias_maps if not table.readable), None)
        if table is not None:
            return Unplanned(f"alias_maps = {table}", UNREAD, "aliases(5)")
        program = next((each for each in found.kept if each.startswith(PROGRAMS)), None) if found else None
        if program is not None:
            return Unplanned(f"alias_maps: {program}", OUTSIDE, "aliases(5)")
        return unplanned("local", self._settings)

    def _agents(self, decision: Decision) -> tuple[Target, ...]:
        """Return the addresses of the delivery agent that mail is handed to over TCP; they are asked for."""
        if decision.nexthop.startswith("unix:"):
            return ()
        try:
            name, port, _ = parse(decision.nexthop.removeprefix("inet:"), 24)
        except ValueError:  # a port that nobody knows: lmtp(8) stops with a fatal error
            return ()
        return self._resolver.host(name, port, Why(), AGENT).targets

    def _sieved(self, address: str, store: Store) -> tuple[Branch, ...]:
        """Return what the recipient's script sends on. The store asks for its outlet's address, not this host."""
        user, _, _ = address.partition("@")
        name, _, port = store.outlet_of(user.lower()).partition(":")
        literal = address_of(name)
        _, found, _ = ("ok", [literal], None) if literal else Asker(self._basis.zones).records(name, "A")
        outlet = next((self._basis.names[each] for each in found if each in self._basis.names), None)
        delimiters = self._settings.recipient_delimiter
        return sieve_branches(address, store, outlet, int(port or 25), delimiters) if name and outlet else ()

    def _mirrors(self, plan: Plan) -> tuple[str, ...]:
        """Say which targets are this host itself, at addresses that it does not know for its own."""
        mine = dict.fromkeys(target.address for target in plan.targets if plan.is_itself(target))
        return tuple(
            f"{address} is {self._host} itself, which does not know it (inet_interfaces, proxy_interfaces): the "
            "greeting gives it away, and the next address is tried; only the last one's failure is in the log"
            for address in mine
        )

    def _ended(
        self, plan: Plan, outcome: str, status: str | None, reason: str, *, why: str = "", rule: str = ""
    ) -> Plan:
        return replace(
            plan,
            outcome=outcome,
            status=status,
            reason=reason,
            why=why or plan.why,
            rule=rule or plan.rule,
            questions=tuple(self._asker.asked),
        )

    def _is_local(self, domain: str) -> bool:
        return is_local(domain, self._settings, self._own, self._listed)

    def _listed(self, domain: str, table: Table) -> bool:
        # The lab's own table: the DNS lists the domains that a host is a mail exchanger of.
        mine = f"{self._settings.myhostname.lower()}."
        return table.type == "socketmap" and is_exchanger(self._basis.zones, mine, f"{domain}.")


def _replaced(plan: Plan, branches: tuple[Branch, ...]) -> Plan:
    """Return the plan of a recipient in whose place others are routed."""
    many = f"{len(branches)} recipients" if len(branches) > 1 else "another recipient"
    why = f"An alias: {many} in its place."
    return replace(plan, transport="", nexthop="", why=why, rule="virtual_alias_maps; virtual(5)", branches=branches)


def _own_addresses(host: str, settings: Settings, hosts: Mapping[str, str]) -> frozenset[str]:
    """Return the addresses by which Postfix knows itself (inet_interfaces, proxy_interfaces)."""
    if "all" in settings.inet_interfaces:
        listening = {address for address, name in hosts.items() if name == host} | {"127.0.0.1", "::1"}
    elif "loopback-only" in settings.inet_interfaces:
        listening = {"127.0.0.1", "::1"}
    else:
        listening = set(settings.inet_interfaces)
    return frozenset(listening | set(settings.proxy_interfaces))


def _notes(settings: Settings, decision: Decision, sender: str | None) -> tuple[str, ...]:
    notes = []
    if sender is None and (
        settings.sender_dependent_relayhost_maps or settings.sender_dependent_default_transport_maps
    ):
        notes.append("the next hop may depend on the sender, which is not known here")
    if settings.program(decision.transport) not in {None, "smtp", "error", "discard", *AGENTS}:
        program = settings.transports[decision.transport].split()[0]
        notes.append(f"transport {decision.transport} is taken for an SMTP client; its program is {program}")
    return tuple(notes)


def _dane(sites: tuple[Site, ...]) -> tuple[str, ...]:
    """Say why TLSA records have no part in a plan."""
    if all(site.tls != "dane" for site in sites):
        return ()
    return ("dane: no zone of the lab is signed, so no TLSA record counts, and TLS is as for may",)


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
