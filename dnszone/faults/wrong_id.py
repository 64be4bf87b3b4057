"""The right answer with another id: no client may take it for the answer to its question (RFC 5452 4.3)."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from dnszone.faults.fault import Fault
from dnszone.response import Exchange, Response


class WrongIdFault(Fault):
    """No parameters."""

    kind: ClassVar[str] = "wrong-id"
    help = "the right one with another id: no client takes it"

    def apply(self, exchange: Exchange) -> Response:
        """Change the id."""
        return replace(exchange.response, spoil=(*exchange.response.spoil, _other_id))


def _other_id(message: bytes) -> bytes:
    return bytes([message[0] ^ 0xFF, message[1]]) + message[2:]
