"""Commands inside the hosts of a lab."""

from __future__ import annotations

from lab import Lab
from lab.engine.command import Ran, execute
from lab.engine.hosts import container


def inside(lab: Lab, host: str, *command: str) -> Ran:
    """Run a command in a host to its end, whatever its exit code."""
    return execute(container(lab.docker, lab.hosts[host]), command)
