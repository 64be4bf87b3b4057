"""The AD bit set: the answer claims that DNSSEC has proven it (RFC 4035 3.2.3), which DANE asks for (RFC 7672 2.1)."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from dnszone.faults.fault import Fault
from dnszone.response import Exchange, Response


class AdFault(Fault):
    """No parameters."""

    kind: ClassVar[str] = "ad"
    help = "the AD bit set, as if DNSSEC had proven it"
    answer = "missing"  # to whom it matters: DANE asks for TLSA records then, and there are none

    def apply(self, exchange: Exchange) -> Response:
        """Set the bit."""
        return replace(exchange.response, ad=True)
