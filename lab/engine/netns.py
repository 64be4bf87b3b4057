"""Runs a command in a network namespace that is not ours: a host's, or that of the machine on which the engine runs.

In a short container with one capability, since the hosts' own processes have none and no exec can get any.

In: the namespace as Docker names it, a command, an image that has it. Out: what it prints. Errors: RefusedError.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lab.engine.hosts import LABEL
from lab.errors import MachineError

if TYPE_CHECKING:
    from docker import DockerClient

MACHINE = "host"


def of(container: str) -> str:
    """Return the namespace of a container, given by its id."""
    return f"container:{container}"


class RefusedError(MachineError):
    """The engine does not allow it, or the command has failed; the text is what it said."""


def run(
    docker: DockerClient, lab: str, image: str, namespace: str, *command: str, capability: str = "NET_ADMIN"
) -> str:
    """Run *command* in *namespace* (MACHINE, or :func:`of` a container) for the lab called *lab*."""
    from docker.errors import APIError, ContainerError

    try:
        printed = docker.containers.run(
            image,
            list(command),
            network_mode=namespace,
            userns_mode="host" if namespace == MACHINE else None,  # Docker wants it where it maps users
            cap_drop=["ALL"],
            cap_add=[capability],
            labels={LABEL: lab},
            remove=True,
        )
    except ContainerError as error:
        said = error.stderr.decode("utf-8", "replace") if isinstance(error.stderr, bytes) else error.stderr
        raise RefusedError((said or "").strip()) from error
    except APIError as error:
        raise RefusedError(str(error.explanation or error)) from error
    return printed.decode("utf-8", "replace") if isinstance(printed, bytes) else ""
