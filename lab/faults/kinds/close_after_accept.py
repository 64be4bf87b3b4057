"""Port 25 of a living host accepts a connection and ends it before the greeting, as a load balancer without servers.

What ends it is RST. One at once would come before the client's connect(2) has returned, and would be no connection at
all; so the client's first answer is lost, and the one to the SYN-ACK that is sent again, after 1 s, meets the RST.
"""

from __future__ import annotations

from typing import Any, ClassVar

from lab.faults.kinds.filtered import OPENS, Filtered, chain, load
from lab.faults.kinds.site import Site
from lab.values import Kind, OneOf

MARK = 25  # of the connections that are to end: those that were open before have none


class CloseAfterAccept(Filtered):
    """No settings."""

    kind = "close_after_accept"
    help = "a connection is accepted, and reset 1 s later"
    seen = "lost connection, no greeting"
    example: ClassVar[Any] = {"close_after_accept": True}
    setting: ClassVar[Kind | None] = OneOf((True,))
    word = False

    def apply(self, site: Site) -> None:
        """Reset each connection opened from now on. The client's own RST must reach the host, to end it there."""
        load(
            site,
            "set new { typeof ct id; flags dynamic,timeout; timeout 500ms; }",
            chain(
                "input",
                f"{OPENS} ct mark set {MARK} add @new {{ ct id }} accept",
                f"tcp dport 25 ct mark {MARK} ct id @new drop",
                f"tcp dport 25 ct mark {MARK} tcp flags & rst == 0 reject with tcp reset",
            ),
        )
