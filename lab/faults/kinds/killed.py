"""The host is killed, as by a power cut: no signal handler, no last reply; its queue files stay."""

from __future__ import annotations

from lab.faults.kinds.site import Site
from lab.faults.kinds.stopped import Stopped


class Killed(Stopped):
    """No settings. It is healed as one that was stopped."""

    kind = "killed"
    help = "killed, as by a power cut"
    example = "killed"

    def apply(self, site: Site) -> None:
        """Kill it as `docker kill` does."""
        from docker.errors import APIError

        try:
            site.container.kill()
        except APIError as error:
            if error.status_code != 409:  # it was not running
                raise
