"""Things made wrong on a real host, each in one small module: ``apply(site)``, ``heal(site)``.

One with a setting takes it after the site: ``loss.apply(site, 0.3)``.

A fault is noted in the process's lease before it is applied, so that the next command heals what a killed process
left (:mod:`lab.state.lease`). ``heal`` does no harm where the fault is not, or only half, in force.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from lab.faults.kinds import (
    close_after_accept,
    cut,
    delay,
    disk_full,
    drop,
    fail2ban,
    killed,
    limit,
    loss,
    paused,
    refuse,
    scan_ban,
    stopped,
    unreachable,
)
from lab.faults.kinds.site import Site


class Kind(Protocol):
    """A module of this package."""

    @property
    def apply(self) -> Callable[..., None]:
        """Make it wrong: at a site, with the kind's setting if it has one."""

    def heal(self, site: Site) -> None:
        """Put it right, and return when the host works again."""


BANS = (fail2ban, scan_ban)
"""Those that ban clients; ``banned(site)`` tells whom, with the seconds that are left."""


def banned(site: Site) -> dict[str, int]:
    """Return whom any fault at a host bans: address to whole seconds that are left."""
    found: dict[str, int] = {}
    for kind in BANS:
        found |= kind.banned(site)
    return found


KINDS: Mapping[str, Kind] = {
    "close_after_accept": close_after_accept,
    "cut": cut,
    "delay": delay,
    "disk-full": disk_full,
    "drop": drop,
    "fail2ban": fail2ban,
    "killed": killed,
    "limit": limit,
    "loss": loss,
    "paused": paused,
    "refuse": refuse,
    "scan_ban": scan_ban,
    "stopped": stopped,
    "unreachable": unreachable,
}
"""Every fault by name. A new one is a module and a word here."""
