"""The machine that the lab runs on: its commands and its files, behind one object that unit tests replace.

A command that fails is no error here: what its failure means is the caller's to say. A command that is
interrupted (Ctrl-C) is ended and waited for before the interruption goes on, so that it cleans up.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from lab.errors import MachineError

SWITCH = "LAB_INSTALL_DOCKER"  # "0": the lab installs nothing on this machine and starts no daemon
LAST_LINES = 8  # of a failed command's output, in an error
GRACE = 15.0  # seconds that an interrupted command has to clean up, mmdebstrap's folder for one


@dataclass(frozen=True, slots=True)
class Result:
    """How a command ended: its exit code, and what it wrote."""

    code: int
    stdout: str
    stderr: str = ""

    @property
    def last_lines(self) -> str:
        """The end of what it wrote, indented, for an error."""
        lines = [line for line in (self.stdout + self.stderr).splitlines() if line.strip()]
        return "\n".join(f"  {line}" for line in lines[-LAST_LINES:]) or "  (it said nothing)"


class Machine:
    """This machine. *base* is the root of its file system, another folder in unit tests."""

    def __init__(self, base: Path = Path("/")) -> None:
        """Nothing is looked at before a method is called."""
        self.base = base

    @property
    def root(self) -> bool:
        """Whether we may change it."""
        return os.geteuid() == 0

    def variable(self, name: str) -> str | None:
        """Return an environment variable, None when it is not set."""
        return os.environ.get(name)

    def path(self, absolute: str) -> Path:
        """Return the path of a file of this machine."""
        return self.base / absolute.lstrip("/")

    def which(self, command: str) -> str | None:
        """Return the path of *command*, None when it is not installed."""
        return shutil.which(command)

    def run(
        self,
        *command: str,
        timeout: float,
        folder: Path | None = None,
        variables: Mapping[str, str] | None = None,
        whole: bool = False,
    ) -> Result:
        """Run *command* in *folder* with *variables* set, at most *timeout* seconds; it speaks English.

        *whole*: it must not be stopped half-way, so it goes on to its end when we are interrupted, or killed; its
        output is all in ``stdout``. Raises MachineError when there is no such command, or when it does not end in time.
        """
        with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as file:
            try:
                process = subprocess.Popen(
                    command,
                    cwd=folder,
                    env={**os.environ, "LC_ALL": "C.UTF-8", **(variables or {})},
                    stdin=subprocess.DEVNULL,
                    stdout=file if whole else subprocess.PIPE,  # writing to a pipe would end it after our death
                    stderr=subprocess.STDOUT if whole else subprocess.PIPE,
                    encoding="utf-8",
                    errors="replace",
                    start_new_session=True,  # a terminal's Ctrl-C reaches us alone
                )
            except OSError as error:
                raise MachineError(
                    f"cannot run {command[0]}: {error.strerror}", hint=f"is {command[0]} on your PATH?"
                ) from error
            with process:
                try:
                    stdout, stderr = process.communicate(timeout=timeout)
                except subprocess.TimeoutExpired as error:
                    _end(process)
                    raise MachineError(
                        f"`{' '.join(command)}` has not ended after {timeout:.0f} s",
                        hint="run it by hand to see what it waits for",
                    ) from error
                except BaseException:
                    if whole:
                        with suppress(subprocess.TimeoutExpired):
                            process.wait(timeout)
                    _end(process)
                    raise
            if whole:
                file.seek(0)
                stdout = file.read()
        return Result(process.returncode, stdout or "", stderr or "")


def allow(machine: Machine, missing: MachineError) -> None:
    """Return when we may install what is *missing*; when not, raise it, and why we may not."""
    if machine.variable(SWITCH) == "0":
        reason = f"{SWITCH}=0 forbids installing it"
    elif machine.which("apt-get") is None:
        reason = "it is installed by the lab on Debian and Ubuntu only"
    elif not machine.root:
        reason = "only root can install it"
    else:
        return
    raise MachineError(f"{missing.args[0]}, and {reason}", hint=missing.hint)


def _end(process: subprocess.Popen[str]) -> None:
    """End the command, and what it has started, if it still runs; it may clean up, but not for ever."""
    if process.poll() is not None:
        return
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.communicate(timeout=GRACE)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
