"""Where a fault is: one host of a running lab, and what a fault may do to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lab.errors import MachineError

if TYPE_CHECKING:
    from docker import DockerClient
    from docker.models.containers import Container

    from lab.hosts import Host


class UnsupportedError(MachineError):
    """This Docker engine does not allow what a fault needs."""


@dataclass(frozen=True, slots=True)
class Site:
    """One host. ``await_ready`` returns when its protocols answer again; ``tools``: an image with nft(8), ip(8)."""

    docker: DockerClient
    host: Host
    container: Container
    await_ready: Callable[[], None]
    tools: str

    def nft(self, rules: str, *options: str) -> str:
        """Run nft(8) in the host's network namespace, and return what it prints."""
        return self.beside("nft", *options, rules)

    def beside(self, *command: str) -> str:
        """Run a command in the host's network namespace with NET_ADMIN, and return what it prints.

        In a container of its own: the host's processes do not have that capability, and no exec can get it.
        """
        from docker.errors import ContainerError

        try:
            printed = self.docker.containers.run(
                self.tools,
                list(command),
                network_mode=f"container:{self.container.id}",
                cap_drop=["ALL"],
                cap_add=["NET_ADMIN"],
                labels={key: value for key, value in self.container.labels.items() if key == "mail-lab.name"},
                remove=True,
            )
        except ContainerError as error:
            said = error.stderr.decode("utf-8", "replace") if isinstance(error.stderr, bytes) else error.stderr
            raise UnsupportedError(
                f"{command[0]} failed beside {self.host.name}: {(said or '').strip()}",
                hint="it needs an engine that allows NET_ADMIN (rootless ones may not), and a kernel with nf_tables",
            ) from error
        return printed.decode("utf-8", "replace") if isinstance(printed, bytes) else ""

    def run(self, *command: str) -> None:
        """Run a command in the host itself."""
        result = self.container.exec_run(list(command))
        if result.exit_code != 0:
            said = result.output.decode("utf-8", "replace").strip() if isinstance(result.output, bytes) else ""
            raise MachineError(
                f"{command[0]} failed at {self.host.name}: {said}", hint=f"`lab logs {self.host.name}` shows more"
            )
