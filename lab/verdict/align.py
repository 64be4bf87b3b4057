"""Lays the attempts of a route beside the expected ones and says where they differ.

An expected item is a pattern, a pattern that may repeat, or a set: patterns of which any order is right, as
with mail exchangers of equal preference. After one of a set has accepted, the rest of that set is not tried,
and not missed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations

from lab.route.model import Attempt
from lab.verdict.pattern import AttemptPattern, describe

Item = AttemptPattern | tuple[AttemptPattern, ...]
NOTHING = "nothing"
UNSURE = 1e-6  # the cost of what cannot be told: however often, it is less than one difference
SET_LIMIT = 6  # patterns in one set: all orders are compared; more of them read better as "* refused ..."


@dataclass(frozen=True, slots=True)
class Mismatch:
    """One place where they differ.

    ``index`` counts the expected items; ``observed`` is NOTHING for a missing one. Where it cannot be told whether an
    attempt is as expected, it is ``unsure``.
    """

    index: int
    expected: str
    observed: str
    unsure: bool = False


@dataclass(frozen=True, slots=True)
class _Path:
    cost: float
    mismatches: tuple[Mismatch, ...] = ()

    def then(self, rest: _Path) -> _Path:
        return _Path(self.cost + rest.cost, self.mismatches + rest.mismatches)


def align(items: Sequence[Item], attempts: Sequence[Attempt]) -> tuple[Mismatch, ...]:
    """Return the fewest differences that explain how *attempts* are not *items*; none when they are."""
    # best[a]: the items from the current one on against the attempts from a on, beginning with the last item.
    best = [_extra(len(items), attempts[start:]) for start in range(len(attempts) + 1)]
    for index in range(len(items) - 1, -1, -1):
        following, best = best, [_Path(0)] * len(best)
        for start in range(len(attempts), -1, -1):
            paths = [
                _step(index, items[index], attempts[start : start + size]).then(following[start + size])
                for size in reversed(_sizes(items[index], len(attempts) - start))  # of equal items the last is missing
            ]
            if start < len(attempts):
                paths.append(_extra(index, attempts[start : start + 1]).then(best[start + 1]))
            best[start] = min(paths, key=lambda path: path.cost)
    return best[0].mismatches


def _extra(index: int, attempts: Sequence[Attempt]) -> _Path:
    """Return what it costs to take attempts for unexpected ones."""
    return _Path(2 * len(attempts), tuple(Mismatch(index, NOTHING, describe(attempt)) for attempt in attempts))


def _sizes(item: Item, left: int) -> range:
    """Return how many attempts an item may stand for."""
    if isinstance(item, tuple):
        return range(min(len(item), left) + 1)
    return range((left if item.repeated else min(1, left)) + 1)


def _step(index: int, item: Item, taken: Sequence[Attempt]) -> _Path:
    if isinstance(item, tuple):
        return min((_ordered(index, order, taken) for order in permutations(item)), key=lambda path: path.cost)
    if not taken:
        return _missing(index, item)
    return _paired(index, [(item, attempt) for attempt in taken])


def _ordered(index: int, patterns: tuple[AttemptPattern, ...], taken: Sequence[Attempt]) -> _Path:
    """Compare one order of a set with what was taken for it."""
    path = _paired(index, list(zip(patterns, taken, strict=False)))
    if taken and taken[-1].outcome == "accepted":
        return path
    for pattern in patterns[len(taken) :]:
        path = path.then(_missing(index, pattern))
    return path


def _paired(index: int, pairs: list[tuple[AttemptPattern, Attempt]]) -> _Path:
    """Compare pairs: the right host with another result is nearer than another host."""
    path = _Path(0)
    for pattern, attempt in pairs:
        same = pattern.matches(attempt)
        if not same:
            cost = UNSURE if same is None else 1 if pattern.names(attempt.target) else 3
            path = path.then(
                _Path(cost, (Mismatch(index, str(pattern), pattern.compared(attempt), unsure=same is None),))
            )
    return path


def _missing(index: int, pattern: AttemptPattern) -> _Path:
    return _Path(2, (Mismatch(index, str(pattern), NOTHING),))
