from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lab.engine.explain import UnreachableError
from lab.engine.image import base_image
from lab.engine.machine import Result
from lab.engine.sdk import Docker
from lab.errors import LabError

from .conftest import SOCKET, FakeDocker, FakeMachine, Reports, parts

NO_NETWORK = 'Get "https://registry.example/v2/": dial tcp: lookup registry.example: no such host'
SOURCES = (
    "Debian|http://mirror.example/debian/|bookworm",
    "Debian|http://mirror.example/debian/|bookworm",
    "Debian|http://mirror.example/debian/|bookworm-proposed-updates",
    "Debian|http://mirror.example/debian/|bookworm-updates",
    "Debian|http://mirror.example/debian-security/|bookworm-security",
    "Debian Backports|http://mirror.example/debian/|bookworm-backports",
    "Debian|cdrom:[Debian 12]/|bookworm",
    "Someone|http://other.example/|bookworm",
)


def engine(docker: FakeDocker, address: str = SOCKET) -> Docker:
    return Docker(address, docker)  # type: ignore[arg-type]


@pytest.fixture
def docker() -> FakeDocker:
    return FakeDocker()


@pytest.fixture
def unreachable(docker: FakeDocker) -> FakeDocker:
    def fail() -> None:
        from docker.errors import APIError

        raise APIError(NO_NETWORK)

    docker.pulls = fail
    return docker


@pytest.fixture
def made(machine: FakeMachine) -> list[str]:
    """What mmdebstrap was told of sources; it works."""
    machine.sources(*SOURCES)
    lists: list[str] = []

    def mmdebstrap(command: tuple[str, ...], _: Path | None) -> Result:
        lists.append(Path(command[-1]).read_text())
        Path(command[-2]).touch()
        return Result(0, "")

    machine.replies["mmdebstrap"] = mmdebstrap
    return lists


def left(machine: FakeMachine) -> list[Path]:
    return list(machine.path("/var/cache").iterdir())


def test_an_image_that_is_there_is_left_alone(machine: FakeMachine, report: Reports, docker: FakeDocker) -> None:
    docker.there = True
    base_image(engine(docker), report, machine)
    assert report == []


def test_it_is_pulled(machine: FakeMachine, report: Reports, docker: FakeDocker) -> None:
    docker.pulls = lambda: iter([{"status": "Pulling from library/debian"}, {"status": "Download complete"}])
    base_image(engine(docker), report, machine)
    assert report == ["pulling the base image debian:trixie-slim"]
    assert machine.ran == []


def test_without_a_registry_it_is_made_from_the_mirror(
    machine: FakeMachine, report: Reports, unreachable: FakeDocker, made: list[str]
) -> None:
    base_image(engine(unreachable), report, machine)
    assert made == [
        "deb http://mirror.example/debian/ trixie main\n"
        "deb http://mirror.example/debian/ trixie-updates main\n"
        "deb http://mirror.example/debian-security/ trixie-security main\n"
    ]
    assert machine.ran[-1].startswith('docker import --change CMD ["bash"] ')
    assert machine.ran[-1].endswith("/system.tar debian:trixie-slim")
    assert "http://mirror.example/debian/" in report[-1]
    assert left(machine) == []


def test_a_list_of_mirrors_becomes_its_first(
    machine: FakeMachine, report: Reports, unreachable: FakeDocker, made: list[str]
) -> None:
    machine.file(
        "/etc/apt/mirrors/debian.list", "# ours\nhttps://near.example/debian priority:1\nhttps://far.example\n"
    )
    machine.sources("Debian|mirror+file:/etc/apt/mirrors/debian.list/|bookworm")
    base_image(engine(unreachable), report, machine)
    assert made == ["deb https://near.example/debian trixie main\n"]


def test_an_error_in_the_midst_of_a_pull_counts(
    machine: FakeMachine, report: Reports, docker: FakeDocker, made: list[str]
) -> None:
    docker.pulls = lambda: iter([{"status": "Downloading"}, {"error": "unexpected EOF"}])
    base_image(engine(docker), report, machine)
    assert len(made) == 1


def test_a_pull_without_progress_is_given_up(machine: FakeMachine, report: Reports, docker: FakeDocker) -> None:
    end = threading.Event()

    def hang() -> Iterator[dict[str, Any]]:
        yield {"status": "Downloading"}
        end.wait(60)

    docker.pulls = hang
    try:
        with pytest.raises(UnreachableError, match="has made no progress for 0 s"):
            base_image(engine(docker, "ssh://far.example"), report, machine, stalled=0.05)
    finally:
        end.set()


def test_another_failure_of_a_pull_is_no_reason_to_make_it(
    machine: FakeMachine, report: Reports, docker: FakeDocker, made: list[str]
) -> None:
    docker.pulls = lambda: iter([{"error": "write /var/lib/docker/x: no space left on device"}])
    with pytest.raises(LabError, match="no space left"):
        base_image(engine(docker), report, machine)
    assert made == []


def test_it_is_not_made_for_an_engine_elsewhere(
    machine: FakeMachine, report: Reports, unreachable: FakeDocker, made: list[str]
) -> None:
    with pytest.raises(UnreachableError):
        base_image(engine(unreachable, "tcp://192.0.2.1:2376"), report, machine)
    assert made == []


def not_root(machine: FakeMachine) -> None:
    machine.is_root = False


def forbidden(machine: FakeMachine) -> None:
    machine.programs.remove("mmdebstrap")
    machine.variables["LAB_INSTALL_DOCKER"] = "0"


def no_mirror(machine: FakeMachine) -> None:
    machine.sources("Ubuntu|http://ubuntu.example/ubuntu/|noble")


@pytest.mark.parametrize(
    ("prepare", "why"),
    [
        (not_root, "only root can make it here"),
        (forbidden, "LAB_INSTALL_DOCKER=0 forbids installing it"),
        (no_mirror, "this machine's apt sources name no Debian mirror to make it from"),
    ],
)
def test_where_it_cannot_be_made_both_reasons_are_told(
    machine: FakeMachine,
    report: Reports,
    unreachable: FakeDocker,
    made: list[str],
    prepare: Callable[[FakeMachine], None],
    why: str,
) -> None:
    prepare(machine)
    with pytest.raises(LabError) as error:
        base_image(engine(unreachable), report, machine)
    cause, hint = parts(error)
    assert "the image registry cannot be reached (dial tcp: lookup registry.example: no such host)" in cause
    assert why in cause
    assert "docker save" in hint
    assert made == []


def test_mmdebstrap_is_installed_where_it_is_missing(
    machine: FakeMachine, report: Reports, unreachable: FakeDocker, made: list[str]
) -> None:
    machine.programs.remove("mmdebstrap")
    base_image(engine(unreachable), report, machine)
    assert report[1] == "installing mmdebstrap from this machine's package mirror"
    assert len(made) == 1


def test_lists_are_fetched_where_there_are_none(
    machine: FakeMachine, report: Reports, unreachable: FakeDocker, made: list[str]
) -> None:
    targets = iter([Result(0, ""), Result(0, f"{SOURCES[0]}\n")])
    machine.replies["apt-get indextargets"] = lambda *_: next(targets)
    base_image(engine(unreachable), report, machine)
    assert "apt-get -q update" in machine.ran
    assert len(made) == 1


def test_a_failed_attempt_leaves_nothing(
    machine: FakeMachine, report: Reports, unreachable: FakeDocker, made: list[str]
) -> None:
    machine.replies["mmdebstrap"] = Result(1, "", "E: apt-get update failed")
    with pytest.raises(LabError) as error:
        base_image(engine(unreachable), report, machine)
    assert "E: apt-get update failed" in parts(error)[0]
    assert left(machine) == []
    assert not [line for line in machine.ran if line.startswith("docker import")]
    assert made == []


def test_an_interrupted_attempt_leaves_nothing(
    machine: FakeMachine, report: Reports, unreachable: FakeDocker, made: list[str]
) -> None:
    def interrupt(*_: object) -> Result:
        raise KeyboardInterrupt

    machine.replies["docker import"] = interrupt
    with pytest.raises(KeyboardInterrupt):
        base_image(engine(unreachable), report, machine)
    assert len(made) == 1
    assert left(machine) == []


def test_what_a_killed_attempt_left_is_removed(
    machine: FakeMachine, report: Reports, unreachable: FakeDocker, made: list[str]
) -> None:
    killed = machine.file("/var/cache/mail-lab-base-x1/mmdebstrap.y2/etc/passwd", "root")
    other = machine.file("/var/cache/apt/pkgcache.bin")

    def imported(*_: object) -> Result:
        assert not killed.exists(), "it takes the disk space that this attempt needs"
        machine.file("/var/cache/mail-lab-base-x1/mmdebstrap.y2/etc/group", "root")  # mmdebstrap lives on
        return Result(0, "")

    machine.replies["docker import"] = imported
    base_image(engine(unreachable), report, machine)
    assert left(machine) == [other.parent]
    assert len(made) == 1


@pytest.mark.parametrize("command", ["mmdebstrap", "docker import"])
def test_a_full_disk_is_told(
    machine: FakeMachine, report: Reports, unreachable: FakeDocker, made: list[str], command: str
) -> None:
    machine.replies[command] = Result(1, "", "tar: write error: No space left on device")
    with pytest.raises(LabError) as error:
        base_image(engine(unreachable), report, machine)
    assert "no space left" in parts(error)[0].lower()
    assert left(machine) == []
    assert len(made) <= 1
