"""One command at a time changes labs on this machine: two would choose the same slot, or build the same image."""

from __future__ import annotations

import fcntl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from lab.errors import MachineError
from lab.state.lease import state_file

TIMEOUT = 900.0  # seconds: the other command may be installing Docker and building images
PAUSE = 0.1


@contextmanager
def alone(report: Callable[[str], None]) -> Iterator[None]:
    """Hold the machine's lock; wait for whoever has it. The kernel drops it with the process, however that ends."""
    with state_file("lock") as file:
        if not _locked(file.fileno()):
            report("waiting for another lab command on this machine to finish")
            deadline = time.monotonic() + TIMEOUT
            pause = threading.Event()
            while not _locked(file.fileno()):
                if time.monotonic() > deadline:
                    raise MachineError(
                        f"another lab command has been at work for {TIMEOUT / 60:.0f} minutes",
                        hint=f"`fuser {file.name}` tells which process it is",
                    )
                pause.wait(PAUSE)
        yield


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
