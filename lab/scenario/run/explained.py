"""Which departures of a route from its plan the scenario itself explains. Pure.

The plan knows zones and settings, and no fault. A fault explains what it can cause (:mod:`lab.faults.effects`),
where it has its effect: at the host whose question in the plan it meets, or at the one that it is done to.

Where it takes an answer away, the route is compared with what a host would do that was not told it. What departs from
that as well is not explained: another host was passed over than the one that the fault hides.

What is wrong with a resolver, or is told to it, is wrong for the hosts that ask it.

What replies lead to is no departure: a plan's comparison takes them as they come. A step that replaces a zone or
changes a host's settings explains nothing: what comes after it is compared with the plan that holds from then on.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from dnszone.faults import KINDS
from dnszone.masterfile import absolute
from dnszone.record import matches
from lab.faults import reader
from lab.faults.effects import ANOTHER, MISSING, MOVED, NONE, Effect
from lab.route.departures import Departure, compare
from lab.route.model import Route
from lab.route.plan import Exclusion, Group, Plan, Question, Site, Target
from lab.scenario.faults.at_host import AtHost
from lab.scenario.faults.fault import Fault
from lab.scenario.faults.in_dns import VIEW, InDns
from lab.scenario.format.model import Departs

OF_ANSWERS: Mapping[str, Effect] = {"right": NONE, "missing": MISSING, "moved": MOVED, "other": ANOTHER}
"""What becomes of an answer (:mod:`dnszone.faults.fault`), and what that leads to at the host that was told it."""
DNSSEC = ("dane", "dane-only")  # levels of TLS to which it matters whether an answer is signed


@dataclass(frozen=True, slots=True)
class Lookup:
    """A DNS fault: which questions it meets, of whom (None: any), and what it can cause there."""

    pattern: str | None
    type: str | None
    client: str | None
    kind: str
    effect: Effect

    def meets(self, host: str, question: Question) -> bool:
        """Return whether a host's question is met."""
        name = f"{question.name.rstrip('.').lower()}."
        return (
            self.client in (None, host)
            and self.type in (None, question.type)
            and (self.pattern is None or matches(name, self.pattern))
        )


@dataclass(frozen=True, slots=True)
class Wrong:
    """What was wrong during a run, in the lab's own words: in the DNS, and at hosts that send."""

    lookups: tuple[Lookup, ...] = ()
    hosts: Mapping[str, Effect] = field(default_factory=dict)


def judged(plan: Plan, route: Route, wrong: Wrong) -> Iterator[tuple[Departure, bool]]:
    """Yield each departure of *route* from *plan*, and whether what was wrong explains it."""
    found = compare(plan, route)
    left: set[object] = set()
    if found:
        others = (_told(plan, wrong, implicit=implicit) for implicit in (None, False, True))
        told = (compare(other, route, partial(_hidden, wrong)) for other in others)
        left = set.intersection(*({_what(each) for each in departures} for departures in told))
    for each in found:
        yield each, _explained(each, plan, wrong, still=_what(each) in left)


def _explained(departure: Departure, plan: Plan, wrong: Wrong, *, still: bool) -> bool:
    """Return whether a departure is explained. *still*: it is one even so for a host that was told less."""
    if departure.kind in wrong.hosts.get(departure.host, NONE):
        return True
    parts = [part for part in plan.walk() if part.host == departure.host]
    signed = any(site.tls in DNSSEC for part in parts for site in part.sites)
    for lookup in wrong.lookups:
        met = any(lookup.meets(departure.host, question) for part in parts for question in part.questions)
        if not met or departure.kind not in lookup.effect:
            continue
        if lookup.kind == "ad" and signed:
            return True
        if lookup.kind != "ad" and not (lookup.effect == MISSING and still):
            return True
    return False


def _what(departure: Departure) -> object:
    return departure.host, departure.target, departure.observed


def _hidden(wrong: Wrong, plan: Plan, target: Target) -> bool:
    """Return whether a fault may have kept an address from the host of a plan."""
    type_ = "AAAA" if ":" in target.address else "A"
    return _lost(wrong, plan, lambda question: (question.name, question.type) == (target.name, type_))


def _lost(wrong: Wrong, plan: Plan, of: Callable[[Question], bool]) -> bool:
    """Return whether the answer to one of a plan's questions may be missing."""
    return any(
        lookup.effect == MISSING and lookup.kind != "ad" and lookup.meets(plan.host, question)
        for question in plan.questions
        if of(question)
        for lookup in wrong.lookups
    )


def _told(plan: Plan, wrong: Wrong, *, implicit: bool | None) -> Plan:
    """Return the plan of hosts that got no answer about a domain's exchangers; None: they got all of them.

    *implicit*: they were told that there is none, and take the domain's own address; else they have nothing.
    """
    sites = tuple(_site(site, plan, wrong, implicit=implicit) for site in plan.sites)
    ended = not any(site.groups for site in sites) and _lost(wrong, plan, lambda _: True)
    return replace(
        plan,
        sites=sites,
        outcome="delivered" if ended else plan.outcome,  # any end is right where nobody could be tried
        branches=tuple(
            replace(branch, plan=branch.plan and _told(branch.plan, wrong, implicit=implicit))
            for branch in plan.branches
        ),
        then=tuple(_told(each, wrong, implicit=implicit) for each in plan.then),
    )


def _site(site: Site, plan: Plan, wrong: Wrong, *, implicit: bool | None) -> Site:
    gone = sum(_hidden(wrong, plan, target) for target in site.targets)
    port = site.targets[0].port if site.targets else 25
    if implicit is not None and _lost(
        wrong, plan, lambda question: (question.name, question.type) == (site.nexthop, "MX")
    ):
        own = [each for each in site.excluded if each.name == site.nexthop]
        return replace(site, groups=_group(own, len(own), port) if implicit else (), excluded=())
    # Where an address is missing, what the limit has cut off moves up.
    beyond = [each for each in site.excluded if gone and each.rule == "smtp_mx_address_limit"]
    excluded = tuple(each for each in site.excluded if each not in beyond)
    return replace(site, groups=site.groups + _group(beyond, gone, port), excluded=excluded)


def _group(excluded: Collection[Exclusion], at_most: int, port: int) -> tuple[Group, ...]:
    """Return hosts that the plan leaves out as one group, in any order."""
    targets = tuple(Target(each.host, each.name, each.address, port, None) for each in excluded if each.address)
    return (Group(targets, min(at_most, len(targets)), "", ""),) if targets else ()


def meant(departure: Departure, listed: Collection[Departs]) -> Departs | None:
    """Return the entry of departs_from_plan that is about a departure (with the scenario's names), if there is one."""
    for each in listed:
        same = each.kind == departure.kind and each.host in (None, departure.host)
        if same and each.target in (None, departure.target):
            return each
    return None


def wrong(
    faults: Collection[Fault],
    substituted: Callable[[str], str],
    real: Callable[[str], str],
    clients: Callable[[str], str],
    behind: Callable[[str], Collection[str]] = lambda _: (),
) -> Wrong:
    """Return what was wrong.

    *substituted* replaces variables, *real* and *clients* give a lab name, *behind* those who ask the resolver there.
    """
    lookups: list[Lookup] = []
    hosts: dict[str, Effect] = {}
    for fault in faults:
        if isinstance(fault, InDns):
            client = fault.table.get("client")
            who = None if not client else clients(substituted(str(client)))
            type_ = str(fault.table.get("type", "ANY")).upper()
            lookups += [
                Lookup(pattern, None if type_ == "ANY" else type_, each, kind, effect)
                for each in ((who,) if who is None else (who, *behind(who)))
                for pattern in _patterns(fault, substituted)
                for kind, effect in of_dns(fault.table)
            ]
        elif isinstance(fault, AtHost):  # a scripted address sends nothing
            name, found = real(fault.name), reader.read(fault.table)
            hosts[name] = hosts.get(name, NONE) | found.effect
            if found.whole is not None:
                whole = found.whole.fault
                untold = [*(behind(name) if whole.silent else ()), *((name,) if whole.deaf else ())]
                lookups += [Lookup(None, None, each, whole.kind, MISSING) for each in untold]
    return Wrong(tuple(lookups), hosts)


def of_dns(table: Mapping[str, Any]) -> Iterator[tuple[str, Effect]]:
    """Yield (kind, effect) of a DNS fault; of one that flaps, those of its outcomes."""
    kind = table.get("kind")
    if kind == "flap":
        for each in table.get("outcomes", ()):
            yield from of_dns(each) if isinstance(each, Mapping) else ()
    elif isinstance(kind, str):
        yield kind, OF_ANSWERS[KINDS[kind].answer]


def _patterns(fault: InDns, substituted: Callable[[str], str]) -> tuple[str | None, ...]:
    """Return the names that a DNS fault is about; of a view, the zone's."""
    if fault.table.get("kind") == VIEW:
        origin = absolute(substituted(str(fault.table.get("origin", "$DOMAIN"))))
        return origin, f"*.{origin}"
    name = fault.table.get("name")
    return (absolute(substituted(str(name))) if name else None,)
