"""No response at all: the client waits until its own time-out."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from dnszone.faults.fault import Fault
from dnszone.response import Exchange, Response


class DropFault(Fault):
    """No parameters."""

    kind: ClassVar[str] = "drop"
    help = "none: the client waits until its own time-out"

    def apply(self, exchange: Exchange) -> Response:
        """Send nothing."""
        return replace(exchange.response, send="nothing")
