"""The host is stopped: no process, no address.

Neighbours see "No route to host", or a time-out, never "Connection refused".
"""

from __future__ import annotations

from lab.faults.effects import OFF
from lab.faults.kinds.fault import Fault
from lab.faults.kinds.site import Site


class Stopped(Fault):
    """No settings."""

    kind = "stopped"
    key = "host"
    help = "stopped in order"
    seen = "No route to host, or a time-out"
    example = "stopped"
    effect = OFF
    silent = True

    def apply(self, site: Site) -> None:
        """Stop it as `docker stop` does."""
        site.engine.stop(site.container)
        site.leave()

    @staticmethod
    def heal(site: Site) -> None:
        """Start it and wait for its greeting."""
        site.enter()
        site.engine.start(site.container)
        site.await_ready()
        site.announce()
