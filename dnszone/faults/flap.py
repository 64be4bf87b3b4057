"""A sequence of outcomes: each question takes the next one, from the beginning again or staying at the last."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any, ClassVar, Self

from dnszone.check import Checker
from dnszone.faults.fault import Fault
from dnszone.response import Exchange, Response

NORMAL = "normal"


@dataclass(frozen=True, slots=True)
class FlapFault(Fault):
    """``outcomes``: faults, or None for the right answer. ``then``: "repeat" or "last"."""

    kind: ClassVar[str] = "flap"
    help = "one outcome after the other"
    parameters = '`outcomes`: a list of `"normal"` and of faults without scope; `then`: `repeat` (default) or `last`'
    example: ClassVar[Mapping[str, Any]] = {"outcomes": ["normal", {"kind": "drop"}]}
    outcomes: tuple[Fault | None, ...]
    then: str
    _turns: count[int] = field(default_factory=count, compare=False)

    @classmethod
    def read(cls, checker: Checker) -> Self | None:
        """``outcomes``: a list of "normal" and of objects as for a fault, without scope; ``then``, default "repeat"."""
        from dnszone.faults import read  # faults are made of faults

        values = checker.value("outcomes")
        then = checker.choice("then", ("repeat", "last"), "repeat")
        if not isinstance(values, list) or not values:
            checker.note("outcomes", "must be a list", '["normal", {"kind": "rcode", "rcode": "SERVFAIL"}]')
            return None
        outcomes: list[Fault | None] = []
        for index, value in enumerate(values):
            if value == NORMAL:
                outcomes.append(None)
                continue
            part = Checker(value, checker.at(f"outcomes[{index}]"))
            outcomes.append(read(part))
            checker.include(part.close())
        return cls(tuple(outcomes), then) if then else None

    def apply(self, exchange: Exchange) -> Response:
        """Apply the outcome whose turn it is."""
        turn = next(self._turns)
        number = turn % len(self.outcomes) if self.then == "repeat" else min(turn, len(self.outcomes) - 1)
        outcome = self.outcomes[number]
        changed = outcome.apply(exchange) if outcome else exchange.response
        return changed if changed is exchange.response else replace(changed, fault=f"flap: {outcome}")

    def __str__(self) -> str:
        return f"flap {', '.join(str(outcome or NORMAL) for outcome in self.outcomes)}"
