"""The host is killed, as by a power cut: no signal handler, no last reply; its queue files stay."""

from __future__ import annotations

from contextlib import suppress

from lab.engine.protocol import BusyError
from lab.faults.kinds.site import Site
from lab.faults.kinds.stopped import Stopped


class Killed(Stopped):
    """No settings. It is healed as one that was stopped."""

    kind = "killed"
    help = "killed, as by a power cut"
    example = "killed"

    def apply(self, site: Site) -> None:
        """Kill it as `docker kill` does."""
        with suppress(BusyError):  # it was not running
            site.engine.kill(site.container)
        site.leave()
