"""The Docker daemon: installing it and starting it, where that is ours to do.

Starting is idempotent: a daemon that is starting already is waited for. A machine may have kept Docker's
files and lost its daemon, so process ids that an earlier one wrote down are removed when they are not a
daemon's any more.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from time import monotonic

from lab.engine import apt
from lab.engine.machine import LAST_LINES, Machine, Result
from lab.errors import MachineError

DAEMON = "/usr/sbin/dockerd"
LOG = "/var/log/docker.log"  # where Debian's own init script has it
TIMEOUT = 60.0  # seconds; a daemon with many containers to restore takes ten
PAUSE = 0.1  # seconds between two questions; nothing tells from outside when it begins to listen
GONE = 1.0  # seconds without a process after which it has died: start-stop-daemon returns before it runs
PID_FILES = {"/run/docker.pid": "dockerd", "/run/docker/containerd/containerd.pid": "containerd"}
PACKAGES = ("docker.io", "docker-cli", "iptables")  # Debian 13 has the docker command in a package of its own


def installed(machine: Machine) -> bool:
    """Return whether there is a daemon to start."""
    return machine.which("dockerd") is not None or machine.path(DAEMON).exists()


def install(machine: Machine, report: Callable[[str], None]) -> None:
    """Install Docker Engine and its command from the machine's package mirror. Raises MachineError."""
    apt.update(machine)
    packages = [package for package in PACKAGES if apt.candidate(machine, package)]
    if PACKAGES[0] not in packages:
        raise MachineError(
            "this machine's package sources have no docker.io",
            hint="install Docker Engine as docs.docker.com/engine/install says",
        )
    report(f"installing {', '.join(packages)} from this machine's package mirror")
    apt.install(machine, *packages)


def start(machine: Machine, report: Callable[[str], None], answers: Callable[[], bool]) -> None:
    """Start the daemon, and wait until it *answers*. Raises MachineError with its last log lines."""
    report("starting the Docker daemon")
    if machine.path("/run/systemd/system").is_dir():  # sd_booted(3)
        _start(machine, _Systemd(machine), answers)
    else:
        _remove_stale(machine)
        _start(machine, _Alone(machine), answers)


class _Systemd:
    """The daemon as a unit of systemd."""

    start = ("systemctl", "start", "docker")
    alive = ("systemctl", "is-active", "--quiet", "docker")

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    def log(self) -> Result:
        journal = ("journalctl", "--unit=docker", f"--lines={LAST_LINES}", "--output=cat")
        return self._machine.run(*journal, timeout=30)


class _Alone:
    """The daemon as a process of its own, where there is no systemd."""

    def __init__(self, machine: Machine) -> None:
        program = machine.which("dockerd") or DAEMON
        self.start = ("start-stop-daemon", "--start", "--oknodo", "--background", "--output", LOG, "--exec", program)
        self.alive = ("start-stop-daemon", "--status", "--exec", program)
        self._log = machine.path(LOG)
        self._log.parent.mkdir(parents=True, exist_ok=True)
        self._begin = self._log.stat().st_size if self._log.is_file() else 0

    def log(self) -> Result:
        """Return what it has written since we started it."""
        if not self._log.is_file():
            return Result(0, "")
        with self._log.open(encoding="utf-8", errors="replace") as file:
            file.seek(self._begin)
            return Result(0, file.read())


def _start(machine: Machine, daemon: _Systemd | _Alone, answers: Callable[[], bool]) -> None:
    def failed(what: str) -> MachineError:
        return MachineError(
            f"the Docker daemon {what}; its last lines:\n{daemon.log().last_lines}",
            hint="mend what it says, then try again; `sudo dockerd` in a terminal shows all of it",
        )

    result = machine.run(*daemon.start, timeout=TIMEOUT)
    if result.code != 0:
        raise failed(f"has not started ({result.stderr.strip() or f'exit code {result.code}'})")
    now = monotonic()
    deadline, seen, pause = now + TIMEOUT, now, threading.Event()
    while not answers():
        now = monotonic()
        if machine.run(*daemon.alive, timeout=30).code == 0:
            seen = now
        if now - seen > GONE:
            raise failed("has ended again")
        if now > deadline:
            raise failed(f"does not answer after {TIMEOUT:.0f} s")
        pause.wait(PAUSE)


def _remove_stale(machine: Machine) -> None:
    """Remove process ids that are another program's by now: the daemon would believe that it runs already."""
    for name, program in PID_FILES.items():
        file = machine.path(name)
        if not file.is_file():
            continue
        process = machine.path("/proc") / file.read_text(encoding="utf-8").strip() / "comm"
        if not (process.is_file() and process.read_text(encoding="utf-8").strip() == program):
            file.unlink(missing_ok=True)
