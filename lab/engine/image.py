"""The base image of the lab's own images: pulled, or made on this machine where no registry can be reached.

The image that is made has the same tag, so that the Dockerfiles need not know.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from lab.engine import bootstrap
from lab.engine.connection import SOCKETS
from lab.engine.explain import UnreachableError
from lab.engine.machine import Machine

if TYPE_CHECKING:
    from lab.engine.protocol import Engine

NAME = "debian:trixie-slim"
STALLED = 60.0  # seconds without a word from the engine after which a pull has failed


def base_image(
    engine: Engine, report: Callable[[str], None], machine: Machine | None = None, stalled: float = STALLED
) -> None:
    """Make sure that the engine has the base image, with a *report* of each step.

    One at a time on a machine: the caller has the lock. Raises MachineError when the image cannot be got.
    """
    machine = machine or Machine()
    if engine.images(NAME):
        return
    report(f"pulling the base image {NAME}")
    try:
        engine.pull(NAME, stalled)
    except UnreachableError as error:
        if engine.address not in SOCKETS:
            raise
        bootstrap.make(machine, report, NAME, error)
