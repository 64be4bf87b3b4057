"""Leases, held by real processes."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest

from lab.errors import LabError, MachineError
from lab.state.lease import Lease, abandoned, living, state_file, state_folder

STOP = {"kind": "stopped", "host": "mx1"}
REFUSE = {"kind": "refuse", "host": "mx2"}
DEADLINE = 20

# Takes a lease, notes two faults, heals the first, says who it is, and waits to be told or killed.
HOLDER = """
import sys
from lab.state.lease import Lease
lease = Lease("main")
first = lease.note({"kind": "stopped", "host": "mx1"})
lease.note({"kind": "refuse", "host": "mx2"})
lease.healed(first)
print(lease.owner, flush=True)
if sys.stdin.readline() == "close\\n":
    lease.close()
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return tmp_path / "mail-lab" / "main"


@contextmanager
def holder() -> Iterator[tuple[subprocess.Popen[str], str]]:
    command = [sys.executable, "-c", HOLDER]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process, process.stdout.readline().strip()
        finally:
            process.kill()


def left() -> Sequence[tuple[str, list[dict[str, object]]]]:
    """Take what is abandoned."""
    found = []
    for lease in abandoned("main"):
        with lease:
            found.append((lease.owner, lease.faults))
    return found


def test_a_living_process_keeps_its_lease(folder: Path) -> None:
    with holder() as (process, owner):
        assert left() == []
        assert living("main") == {owner}
        process.communicate("close\n", timeout=DEADLINE)
    assert living("main") == set()
    assert left() == []
    assert list(folder.iterdir()) == []


def test_a_killed_process_leaves_its_faults(folder: Path) -> None:
    with holder() as (process, owner), holder() as (_, other):
        process.send_signal(signal.SIGKILL)
        process.wait(DEADLINE)
        assert living("main") == {other}
        assert left() == [(owner, [REFUSE])]
        assert [path.stem for path in folder.iterdir()] == [other]
        assert left() == []


def test_what_cannot_be_put_back_is_tried_again() -> None:
    with holder() as (process, owner):
        process.kill()
        process.wait(DEADLINE)
    (lease,) = abandoned("main")
    with pytest.raises(LabError, match="mx2 does not come back"), lease:
        raise LabError("mx2 does not come back")
    assert left() == [(owner, [REFUSE])]


def test_one_command_at_a_time_puts_things_back() -> None:
    with holder() as (process, owner):
        process.kill()
        process.wait(DEADLINE)
    for lease in abandoned("main"):
        with lease:
            assert left() == []
            assert living("main") == {owner}


def test_a_half_written_line_is_no_fault(folder: Path) -> None:
    folder.mkdir(parents=True)
    whole = '{"id": 1, "fault": {"kind": "stopped", "host": "mx1"}}\n'
    (folder / "host.example-7-abc.lease").write_text(f'{whole}{{"id": 2, "fault": {{"kind": "ref')
    assert left() == [("host.example-7-abc", [STOP])]


def test_an_empty_lease(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "a.lease").touch()
    (folder / "b.new").touch()  # of a process that was killed before it had its lock
    assert left() == [("a", [])]


def test_a_lab_that_nobody_has_changed() -> None:
    assert left() == []
    assert living("main") == set()


def test_labs_do_not_see_each_other() -> None:
    lease = Lease("second")
    assert living("main") == set()
    assert living("second") == {lease.owner}
    lease.close()


def test_the_own_lease_is_not_abandoned() -> None:
    lease = Lease("main")
    lease.note(STOP)
    assert left() == []
    lease.close()
    lease.close()


def test_owners_differ() -> None:
    one, two = Lease("main"), Lease("main")
    assert one.owner != two.owner
    assert living("main") == {one.owner, two.owner}
    one.close()
    two.close()


def test_a_lease_is_never_seen_unlocked(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever looks while a lease is being made sees no lease."""
    seen: list[object] = []
    really = fcntl.flock

    def flock(file: IO[bytes], how: int) -> None:
        if how == fcntl.LOCK_EX:  # the lease's own: look before and after
            seen.append(left())
            really(file, how)
            seen.append(left())
        else:
            really(file, how)

    monkeypatch.setattr(fcntl, "flock", flock)
    lease = Lease("main")
    assert seen == [[], []]
    assert [path.suffix for path in folder.iterdir()] == [".lease"]
    lease.close()


def test_a_folder_that_cannot_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    with pytest.raises(LabError) as caught:
        Lease("main")
    cause, hint = str(caught.value).split("\n")
    assert cause.startswith(f"cannot note what must be put back in {tmp_path}/file/mail-lab/main/")
    assert cause.endswith(".lease: Not a directory")
    assert hint == "  make room, or set XDG_STATE_HOME to a folder that can be written"


def test_a_full_disk_leaves_no_half_line(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lease = Lease("main")
    lease.note(STOP)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(LabError, match=r"\.lease: No space left on device"):
            lease.note(REFUSE)
    lease.note({"kind": "paused", "host": "mx3"})
    text = next(folder.glob("*.lease")).read_text()
    assert [line.partition('"kind"')[2] for line in text.splitlines()] == [
        ': "stopped", "host": "mx1"}}',
        ': "paused", "host": "mx3"}}',
    ]
    lease.close()


def test_where_the_state_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert state_folder() == tmp_path / "mail-lab"
    monkeypatch.setenv("XDG_STATE_HOME", "")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert state_folder() == tmp_path / "home" / ".local" / "state" / "mail-lab"


def test_a_folder_of_somebody_else_is_told_with_its_cause(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    with pytest.raises(MachineError, match=r"(?s)cannot write .*/file/mail-lab/lock: Not a directory.*XDG_STATE_HOME"):
        state_file("lock")
