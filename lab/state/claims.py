"""Who may do what to the hosts that all runs share: a run that breaks a real host has it alone, others use it together.

In: names of hosts to share, and names to have alone. Out: a context in which nobody else breaks the ones or uses the
others.

A claim is a lock on a file below the state folder (flock(2)), so that it holds between threads and processes, and goes
with a process that is killed. Hosts are claimed in the order of their names: nobody waits in a circle. Whoever wants a
host alone holds its gate while waiting, so that those who come later cannot keep it away for ever.
"""

from __future__ import annotations

import fcntl
import threading
import time
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

from lab.errors import MachineError
from lab.state.lease import state_file, state_folder

TIMEOUT = 600.0  # seconds; more than the runs before it need, however many
PAUSE = 0.02  # seconds between two looks at a lock that somebody else has


@contextmanager
def claim(lab: str, shared: Collection[str], alone: Collection[str] = (), timeout: float = TIMEOUT) -> Iterator[None]:
    """Hold the hosts *shared* with others and *alone* without them while the context lasts.

    Raises LabError when somebody else has one of them for longer than *timeout* seconds.
    """
    folder = state_folder() / lab / "claims"
    deadline = time.monotonic() + timeout
    with ExitStack() as held:
        for host in sorted({*shared, *alone}):
            gate = held.enter_context(state_file(lab, "claims", f"{host}.gate"))
            file = held.enter_context(state_file(lab, "claims", f"{host}.host"))
            _lock(gate, fcntl.LOCK_EX, folder / host, deadline, timeout)
            _lock(file, fcntl.LOCK_EX if host in alone else fcntl.LOCK_SH, folder / host, deadline, timeout)
            gate.close()
        yield


class Holding:
    """The hosts that a test uses together with others, and now and then has one of alone."""

    def __init__(self, lab: str, hosts: Collection[str]) -> None:
        """Hold *hosts* together with others. Raises LabError as :func:`claim` does."""
        self._lab = lab
        self._held = {host: ExitStack() for host in sorted(hosts)}
        self._alone: set[str] = set()
        self._take(*self._held)

    def close(self) -> None:
        """Give everything back."""
        for held in self._held.values():
            held.close()

    @contextmanager
    def alone(self, host: str) -> Iterator[None]:
        """Have *host* alone while the context lasts.

        For the first one all is given back, and taken again in the order of names, so that nobody waits in a circle.
        Those that are had alone already are kept; so ask for several in the order of their names.
        """
        if host not in self._held or host in self._alone:
            yield
            return
        again = [host] if self._alone else [*self._held]
        self._alone.add(host)
        try:
            self._take(*again)
            yield
        finally:
            self._alone.discard(host)
            self._take(host)

    def _take(self, *hosts: str) -> None:
        for host in hosts:
            self._held[host].close()
        for host in hosts:
            alone = host in self._alone
            self._held[host].enter_context(claim(self._lab, () if alone else (host,), (host,) if alone else ()))


def _lock(file: IO[str], kind: int, place: Path, deadline: float, timeout: float) -> None:
    pause = threading.Event()
    while True:
        try:
            fcntl.flock(file, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise MachineError(
                    f"another run has had the host {place.name} for {timeout:g} s",
                    hint=f"`fuser {place}.host` tells which process it is",
                ) from None
            pause.wait(PAUSE)
        else:
            return
