"""Which tries a list of expected attempts is about: the attempts, or the attempts and the hand-overs behind them.

A list in which an item names a hand-over, as "mailstore lmtp 250" and "pipe:filter 5.4.6" do, is about all tries. One
that names hosts alone is about the attempts; where one of these hosts is a mail store to which the message was handed
over as well ("mailstore refused"), it may be about either.
"""

from __future__ import annotations

from collections.abc import Sequence

from lab.route.model import Attempt, Route
from lab.verdict.align import Item
from lab.verdict.pattern import AGENTS, COMMAND, AttemptPattern


def meant(items: Sequence[Item], route: Route) -> tuple[Sequence[Attempt], ...]:
    """Return the tries that *items* may be about, the likelier ones first."""
    patterns = each(items)
    if any(map(_names_one, patterns)):
        return (route.tried,)
    stores = {one.tried.target for one in route.handovers}
    if any(stores & set(pattern.target.split("|")) for pattern in patterns):
        return (route.tried, route.attempts)
    return (route.attempts,)


def each(items: Sequence[Item]) -> list[AttemptPattern]:
    """Return the patterns in *items*, those of sets too."""
    return [pattern for item in items for pattern in (item if isinstance(item, tuple) else (item,))]


def _names_one(pattern: AttemptPattern) -> bool:
    return pattern.target.startswith(COMMAND) or bool(set(AGENTS) & set(pattern.results))
