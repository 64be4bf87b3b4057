"""The host is frozen.

The kernel still accepts connections (the backlog of listen(2)), and no banner ever comes.
"""

from __future__ import annotations

from lab.faults.kinds.site import Site


def apply(site: Site) -> None:
    """Freeze all its processes."""
    site.container.pause()


def heal(site: Site) -> None:
    """Let them go on."""
    site.container.reload()
    if site.container.status == "paused":
        site.container.unpause()
    site.await_ready()
