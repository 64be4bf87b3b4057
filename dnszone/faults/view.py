"""Answers from another text of a zone: split horizon, for the client that the fault is keyed by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

from dnszone import masterfile
from dnszone.check import Checker
from dnszone.faults.fault import Fault
from dnszone.problem import InvalidError
from dnszone.record import within
from dnszone.response import Exchange, Response, normal
from dnszone.zone import Zone


@dataclass(frozen=True, slots=True)
class ViewFault(Fault):
    """``zone`` takes the place of the one with its origin; aliases go on in the other zones."""

    kind: ClassVar[str] = "view"
    help = "from another text of a zone: split horizon, with `client`"
    parameters = "`origin`, `text`; `variables`, `file`"
    example: ClassVar[Mapping[str, Any]] = {"origin": "shop.test", "text": "@ MX 10 mx2.dest.test."}
    answer = "other"
    zone: Zone

    @classmethod
    def read(cls, checker: Checker) -> Self | None:
        """``origin``, ``text``, and, as for a zone, ``variables`` and ``file``."""
        origin, text = checker.text("origin"), checker.lines("text")
        variables, file = checker.mapping("variables"), checker.text("file", "")
        if origin is None or text is None:
            return None
        try:
            return cls(masterfile.read(text, origin, variables=variables, owner="view", file=file))
        except InvalidError as error:
            checker.include(error.problems)
            return None

    def apply(self, exchange: Exchange) -> Response:
        """Answer from the other text."""
        if not within(exchange.question.name, self.zone.origin):
            return exchange.response
        return replace(
            normal(exchange.zones.over(self.zone).resolve(exchange.question.name, exchange.question.type)),
            delay=exchange.response.delay,
        )

    def __str__(self) -> str:
        return f"view {self.zone.origin}"
