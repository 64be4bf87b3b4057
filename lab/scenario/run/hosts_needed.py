"""Which hosts of the world a scenario uses together with others, and which it must have alone. Pure.

Alone: hosts that it stops, pauses, restarts, or whose port it closes. A reply that it has a real MX give is for its own
recipients only, and disturbs nobody.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lab.scenario.format.model import Scenario
from lab.scenario.format.variables import MAIL, WORLD, variable
from lab.world import roster

DEST = "dest.test"
ITSELF = re.compile(rf"(?<![\w.-]){re.escape(DEST)}\b")  # the domain, and no host in it


def alone(scenario: Scenario) -> frozenset[str]:
    """Return the hosts of the world that nobody else may use during the run."""
    return frozenset(name for name in _broken(scenario) if name in WORLD)


def names(scenario: Scenario) -> frozenset[str]:
    """Return what stands for the zones whose names are written: one run at a time may serve each of them."""
    return frozenset(f"zone {name}" for name in scenario.fixed)


def shared(scenario: Scenario) -> frozenset[str]:
    """Return the hosts of the world that the run uses as they are."""
    via = {message.via.partition(":")[0] for message in scenario.messages}
    via |= {session.at.partition(":")[0] for session in scenario.sessions}
    via = via.union(*(step.uses() for step in scenario.steps))
    text = " ".join(_texts(scenario)).lower()
    named = {host for host in MAIL if re.search(rf"\b{host}(_v6)?\b", text)}
    named |= roster.exchangers(DEST) if ITSELF.search(text) else set()
    used = (via & set(WORLD)) | named | set(roster.ADDRESSEE)
    return frozenset(used.union(*map(roster.behind, used))) - alone(scenario)


def _broken(scenario: Scenario) -> Iterator[str]:
    for fault in scenario.faults:
        yield from fault.breaks()
    for step in scenario.steps:
        yield from step.breaks()


def _texts(scenario: Scenario) -> Iterator[str]:
    yield from (*scenario.zones.values(), *scenario.fixed.values())
    for host in scenario.hosts:
        yield from (host.main_cf, host.dovecot_conf, host.unbound_conf, *host.files.values())
    for message in scenario.messages:
        yield from message.to
    for step in scenario.steps:
        yield from (text for _, _, text in step.zones())
    yield from (variable(fault.name).lower() for fault in scenario.faults)
