"""The host is frozen.

The kernel still accepts connections (the backlog of listen(2)), and no banner ever comes.
"""

from __future__ import annotations

from lab.faults.effects import OFF
from lab.faults.kinds.fault import Fault
from lab.faults.kinds.site import Site


class Paused(Fault):
    """No settings."""

    kind = "paused"
    key = "host"
    help = "all its processes frozen"
    seen = "a connection, and no greeting"
    example = "paused"
    effect = OFF
    silent = True

    def apply(self, site: Site) -> None:
        """Freeze all its processes."""
        site.engine.pause(site.container)

    @staticmethod
    def heal(site: Site) -> None:
        """Let them go on."""
        if site.state == "paused":
            site.engine.unpause(site.container)
        site.await_ready()
