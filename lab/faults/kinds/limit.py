"""A packet filter before a living host allows so many connections to port 25; one more is "Connection refused".

Firewalls count so (connlimit of iptables-extensions(8), ct count of nft(8)). Postfix's own limit, which answers 421, is
smtpd_client_connection_count_limit. The kernel notices the end of a connection when the next one comes: that one, right
after it, may still be one too many.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from lab.faults.kinds.filtered import OPENS, Filtered, chain, load
from lab.faults.kinds.site import Site
from lab.values import Kind, Number


@dataclass(frozen=True, slots=True)
class Limit(Filtered):
    """``most`` connections at a time."""

    most: int

    kind = "limit"
    help = "while one connection to port 25 is open, another one is reset"
    seen = "Connection refused"
    example: ClassVar[Any] = {"limit": 1}
    setting: ClassVar[Kind | None] = Number(10_000, whole=True)
    word = False

    def apply(self, site: Site) -> None:
        """Reset a new connection while as many are open; those from before do not count, and go on."""
        load(site, chain("input", f"{OPENS} ct count over {self.most} reject with tcp reset"))
