"""The answer to another question: the first letter of its name differs. Clients notice (RFC 5452 4.2)."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from dnszone.faults.fault import Fault
from dnszone.response import Exchange, Response

HEADER = 12  # bytes; then the question's name, its first label's length first (RFC 1035 4.1)


class WrongQuestionFault(Fault):
    """No parameters."""

    kind: ClassVar[str] = "wrong-question"
    help = "the answer to another question"

    def apply(self, exchange: Exchange) -> Response:
        """Change the name."""
        return replace(exchange.response, spoil=(*exchange.response.spoil, _other_name))


def _other_name(message: bytes) -> bytes:
    if not message[5]:  # another fault has left the question out
        return message
    if message[HEADER] == 0:  # the root has no letter: ask for another type
        return message[: HEADER + 2] + bytes([message[HEADER + 2] ^ 1]) + message[HEADER + 3 :]
    letter = b"y" if message[HEADER + 1 : HEADER + 2].lower() == b"x" else b"x"
    return message[: HEADER + 1] + letter + message[HEADER + 2 :]
