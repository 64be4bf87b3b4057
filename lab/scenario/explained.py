"""Which departures of a route from its plan the scenario itself explains. Pure.

The plan knows zones and settings, and no fault. A departure at a host is explained by

- a fault in the DNS that meets a question of that host's plan: what it was told is not what the zone says;
- a fault at a host or scripted address, if the departure is about that host (as the one that sends, or is tried), or is
  about the end of a try in which that host had its turn: a try that a fault ends stops before the plan does.

What is wrong with a resolver, or is told to it, is wrong for the hosts that ask it.

What replies lead to is no departure: a plan's comparison takes them as they come. A step that replaces a zone or
changes a host's settings explains nothing: what comes after it is compared with the plan that holds from then on.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from dnszone.masterfile import absolute
from dnszone.record import matches
from lab.plan import Departure, Plan
from lab.scenario.model import Departs, Fault

ENDS = ("stopped-early", "not-attempted", "outcome")


@dataclass(frozen=True, slots=True)
class Wrong:
    """What was wrong during a run, in the lab's own words.

    ``dns``: pattern of the name (None: any), type, and lab name of the client, of each DNS fault; ``hosts``: names of
    those that had a fault.
    """

    dns: tuple[tuple[str | None, str | None, str | None], ...] = ()
    hosts: frozenset[str] = frozenset()


def explained(departure: Departure, plan: Plan, wrong: Wrong) -> bool:
    """Return whether what was wrong explains a departure from *plan*."""
    parts = [part for part in plan.walk() if part.host == departure.host]
    asked = [(question.name, question.type) for part in parts for question in part.questions]
    if any(_met(asked, departure.host, fault) for fault in wrong.dns):
        return True
    if {departure.host, departure.target} & wrong.hosts:
        return True
    turns = {target.host for part in parts for target in part.targets}
    return departure.kind in ENDS and bool(turns & wrong.hosts)


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
    dns: list[tuple[str | None, str | None, str | None]] = []
    hosts: set[str] = set()
    for fault in faults:
        if fault.kind == "dns":
            name, client = fault.table.get("name"), fault.table.get("client")
            type_ = str(fault.table.get("type", "ANY")).upper()
            pattern = None if not name else absolute(substituted(str(name)))
            who = None if not client else clients(substituted(str(client)))
            asking = (who,) if who is None else (who, *behind(who))
            dns += [(pattern, None if type_ == "ANY" else type_, each) for each in asking]
        else:
            hosts |= {real(fault.name), *behind(real(fault.name))}
    return Wrong(tuple(dns), frozenset(hosts))


def _met(asked: Collection[tuple[str, str]], host: str, fault: tuple[str | None, str | None, str | None]) -> bool:
    pattern, type_, client = fault
    if client not in (None, host):
        return False
    return any(
        (pattern is None or matches(_dotted(name), pattern)) and type_ in (None, asked_type)
        for name, asked_type in asked
    )


def _dotted(name: str) -> str:
    return f"{name.rstrip('.').lower()}."
