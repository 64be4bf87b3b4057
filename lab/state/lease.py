"""Who has changed a running lab, and what must be put back when that process is gone.

Each process that changes a lab has one file, locked while it lives. The kernel drops the lock with the process, even
after kill -9; the next command finds a file without a lock, puts back what is noted there, and removes it.

In the file: one JSON object a line, {"id": 1, "fault": {...}} when a fault begins and {"id": 1} when it is healed.
Errors: LabError when the file cannot be written.
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from lab.errors import LabError, MachineError

Noted = dict[str, Any]


def state_folder() -> Path:
    """Return the folder for leases and locks (XDG Base Directory: state)."""
    base = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(base) / "mail-lab"


def state_file(*parts: str) -> IO[str]:
    """Open the file *parts* below the state folder, for a lock. Raises MachineError when it cannot be written."""
    path = state_folder().joinpath(*parts)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.open("a+")
    except OSError as error:
        raise MachineError(
            f"cannot write {path}: {error.strerror}",
            hint="make room, or set XDG_STATE_HOME to a folder that can be written",
        ) from error


def standing_file(name: str) -> Path:
    """Return the path of the record of what stands in a lab when no process is left (:mod:`lab.faults.standing`)."""
    return state_folder() / name / "standing.json"


class Lease:
    """What one process has changed in the lab *name*. ``owner`` names it everywhere: at the DNS, the scripted host."""

    def __init__(self, name: str) -> None:
        """Create the file and lock it. Raises LabError when it cannot be kept."""
        self.owner = f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:6]}"
        folder = state_folder() / name
        self._path = folder / f"{self.owner}.lease"
        self._count = 0
        unlocked = folder / f"{self.owner}.new"  # a .lease that is not locked yet would be taken for an abandoned one
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._file = unlocked.open("ab", buffering=0)
            fcntl.flock(self._file, fcntl.LOCK_EX)
            unlocked.rename(self._path)
        except OSError as error:
            raise self._unwritable(error) from error

    def note(self, fault: Noted) -> int:
        """Note a fault before it is applied; returns its number."""
        self._count += 1
        self._write({"id": self._count, "fault": fault})
        return self._count

    def healed(self, number: int) -> None:
        """Note that a fault is healed."""
        self._write({"id": number})

    def close(self) -> None:
        """Remove the file; everything must be healed by now."""
        if not self._file.closed:
            self._path.unlink(missing_ok=True)
            self._file.close()

    def _write(self, line: Noted) -> None:
        data, before = json.dumps(line).encode() + b"\n", self._file.seek(0, os.SEEK_END)
        try:
            while data:  # a disk that fills up takes a part, and fails at the rest
                data = data[self._file.write(data) :]
            os.fsync(self._file.fileno())
        except OSError as error:
            with suppress(OSError):
                self._file.truncate(before)  # half a line would swallow the next one
            raise self._unwritable(error) from error

    def _unwritable(self, error: OSError) -> LabError:
        return LabError(
            f"cannot note what must be put back in {self._path}: {error.strerror}",
            hint="make room, or set XDG_STATE_HOME to a folder that can be written",
        )


class Abandoned:
    """The lease of a process that is gone: ``owner``, and the faults that were in force. Use it as a context."""

    def __init__(self, path: Path, file: IO[str]) -> None:
        self.owner = path.stem
        self.faults = _in_force(file.read())
        self._path = path
        self._file = file

    def __enter__(self) -> Abandoned:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Forget the lease if everything could be put back; else the next command tries again."""
        if error is None:
            self._path.unlink(missing_ok=True)
        self.close()

    def close(self) -> None:
        """Leave the lease as it is, for the next command."""
        self._file.close()


def abandoned(name: str) -> Iterator[Abandoned]:
    """Yield the lease of each process that is gone."""
    for path in sorted((state_folder() / name).glob("*.lease")):
        try:
            file = path.open()
        except FileNotFoundError:  # its owner has just closed it
            continue
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            continue
        if path.exists():
            yield Abandoned(path, file)
        else:
            file.close()


def forget(name: str) -> None:
    """Forget all that would have to be put back in a lab: it is gone. Leases of processes that live stay."""
    standing_file(name).unlink(missing_ok=True)
    for lease in abandoned(name):
        with lease:
            pass


def living(name: str) -> set[str]:
    """Return the owners whose process lives."""
    found = set()
    for path in (state_folder() / name).glob("*.lease"):
        try:
            with path.open() as file:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            found.add(path.stem)
        except FileNotFoundError:
            continue
    return found


def in_force(name: str) -> dict[str, list[Noted]]:
    """Return what each living process has made wrong now, by owner; its lease is only read."""
    found = {}
    for owner in sorted(living(name)):
        with suppress(FileNotFoundError):  # it has just closed it
            found[owner] = _in_force((state_folder() / name / f"{owner}.lease").read_text())
    return found


def _in_force(text: str) -> list[Noted]:
    faults: dict[int, Noted] = {}
    for line in text.splitlines():
        try:
            data = json.loads(line)
        except json.JSONDecodeError:  # cut off in the middle of a line: its fault was not applied yet
            continue
        if "fault" in data:
            faults[data["id"]] = data["fault"]
        else:
            faults.pop(data["id"], None)
    return list(faults.values())
