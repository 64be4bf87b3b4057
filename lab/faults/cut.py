"""The host is cut off the network: its cable is pulled. It runs on; neighbours see "No route to host" or a time-out.

Its own deliveries fail too, from its very name lookups on. Nothing is lost when it comes back.
"""

from __future__ import annotations

from lab.faults.site import Site


def apply(site: Site) -> None:
    """Set its interface down."""
    site.beside("ip", "link", "set", "eth0", "down")


def heal(site: Site) -> None:
    """Set it up again; the kernel puts the route to the neighbours back with it."""
    site.container.reload()
    if site.container.status not in ("running", "paused"):
        return
    site.beside("ip", "link", "set", "eth0", "up")
    site.await_ready()
