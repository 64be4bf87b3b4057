"""A packet filter before a living host allows so many connections to port 25; one more is "Connection refused".

Firewalls count so (connlimit of iptables-extensions(8), ct count of nft(8)). Postfix's own limit, which answers 421, is
smtpd_client_connection_count_limit. The kernel notices the end of a connection when the next one comes: that one, right
after it, may still be one too many.
"""

from __future__ import annotations

from lab.faults.kinds import filtered
from lab.faults.kinds.site import Site

heal = filtered.clear


def apply(site: Site, most: int) -> None:
    """Reset a new connection while *most* are open; those from before do not count, and go on."""
    filtered.set_rule(site, f"ct count over {most} reject with tcp reset")
