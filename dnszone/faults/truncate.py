"""TC=1 and no records over UDP, so that the client asks again over TCP (RFC 7766 5). Over TCP nothing changes."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from dnszone.faults.fault import Fault
from dnszone.response import Exchange, Response


class TruncateFault(Fault):
    """No parameters."""

    kind: ClassVar[str] = "truncate"
    help = "TC=1 and no records over UDP; TCP is as ever"
    transport: ClassVar[str | None] = "udp"

    def apply(self, exchange: Exchange) -> Response:
        """Cut the records off."""
        if exchange.question.transport == "tcp":
            return exchange.response
        return replace(exchange.response, tc=True, answers=(), authority=(), additional=())
