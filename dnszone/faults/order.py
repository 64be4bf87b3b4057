"""The answers in a chosen order: data in the order given, "reverse", or "rotate" by one at every question."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any, ClassVar, Self

from dnszone.check import Checker
from dnszone.faults.fault import Fault
from dnszone.record import Record
from dnszone.response import Exchange, Response


@dataclass(frozen=True, slots=True)
class OrderFault(Fault):
    """``order``: "reverse", "rotate", or data, each as the zone has it or its last word ("mx1.dest.test")."""

    kind: ClassVar[str] = "order"
    help = "the records in this order"
    parameters = '`order`: `reverse`, `rotate`, or a list of data such as `["mx2.dest.test", "mx1.dest.test"]`'
    example: ClassVar[Mapping[str, Any]] = {"order": "reverse"}
    answer = "moved"
    order: str | tuple[str, ...]
    _turns: count[int] = field(default_factory=count, compare=False)

    @classmethod
    def read(cls, checker: Checker) -> Self | None:
        """``order``."""
        value = checker.value("order")
        if value in ("reverse", "rotate"):
            return cls(value)
        if isinstance(value, list) and value and all(isinstance(each, str) and each.strip() for each in value):
            return cls(tuple(value))
        checker.note(
            "order", 'must be "reverse", "rotate" or a list of data', '["20 mx2.dest.test.", "10 mx1.dest.test."]'
        )
        return None

    def apply(self, exchange: Exchange) -> Response:
        """Sort the answers; aliases stay in front (RFC 1034 4.3.1)."""
        aliases = [record for record in exchange.response.answers if record.type in ("CNAME", "DNAME")]
        records = [record for record in exchange.response.answers if record not in aliases]
        if self.order == "reverse":
            records.reverse()
        elif self.order == "rotate":
            turn = next(self._turns) % len(records) if records else 0
            records = records[turn:] + records[:turn]
        else:
            records.sort(key=self._rank)
        return replace(exchange.response, answers=(*aliases, *records))

    def __str__(self) -> str:
        return f"order {self.order if isinstance(self.order, str) else ', '.join(self.order)}"

    def _rank(self, record: Record) -> int:
        """Return the place of a record; those that are not named come last."""
        data = record.data.lower()
        known = {data, data.rstrip("."), data.rpartition(" ")[2], data.rpartition(" ")[2].rstrip(".")}
        return next((place for place, each in enumerate(self.order) if each.lower() in known), len(self.order))
