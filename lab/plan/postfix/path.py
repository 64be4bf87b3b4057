"""The whole way of a message: the plan of a host, with those of its branches and of the hosts behind it.

In: a recipient, a host, and the lab as :class:`Basis` has it. Out: one plan with all that may follow in it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from lab.plan.postfix.explain import Basis, Stage, explain
from lab.route.plan import Branch, Plan
from lab.servers.postfix.settings import Settings

Place = tuple[str, str, Stage]  # host, recipient in lower case, and how far the message is there
ONWARD: dict[str, Stage] = {"virtual_alias_maps": "expanded", "alias_maps": "internal", "sieve": "smtp"}


def explain_path(recipient: str, host: str, basis: Basis, sender: str | None = None, port: int = 25) -> Plan:
    """Return the plan of *host*, with ``then`` the plans of the hosts that may take the message over from it.

    *port*: at which the host gets it. A host without settings ends the path. So does one whose plan leaves off, and
    one that takes the domain as its own, unless a branch leads on,
    and one that the message has passed already: a loop, which the plan's notes name. What can be reached on several
    ways has its plan on the first of them.
    """
    return _Path(basis, sender).follow((host, recipient.lower(), "smtp"), recipient, (), port)


class _Path:
    """One path. ``planned`` has every place that has a plan."""

    def __init__(self, basis: Basis, sender: str | None) -> None:
        self._basis = basis
        self._sender = sender
        self._planned: set[Place] = set()

    def follow(self, place: Place, recipient: str, passed: tuple[Place, ...], port: int = 25) -> Plan:
        """Return the plan at *place*, where the message comes after it was at the places *passed*."""
        self._planned.add(place)
        host, _, stage = place
        plan = explain(recipient, host, self._basis, self._sender, stage, port)
        passed = (*passed, place)
        branches = tuple(self._branch(branch, passed) for branch in plan.branches)
        settings = self._basis.settings
        targets = () if plan.unplanned else [each for each in plan.targets if not plan.is_itself(each)]
        ports = {target.host: target.port for target in reversed(targets) if target.host in settings}
        onward = dict.fromkeys(target.host for target in targets if target.host in settings)
        following: list[Place] = [(name, recipient.lower(), "smtp") for name in onward]
        loops = tuple(_loop(each[0], settings[each[0]]) for each in following if _within(each, passed))
        then = tuple(
            self.follow(each, recipient, passed, ports[each[0]]) for each in following if each not in self._planned
        )
        return replace(plan, notes=plan.notes + loops, branches=branches, then=then)

    def _branch(self, branch: Branch, passed: tuple[Place, ...]) -> Branch:
        place = (branch.host, branch.recipient.lower(), ONWARD[branch.by])
        if branch.host not in self._basis.settings or place in self._planned:
            return branch
        return replace(branch, plan=self.follow(place, branch.recipient, passed, branch.port))


def _within(place: Place, passed: Iterable[Place]) -> bool:
    """Return whether the message was at that host for that recipient, however far it got there."""
    return place[:2] in {each[:2] for each in passed}


def _loop(host: str, settings: Settings) -> str:
    return (
        f"{host} has had the message already: it circles until it has {settings.hopcount_limit} Received "
        "fields (hopcount_limit), then it bounces"
    )
