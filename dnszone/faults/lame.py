"""A server that is not responsible and does not recurse: AA=0, RA=0, NOERROR, no records.

A stub resolver takes it for a referral and asks the next server (glibc's res_send).
"""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from dnszone.faults.fault import Fault
from dnszone.response import Exchange, Response


class LameFault(Fault):
    """No parameters."""

    kind: ClassVar[str] = "lame"
    help = "AA=0, RA=0, NOERROR, no records: a server that is not responsible"

    def apply(self, exchange: Exchange) -> Response:
        """Drop the records and both flags."""
        bare = replace(exchange.response, answers=(), authority=(), additional=())
        return replace(bare, rcode="NOERROR", aa=False, ra=False)
