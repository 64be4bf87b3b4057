"""Another response code, without records. NODATA is NOERROR for a name without such a record (RFC 2308 2.2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

from dns.rcode import Rcode

from dnszone.check import Checker
from dnszone.faults.fault import Fault
from dnszone.response import Exchange, Response

RCODES = [code.name for code in Rcode if code < 16]  # what fits into a header (RFC 1035 4.1.1)
NEGATIVE = {"NXDOMAIN": "NXDOMAIN", "NODATA": "NOERROR"}  # they say so with authority, and how long (RFC 2308)


@dataclass(frozen=True, slots=True)
class RcodeFault(Fault):
    """``rcode``: a mnemonic, or NODATA."""

    kind: ClassVar[str] = "rcode"
    help = "this code, no records; NXDOMAIN and NODATA with authority"
    parameters = "`rcode`: `SERVFAIL`, `NXDOMAIN`, `NODATA`, `REFUSED`, `FORMERR`, `NOTIMP`, ..."
    example: ClassVar[Mapping[str, Any]] = {"rcode": "SERVFAIL"}
    rcode: str

    @classmethod
    def read(cls, checker: Checker) -> Self | None:
        """``rcode``."""
        rcode = checker.choice("rcode", [*RCODES, "NODATA"])
        return cls(rcode) if rcode else None

    def apply(self, exchange: Exchange) -> Response:
        """Drop the records."""
        bare = replace(exchange.response, answers=(), authority=(), additional=())
        if self.rcode not in NEGATIVE:
            return replace(bare, rcode=self.rcode, aa=False)
        zone = exchange.zones.zone_of(exchange.question.name)
        authority = zone.negative if zone else ()
        return replace(bare, rcode=NEGATIVE[self.rcode], authority=authority, aa=True)

    def __str__(self) -> str:
        return f"rcode {self.rcode}"
