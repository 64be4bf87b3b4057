"""What hosts are called: in the scenario ("backup", "@" for the domain itself) and in the lab during one run. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from lab.route.departures import Departure
from lab.route.model import Attempt, Notification, Route
from lab.route.plan import Exclusion, Plan, Target

Place = TypeVar("Place", Target, Exclusion)


@dataclass(frozen=True, slots=True)
class Names:
    """*own*: the scenario's own hosts to their lab names; *apexes*: first labels of domains to "@" or a zone's name."""

    own: Mapping[str, str]
    apexes: Mapping[str, str]

    def real(self, name: str) -> str:
        """Return the lab name of a host of the scenario."""
        return self.own.get(name, name)

    def shown(self, name: str) -> str:
        """Return what the scenario calls a host."""
        for own, real in self.own.items():
            if real == name:
                return own
        return self.apexes.get(name, name)

    def told(self, text: str) -> str:
        """Return a text for a person with the scenario's names in it; columns stay where they are."""
        for own, real in self.own.items():
            text = re.sub(f"{re.escape(real)}(?=  )", own.ljust(len(real)), text).replace(real, own)
        return text

    def route(self, route: Route) -> Route:
        """Return a route with the scenario's names."""
        return replace(
            route,
            accepted_by=None if route.accepted_by is None else self.shown(route.accepted_by),
            mailstore=None if route.mailstore is None else self.shown(route.mailstore),
            hops=[self.shown(host) for host in route.hops],
            attempts=tuple(self._attempt(attempt) for attempt in route.attempts),
            handovers=tuple(replace(each, tried=self._attempt(each.tried)) for each in route.handovers),
            notifications=tuple(self._notification(each) for each in route.notifications),
            plan=route.plan and self.plan(route.plan),
            replanned=tuple((at, self.plan(plan)) for at, plan in route.replanned),
        )

    def plan(self, plan: Plan) -> Plan:
        """Return a plan with the scenario's names: a route with them is compared with it."""
        return replace(
            plan,
            host=self.shown(plan.host),
            sites=tuple(
                replace(
                    site,
                    groups=tuple(replace(group, targets=self._places(group.targets)) for group in site.groups),
                    excluded=self._places(site.excluded),
                )
                for site in plan.sites
            ),
            delivery=self._places(plan.delivery),
            branches=tuple(
                replace(branch, host=self.shown(branch.host), plan=branch.plan and self.plan(branch.plan))
                for branch in plan.branches
            ),
            then=tuple(map(self.plan, plan.then)),
            notes=tuple(map(self.told, plan.notes)),
        )

    def departure(self, departure: Departure) -> Departure:
        """Return a departure with the scenario's names."""
        return replace(
            departure,
            host=self.shown(departure.host),
            target=None if departure.target is None else self.shown(departure.target),
            expected=self.told(departure.expected),
            observed=self.told(departure.observed),
        )

    def _places(self, places: tuple[Place, ...]) -> tuple[Place, ...]:
        return tuple(replace(each, host=self.shown(each.host)) for each in places)

    def _attempt(self, attempt: Attempt) -> Attempt:
        return replace(attempt, host=self.shown(attempt.host), target=self.shown(attempt.target))

    def _notification(self, each: Notification) -> Notification:
        return replace(each, host=self.shown(each.host), route=each.route and self.route(each.route))
