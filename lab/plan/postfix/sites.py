"""The destinations of a next hop, resolved and put into the order of smtp_connect_inet().

In: a decision. Out: sites, with their groups of addresses, and the reason where the last one has none.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import groupby

from lab.plan.answers import address_of
from lab.plan.postfix.address import Decision
from lab.plan.postfix.limits import limited
from lab.plan.postfix.lookup import Found, Resolver, Why
from lab.plan.postfix.tls import UNAVAILABLE, Policy, policy
from lab.route.plan import Exclusion, Group, Site, Target
from lab.servers.postfix.settings import Settings
from lab.servers.postfix.settings.maincf import words
from lab.servers.postfix.settings.values import port as port_number

STS = "no mx_host_pattern of the policy is its name"
BRACKETS = ("The brackets say: this host itself, no MX lookup.", "relayhost, transport(5)")


def resolve(decision: Decision, resolver: Resolver) -> tuple[tuple[Site, ...], Why]:
    """Resolve the destinations in their order; a later one stands in when those before have failed."""
    settings = resolver.settings
    destinations = words(decision.nexthop) if decision.role != "domain" else [decision.nexthop]
    fallbacks = words(settings.smtp_fallback_relay)
    roles = [decision.role] * len(destinations) + ["fallback"] * len(fallbacks)
    sites: list[Site] = []
    why = Why()
    for destination, role in zip(destinations + fallbacks, roles, strict=True):
        found = _lookup(destination, resolver, why)
        sites.append(_site(destination, role, found, why, settings))
        if found.self_is_exchanger:  # no fallback: it would only make a loop larger
            break
    return tuple(sites), why


def _lookup(destination: str, resolver: Resolver, why: Why) -> Found:
    try:
        name, port, bracketed = parse(destination, resolver.settings.smtp_tcp_port)
    except ValueError as error:  # smtp(8) stops with a fatal error, and the queue manager keeps the message
        why.set("4.3.0", f"{destination}: {error}")
        return Found()
    settings = resolver.settings
    if bracketed or settings.disable_dns_lookups or settings.smtp_dns_support_level == "disabled":
        return resolver.host(name, port, why, BRACKETS)
    why.status = why.reason = None
    return resolver.domain(name, port, why)


def parse(destination: str, default_port: int) -> tuple[str, int, bool]:
    """Split "[host]:port", "host:port", "[address]" or "host" into name, port, and whether in brackets."""
    if destination.startswith("["):
        name, _, port = destination[1:].partition("]")
        name, port = address_of(name) or name, port.removeprefix(":")
        return name, port_number(port) if port else default_port, True
    name, _, port = destination.partition(":")
    return name, port_number(port) if port else default_port, False


def _site(destination: str, role: str, found: Found, why: Why, settings: Settings) -> Site:
    groups, over = limited(tuple(_groups(found, settings)), settings)
    sentences = {
        "domain": ("The recipient's domain.", "RFC 5321 5.1"),
        "relayhost": ("The relay host, whatever the recipient's domain.", "relayhost"),
        "transport": ("The next hop that the transport names.", "transport_maps"),
        "fallback": ("Tried when everything above has failed, even a lookup.", "smtp_fallback_relay"),
    }
    sentence, rule = sentences[role]
    exchangers = any(target.preference is not None for group in groups for target in group.targets)
    tls = policy(destination, settings, exchangers=exchangers)
    groups, forbidden = _permitted(groups, tls, why)
    return Site(
        nexthop=destination,
        role=role,
        groups=groups,
        excluded=found.excluded + over + forbidden,
        address_limit=settings.smtp_mx_address_limit,
        session_limit=settings.smtp_mx_session_limit,
        status=None if groups else why.status,
        reason=None if groups else why.reason,
        why=sentence,
        rule=rule,
        tls=tls.level,
    )


def _permitted(groups: tuple[Group, ...], tls: Policy, why: Why) -> tuple[tuple[Group, ...], tuple[Exclusion, ...]]:
    """Return the groups without the hosts to which TLS forbids a connection; each has its place in the limit."""
    kept, forbidden = [], []
    for group in groups:
        out = [target for target in group.targets if tls.reason or not tls.authorizes(target.name)]
        why_not = tls.why.rstrip(".") or STS
        forbidden += [Exclusion(each.host, each.name, each.address, why_not, tls.rule) for each in out]
        inside = tuple(target for target in group.targets if target not in out)
        if inside:
            kept.append(replace(group, targets=inside, at_most=min(group.at_most, len(inside))))
    if groups and not kept:
        why.set(tls.status if tls.reason else "4.3.0", tls.reason or UNAVAILABLE)
    return tuple(kept), tuple(forbidden)


def _groups(found: Found, settings: Settings) -> Iterable[Group]:
    """Sort the targets into groups of one preference, and one family where a family is preferred."""
    preferred = settings.smtp_address_preference

    def rank(target: Target) -> tuple[int, bool]:
        family = f"ipv{6 if ':' in target.address else 4}"
        return target.preference or 0, preferred not in ("any", family)

    for index, (_, members) in enumerate(groupby(sorted(found.targets, key=rank), key=rank)):
        targets = tuple(members)
        if settings.smtp_randomize_addresses:
            yield _group(targets, found, first=index == 0)
            continue
        for position, target in enumerate(targets):
            yield _group((target,), found, first=index == position == 0)


def _group(targets: tuple[Target, ...], found: Found, *, first: bool) -> Group:
    names = {target.name for target in targets}
    preference = targets[0].preference
    if preference is None:
        why = "The domain's own address: the implicit MX." if found.implicit else "The host that is named."
        if len(targets) > 1:
            why += " Its addresses are tried in random order."
        return Group(targets, len(targets), why, "RFC 5321 5.1" if found.implicit else "smtp_host_addr(3)")
    if len(names) > 1:
        why = f"Equal preference {preference}: a new random order for each message."
        return Group(targets, len(targets), why, "RFC 5321 5.1; smtp_randomize_addresses")
    if len(targets) > 1:
        why = f"Preference {preference}, several addresses: shuffled, against the RFC."
        return Group(targets, len(targets), why, "smtp_randomize_addresses")
    why = (
        f"Preference {preference}, the lowest number: tried first."
        if first
        else f"Preference {preference}: tried next."
    )
    return Group(targets, 1, why, "RFC 5321 5.1")
