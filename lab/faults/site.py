"""Where a fault is: one host of a running lab, and what a fault may do to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lab.errors import LabError

if TYPE_CHECKING:
    from docker import DockerClient
    from docker.models.containers import Container

    from lab.hosts import Host


class UnsupportedError(LabError):
    """This Docker engine does not allow what a fault needs."""


@dataclass(frozen=True, slots=True)
class Site:
    """One host. ``await_ready`` returns when its protocols answer again; ``tools`` is an image that has nft(8)."""

    docker: DockerClient
    host: Host
    container: Container
    await_ready: Callable[[], None]
    tools: str

    def nft(self, rules: str, *options: str) -> str:
        """Run nft(8) in the host's network namespace, and return what it prints.

        In a container of its own, beside the host's: the host's processes have no NET_ADMIN, and no exec can get it.
        """
        from docker.errors import ContainerError

        try:
            printed = self.docker.containers.run(
                self.tools,
                ["nft", *options, rules],
                network_mode=f"container:{self.container.id}",
                cap_drop=["ALL"],
                cap_add=["NET_ADMIN"],
                labels={key: value for key, value in self.container.labels.items() if key == "mail-lab.name"},
                remove=True,
            )
        except ContainerError as error:
            said = error.stderr.decode("utf-8", "replace") if isinstance(error.stderr, bytes) else error.stderr
            raise UnsupportedError(
                f"cannot filter packets at {self.host.name}: {(said or '').strip()}",
                hint="does this Docker engine allow the capability NET_ADMIN? Rootless engines may not",
            ) from error
        return printed.decode("utf-8", "replace") if isinstance(printed, bytes) else ""
