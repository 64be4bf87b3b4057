"""Commands inside the hosts of a lab."""

from __future__ import annotations

from lab import Lab
from lab.engine.protocol import Ran


def inside(lab: Lab, host: str, *command: str) -> Ran:
    """Run a command in a host to its end, whatever its exit code."""
    return lab.engine.execute(lab.hosts[host].container, command)
