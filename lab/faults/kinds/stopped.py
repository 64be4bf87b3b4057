"""The host is stopped: no process, no address.

Neighbours see "No route to host", or a time-out, never "Connection refused".
"""

from __future__ import annotations

from lab.faults.kinds.site import Site


def apply(site: Site) -> None:
    """Stop it as `docker stop` does."""
    site.container.stop(timeout=2)


def heal(site: Site) -> None:
    """Start it and wait for its greeting."""
    site.container.start()
    site.await_ready()
    site.announce()
