"""The base image of the lab's own images: pulled, or made on this machine where no registry can be reached.

The image that is made has the same tag, so that the Dockerfiles need not know.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from lab.engine import bootstrap
from lab.engine.engine import SOCKETS, Engine
from lab.engine.explain import UnreachableError, explain
from lab.engine.machine import Machine

if TYPE_CHECKING:
    from docker import DockerClient

REPOSITORY, TAG = "debian", "trixie-slim"
STALLED = 60.0  # seconds without a word from the engine after which a pull has failed


def base_image(
    engine: Engine, report: Callable[[str], None], machine: Machine | None = None, stalled: float = STALLED
) -> None:
    """Make sure that the engine has the base image, with a *report* of each step.

    One at a time on a machine: the caller has the lock. Raises MachineError when the image cannot be got.
    """
    machine = machine or Machine()
    if _there(engine.client()):
        return
    report(f"pulling the base image {REPOSITORY}:{TAG}")
    try:
        _pull(engine.client(), stalled)
    except UnreachableError as error:
        if engine.address not in SOCKETS:
            raise
        bootstrap.make(machine, report, f"{REPOSITORY}:{TAG}", error)


def _there(client: DockerClient) -> bool:
    from docker.errors import ImageNotFound

    try:
        client.images.get(f"{REPOSITORY}:{TAG}")
    except ImageNotFound:
        return False
    return True


def _pull(client: DockerClient, stalled: float) -> None:
    """Pull the image. The SDK reads a pull's progress without a deadline, so a thread reads and we wait."""
    news: queue.Queue[Mapping[str, Any] | Exception | None] = queue.Queue()

    def read() -> None:
        try:
            for line in client.api.pull(REPOSITORY, tag=TAG, stream=True, decode=True):
                news.put(line)
        except Exception as error:  # noqa: BLE001  # it is raised by the thread that waits
            news.put(error)
        else:
            news.put(None)

    threading.Thread(target=read, name="pull", daemon=True).start()
    while True:
        try:
            line = news.get(timeout=stalled)
        except queue.Empty:
            raise UnreachableError(
                f"pulling {REPOSITORY}:{TAG} has made no progress for {stalled:.0f} s",
                hint="check the network, then try again",
            ) from None
        if line is None:
            return
        if isinstance(line, Exception):
            raise explain(line) from line
        if "error" in line:
            raise explain(str(line["error"]))
