from __future__ import annotations

from collections.abc import Callable
from itertools import chain, repeat

import pytest

from lab.engine import daemon
from lab.engine.machine import Result
from lab.errors import LabError

from .conftest import FakeMachine, Reports, parts

START = "start-stop-daemon --start --oknodo --background --output /var/log/docker.log --exec /usr/bin/dockerd"


def after(silent: int) -> Callable[[], bool]:
    """Return a daemon that answers when it has been asked *silent* times before."""
    answers = chain(repeat(False, silent), repeat(True))
    return lambda: next(answers)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(daemon, "TIMEOUT", 0.2)
    monkeypatch.setattr(daemon, "PAUSE", 0.001)
    monkeypatch.setattr(daemon, "GONE", 0.02)


def test_without_systemd_it_is_a_process_of_its_own(machine: FakeMachine, report: Reports) -> None:
    daemon.start(machine, report, after(2))
    assert machine.ran[0] == START
    assert report == ["starting the Docker daemon"]


def test_with_systemd_its_unit_is_started(machine: FakeMachine, report: Reports) -> None:
    machine.path("/run/systemd/system").mkdir(parents=True)
    daemon.start(machine, report, after(0))
    assert machine.ran == ["systemctl start docker"]


def test_a_unit_that_fails_shows_its_journal(machine: FakeMachine, report: Reports) -> None:
    machine.path("/run/systemd/system").mkdir(parents=True)
    machine.replies["systemctl start"] = Result(1, "", "Job for docker.service failed.")
    machine.replies["journalctl"] = Result(0, "failed to start daemon: no iptables\n")
    with pytest.raises(LabError) as error:
        daemon.start(machine, report, after(0))
    cause, _ = parts(error)
    assert "has not started (Job for docker.service failed.)" in cause
    assert "failed to start daemon: no iptables" in cause


def test_a_daemon_that_dies_shows_its_last_lines(machine: FakeMachine, report: Reports) -> None:
    log = machine.file("/var/log/docker.log", "an older start\n")

    def start(*_: object) -> Result:
        log.write_text("an older start\nunable to configure the Docker daemon\n")
        return Result(0, "")

    machine.replies["start-stop-daemon --start"] = start
    machine.replies["start-stop-daemon --status"] = Result(3, "")
    with pytest.raises(LabError) as error:
        daemon.start(machine, report, after(1000000))
    cause, hint = parts(error)
    assert "has ended again" in cause
    assert "unable to configure the Docker daemon" in cause
    assert "an older start" not in cause
    assert "sudo dockerd" in hint


def test_a_daemon_that_never_answers_is_not_waited_for_for_ever(machine: FakeMachine, report: Reports) -> None:
    with pytest.raises(LabError, match=r"does not answer after 0 s(?s:.*)it said nothing"):
        daemon.start(machine, report, after(1000000))


def test_process_ids_of_other_programs_are_removed(machine: FakeMachine, report: Reports) -> None:
    reused = machine.file("/run/docker.pid", "17\n")
    machine.file("/proc/17/comm", "postgres\n")
    living = machine.file("/run/docker/containerd/containerd.pid", "18")
    machine.file("/proc/18/comm", "containerd\n")
    daemon.start(machine, report, after(0))
    assert not reused.exists()
    assert living.exists()


@pytest.mark.parametrize("content", ["99\n", ""])
def test_process_ids_of_nobody_are_removed(machine: FakeMachine, report: Reports, content: str) -> None:
    gone = machine.file("/run/docker.pid", content)
    daemon.start(machine, report, after(0))
    assert not gone.exists()


def test_it_is_installed_outside_the_path_too(machine: FakeMachine) -> None:
    assert daemon.installed(machine)
    machine.programs.remove("dockerd")
    assert not daemon.installed(machine)
    machine.file("/usr/sbin/dockerd")
    assert daemon.installed(machine)
