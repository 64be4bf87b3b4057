"""The TCP connection is closed once the question is there. Over UDP nothing changes."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from dnszone.faults.fault import Fault
from dnszone.response import Exchange, Response


class TcpClosedFault(Fault):
    """No parameters."""

    kind: ClassVar[str] = "tcp-closed"
    help = "the TCP connection is closed once the question is there"
    transport: ClassVar[str | None] = "tcp"

    def apply(self, exchange: Exchange) -> Response:
        """Close."""
        return replace(exchange.response, send="close") if exchange.question.transport == "tcp" else exchange.response
