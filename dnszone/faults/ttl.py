"""The right records with another TTL."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

from dnszone.check import Checker
from dnszone.faults.fault import Fault
from dnszone.record import Record
from dnszone.response import Exchange, Response

LONGEST = 2**31 - 1  # RFC 2181 8


@dataclass(frozen=True, slots=True)
class TtlFault(Fault):
    """``ttl`` in seconds."""

    kind: ClassVar[str] = "ttl"
    help = "the right one with this TTL"
    parameters = "`ttl`"
    example: ClassVar[Mapping[str, Any]] = {"ttl": 1}
    answer = "right"
    ttl: int

    @classmethod
    def read(cls, checker: Checker) -> Self | None:
        """``ttl``."""
        ttl = checker.count("ttl", 0, LONGEST)
        return None if ttl is None else cls(ttl)

    def apply(self, exchange: Exchange) -> Response:
        """Set the TTL of every record."""
        return replace(
            exchange.response,
            answers=self._set(exchange.response.answers),
            authority=self._set(exchange.response.authority),
            additional=self._set(exchange.response.additional),
        )

    def __str__(self) -> str:
        return f"ttl {self.ttl}"

    def _set(self, records: tuple[Record, ...]) -> tuple[Record, ...]:
        return tuple(replace(record, ttl=self.ttl) for record in records)
