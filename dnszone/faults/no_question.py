"""The right answer without its question (QDCOUNT=0): nobody can tell what it answers (RFC 5452 9.1)."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from dnszone.faults.fault import Fault
from dnszone.response import Exchange, Response


class NoQuestionFault(Fault):
    """No parameters."""

    kind: ClassVar[str] = "no-question"
    help = "the right one without the question: nobody can tell what it answers"

    def apply(self, exchange: Exchange) -> Response:
        """Leave the question out."""
        return replace(exchange.response, question=False)
