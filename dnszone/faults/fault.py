"""What a fault is: a change of responses, named after its kind."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Literal, Self

from dnszone.check import Checker
from dnszone.response import Exchange, Response


class Fault(ABC):
    """One kind of fault with its parameters. To add a kind: a module in this folder, and its test."""

    kind: ClassVar[str]
    help: ClassVar[str]
    """What becomes of the answer, in one line: for the help and the documentation."""
    parameters: ClassVar[str] = ""
    """Which parameters it has, in Markdown."""
    example: ClassVar[Mapping[str, Any]] = {}
    """Parameters that are right."""
    transport: ClassVar[str | None] = None  # the only one on which the kind makes sense
    answer: ClassVar[Literal["right", "missing", "moved", "other"]] = "missing"
    """What the client has of it: all, nothing (or nothing in time), other data, or the same in another order."""

    @classmethod
    def read(cls, checker: Checker) -> Self | None:  # noqa: ARG003  most kinds have no parameters
        """Take the parameters from *checker* and note there what is wrong. None where they cannot be used."""
        return cls()

    @abstractmethod
    def apply(self, exchange: Exchange) -> Response:
        """Return the response as the fault makes it, or the very same one. It may be called from any thread."""

    def __str__(self) -> str:
        """Return the kind and its parameters, as the log names it: "rcode SERVFAIL"."""
        return self.kind
