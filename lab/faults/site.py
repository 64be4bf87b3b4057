"""Where a fault is: one host of a running lab, and what a fault may do to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lab.errors import LabError

if TYPE_CHECKING:
    from docker.models.containers import Container

    from lab.hosts import Host


@dataclass(frozen=True, slots=True)
class Site:
    """One host. ``await_ready`` returns when its protocols answer again."""

    host: Host
    container: Container
    await_ready: Callable[[], None]

    def run(self, *command: str) -> None:
        """Run a command as root with all capabilities, which the host's own processes do not have."""
        result = self.container.exec_run(list(command), privileged=True)
        if result.exit_code != 0:
            output = (result.output or b"").decode("utf-8", "replace").strip()
            raise LabError(
                f"{' '.join(command)} failed on {self.host.name}: {output}",
                hint="does this Docker engine allow privileged exec? Rootless engines may not",
            )
