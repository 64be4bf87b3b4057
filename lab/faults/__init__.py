"""Things made wrong on a real host, each in one small module: ``apply(site)``, ``heal(site)``.

A fault is noted in the process's lease before it is applied, so that the next command heals what a killed process
left (:mod:`lab.lease`). ``heal`` does no harm where the fault is not, or only half, in force.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from lab.faults import cut, disk_full, drop, killed, paused, refuse, scan_ban, stopped, unreachable
from lab.faults.site import Site


class Kind(Protocol):
    """A module of this package."""

    def apply(self, site: Site) -> None:
        """Make it wrong."""

    def heal(self, site: Site) -> None:
        """Put it right, and return when the host works again."""


KINDS: Mapping[str, Kind] = {
    "cut": cut,
    "disk-full": disk_full,
    "drop": drop,
    "killed": killed,
    "paused": paused,
    "refuse": refuse,
    "scan_ban": scan_ban,
    "stopped": stopped,
    "unreachable": unreachable,
}
"""Every fault by name. A new one is a module and a word here."""
