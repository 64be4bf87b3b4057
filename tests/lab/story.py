"""What a route says, in the short form in which the tests of this folder compare it."""

from __future__ import annotations

from lab import Route


def answers(route: Route) -> list[str]:
    """Return each attempt as "target outcome stage"."""
    return [f"{each.target} {each.outcome} {each.stage}" for each in route.attempts]


def departures(route: Route) -> list[object]:
    """Return where the route is not the one that zone and settings foretold."""
    found: list[object] = route.to_json()["plan"]["departures"]
    return found


def looked_up(*names: str) -> list[str]:
    """Return Postfix's questions for the addresses of each name, IPv4 first."""
    return [f"{type_} {name}." for name in names for type_ in ("A", "AAAA")]
