"""A route and the plans that held while it was made: where zones or settings change, the plan is made anew.

In: a route with its plan, and those made since. Out: its parts, each with the plan of its time, and the departures.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from lab.route.departures import Departure, compare
from lab.route.model import Route
from lab.route.plan import Plan


def stretches(route: Route) -> Iterator[tuple[Plan, Route]]:
    """Yield the parts of *route* with the plan that held while each was made; nothing where it has no plan.

    Only the last part has the route's end.
    """
    if route.plan is None:
        return
    plans = [(None, route.plan), *route.replanned]
    for number, (begins, plan) in enumerate(plans):
        ends = plans[number + 1][0] if number + 1 < len(plans) else None
        made = [attempt for attempt in route.attempts if begins is None or begins <= attempt.at]
        if ends is None:
            yield plan, replace(route, attempts=tuple(made))
        else:
            so_far = tuple(attempt for attempt in made if attempt.at < ends)
            yield plan, replace(route, attempts=so_far, outcome="unknown", status=None)


def departures(route: Route) -> list[Departure]:
    """Return where *route* departs from the plans that held."""
    return [each for plan, part in stretches(route) for each in compare(plan, part)]
