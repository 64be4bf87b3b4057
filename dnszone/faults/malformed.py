"""A message that cannot be read: a good header and question, then nothing ("cut") or bytes without sense ("garbage").

The header promises one answer in both.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

from dnszone.check import Checker
from dnszone.faults.fault import Fault
from dnszone.response import Exchange, Response

ONE_ANSWER = b"\x00\x01\x00\x00\x00\x00"  # ANCOUNT, NSCOUNT, ARCOUNT
GARBAGE = b"\xc0\xff" + b"\xff" * 30  # a compression pointer to nowhere
HEADER = 12


@dataclass(frozen=True, slots=True)
class MalformedFault(Fault):
    """``form``: "cut" or "garbage"."""

    kind: ClassVar[str] = "malformed"
    help = "a message that cannot be read"
    parameters = "`form`: `cut` (default) or `garbage`"
    example: ClassVar[Mapping[str, Any]] = {"form": "garbage"}
    form: str

    @classmethod
    def read(cls, checker: Checker) -> Self | None:
        """``form``, default "cut"."""
        form = checker.choice("form", FORMS, "cut")
        return cls(form) if form else None

    def apply(self, exchange: Exchange) -> Response:
        """Replace what follows the exchange.question."""
        return replace(exchange.response, spoil=(*exchange.response.spoil, FORMS[self.form]))

    def __str__(self) -> str:
        return f"malformed {self.form}"


def _head(message: bytes) -> bytes:
    if not message[5]:  # another fault has left the question out
        return message[:6] + ONE_ANSWER
    at = HEADER
    while message[at]:
        at += message[at] + 1
    return message[:6] + ONE_ANSWER + message[HEADER : at + 5]  # the final zero, QTYPE, QCLASS


FORMS: dict[str, Callable[[bytes], bytes]] = {
    "cut": lambda message: _head(message) + b"\xc0\x0c\x00",
    "garbage": lambda message: _head(message) + GARBAGE,
}
