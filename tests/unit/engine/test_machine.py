"""The real thing, with the commands of any Unix system."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from lab.engine.machine import Machine, Result
from lab.errors import LabError

RUN = """
import subprocess, sys
from pathlib import Path
from lab.engine.machine import Machine

class Popen(subprocess.Popen):
    told = False
    def communicate(self, *arguments, **options):
        try:
            if not Popen.told:
                Popen.told = True
                print(Path(sys.argv[3]).read_text(), flush=True)
            return super().communicate(*arguments, **options)
        except KeyboardInterrupt:
            print("interrupted", flush=True)
            raise

subprocess.Popen = Popen
Machine().run(sys.executable, "-c", sys.argv[1], timeout=30, whole=sys.argv[2] == "whole")
"""


def started(fifo: Path, script: str, whole: str) -> subprocess.Popen[str]:
    """Run *script* with Machine in another Python; return when it waits for it, and it has written to *fifo*."""
    os.mkfifo(fifo)
    process = subprocess.Popen(
        [sys.executable, "-c", RUN, script, whole, str(fifo)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    return process


def ended(process: subprocess.Popen[str]) -> None:
    with process:
        process.wait(20)


def test_a_command_that_works() -> None:
    assert Machine().run("sh", "-c", "echo out; echo err >&2", timeout=10) == Result(0, "out\n", "err\n")


def test_a_command_that_fails_is_no_error_here() -> None:
    assert Machine().run("sh", "-c", "exit 3", timeout=10) == Result(3, "")


def test_the_output_of_a_whole_one_is_together() -> None:
    assert Machine().run("sh", "-c", "echo out; echo err >&2", timeout=10, whole=True) == Result(0, "out\nerr\n")


def test_folder_and_variables(tmp_path: Path) -> None:
    result = Machine().run("sh", "-c", "pwd; echo $KEY", timeout=10, folder=tmp_path, variables={"KEY": "value"})
    assert result.stdout == f"{tmp_path}\nvalue\n"


def test_no_such_command() -> None:
    with pytest.raises(LabError, match="cannot run no-such-command: No such file"):
        Machine().run("no-such-command", timeout=10)


def test_a_command_that_does_not_end_is_ended() -> None:
    with pytest.raises(LabError, match="`sleep 60` has not ended after 0 s"):
        Machine().run("sleep", "60", timeout=0.05)


def test_an_interrupted_command_cleans_up_first(tmp_path: Path) -> None:
    fifo, cleaned = tmp_path / "fifo", tmp_path / "cleaned"
    script = f"""
import signal
from pathlib import Path
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
Path({str(fifo)!r}).write_text("begun\\n")
signal.sigwait([signal.SIGTERM])
Path({str(cleaned)!r}).touch()
"""
    process = started(fifo, script, "")
    process.send_signal(signal.SIGINT)
    ended(process)
    assert cleaned.exists()


def whole(fifo: Path, go: Path, done: Path) -> str:
    """Return a command that says that it has begun, waits for *go*, writes, and leaves a file."""
    os.mkfifo(go)
    return f"""
from pathlib import Path
Path({str(fifo)!r}).write_text("begun\\n")
Path({str(go)!r}).read_text()
print("more", flush=True)
Path({str(done)!r}).write_text("done")
"""


def test_a_whole_command_goes_on_when_we_are_interrupted(tmp_path: Path) -> None:
    fifo, go, done = tmp_path / "fifo", tmp_path / "go", tmp_path / "done"
    process = started(fifo, whole(fifo, go, done), "whole")
    process.send_signal(signal.SIGINT)
    assert process.stdout is not None
    assert "interrupted\n" in process.stdout
    go.write_text("go")
    ended(process)
    assert done.exists()


def test_a_whole_command_goes_on_when_we_are_killed(tmp_path: Path) -> None:
    fifo, go, done = tmp_path / "fifo", tmp_path / "go", tmp_path / "done"
    os.mkfifo(done)
    process = started(fifo, whole(fifo, go, done), "whole")
    process.kill()
    ended(process)
    go.write_text("go")
    assert done.read_text() == "done"


def test_the_last_lines_of_a_failure() -> None:
    assert Result(1, "".join(f"{number}\n\n" for number in range(20))).last_lines.split() == [
        str(number) for number in range(12, 20)
    ]
    assert Result(1, "", "").last_lines == "  (it said nothing)"
