"""The right response, later. Other questions do not wait, not even on the same connection (RFC 7766 6.2.1.1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

from dnszone.check import Checker
from dnszone.faults.fault import Fault
from dnszone.response import Exchange, Response

LONGEST = 3600.0


@dataclass(frozen=True, slots=True)
class DelayFault(Fault):
    """``seconds``."""

    kind: ClassVar[str] = "delay"
    help = "the right one, later"
    parameters = "`seconds`"
    example: ClassVar[Mapping[str, Any]] = {"seconds": 1.5}
    seconds: float

    @classmethod
    def read(cls, checker: Checker) -> Self | None:
        """``seconds``."""
        seconds = checker.number("seconds", LONGEST)
        return cls(seconds) if seconds else None

    def apply(self, exchange: Exchange) -> Response:
        """Add to the delay."""
        return replace(exchange.response, delay=exchange.response.delay + self.seconds)

    def __str__(self) -> str:
        return f"delay {self.seconds:g} s"
