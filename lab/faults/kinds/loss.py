"""A share of the packets to port 25 of a living host is lost. TCP sends them again, later and later (RFC 6298 5)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from lab.faults.kinds.filtered import Filtered, chain, load
from lab.faults.kinds.site import Site
from lab.values import Kind, Positive


@dataclass(frozen=True, slots=True)
class Loss(Filtered):
    """``share`` of the packets, those of sessions that are open too."""

    share: float

    kind = "loss"
    help = "3 of 10 packets to port 25 are lost, those of open sessions too"
    seen = "a slow dialogue"
    example: ClassVar[Any] = {"loss": 0.3}
    setting: ClassVar[Kind | None] = Positive(1)
    word = False

    def apply(self, site: Site) -> None:
        """Lose packets at random; a thousandth is the smallest share."""
        chance = "" if self.share > 0.999 else f"numgen random mod 1000 < {max(1, round(self.share * 1000))} "
        load(site, chain("input", f"tcp dport 25 {chance}drop"))
