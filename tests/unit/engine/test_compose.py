from __future__ import annotations

from pathlib import Path

import pytest

from lab.engine import compose
from lab.engine.machine import Result
from lab.errors import LabError

from .conftest import FakeMachine, Reports, parts

BOOKWORM = "Debian|http://mirror.example/debian/|bookworm"


def fetched(machine: FakeMachine, program: str | None) -> None:
    """Let apt-get fetch a package, and dpkg find *program* in it."""

    def download(_: tuple[str, ...], folder: Path | None) -> Result:
        assert folder is not None
        (folder / "docker-compose_2.26.1-4_amd64.deb").touch()
        return Result(0, "")

    def unpack(command: tuple[str, ...], _: Path | None) -> Result:
        if program:
            file = Path(command[-1]) / program
            file.parent.mkdir(parents=True)
            file.write_text("the plugin")
        return Result(0, "")

    machine.replies["apt-get -o Dir::Etc::SourceList"] = download
    machine.replies["dpkg -x"] = unpack


@pytest.mark.parametrize("version", ["2.20.0", "v2.26.1", "2.26.1-4", "5.0.1", "2.40.3-desktop.1"])
def test_a_version_that_will_do(machine: FakeMachine, version: str) -> None:
    machine.replies["docker compose version"] = Result(0, f"{version}\n")
    assert compose.version(machine) == version.removeprefix("v")


@pytest.mark.parametrize("version", ["2.19.1", "1.29.2"])
def test_a_version_that_is_too_old(machine: FakeMachine, version: str) -> None:
    machine.replies["docker compose version"] = Result(0, f"{version}\n")
    with pytest.raises(LabError) as error:
        compose.version(machine)
    cause, hint = parts(error)
    assert cause == f"Docker Compose {version} is too old: the lab needs 2.20 or later"
    assert "install the Compose plugin" in hint


@pytest.mark.parametrize(
    "reply",
    [
        Result(1, "", "docker: 'compose' is not a docker command."),
        Result(1, "", "docker: unknown command: docker compose"),
        Result(0, "Usage: docker [OPTIONS] COMMAND"),  # what a docker command without plugins says to --short
    ],
)
def test_compose_is_missing(machine: FakeMachine, reply: Result) -> None:
    machine.replies["docker compose version"] = reply
    with pytest.raises(LabError) as error:
        compose.version(machine)
    assert parts(error)[0] == "Docker Compose is missing: `docker compose version` does not work"


def test_compose_v1_alone_is_named(machine: FakeMachine) -> None:
    machine.replies["docker compose version"] = Result(1, "")
    machine.programs.add("docker-compose")
    with pytest.raises(LabError) as error:
        compose.version(machine)
    assert "v1" in parts(error)[0]


@pytest.mark.parametrize(
    ("package", "version"),
    [
        ("docker-compose", "2.26.1-4"),
        ("docker-compose-v2", "2.27.1+ds1-0ubuntu1~24.04.1"),
        ("docker-compose-plugin", "5:2.29.1-1"),
    ],
)
def test_the_machines_own_package_is_preferred(
    machine: FakeMachine, report: Reports, package: str, version: str
) -> None:
    machine.packages(**{package.replace("-", "_"): version})
    compose.install(machine, report)
    assert report == [f"installing {package} {version} from this machine's package mirror"]
    assert machine.ran[-1].endswith(f"install {package}")
    assert machine.ran[0] == "apt-get -q update"


def test_debian_12_gets_the_plugin_of_debian_13(machine: FakeMachine, report: Reports) -> None:
    machine.packages(docker_compose="1.29.2-3")
    machine.sources(BOOKWORM)
    fetched(machine, "usr/libexec/docker/cli-plugins/docker-compose")
    compose.install(machine, report)
    plugin = machine.path("/usr/local/lib/docker/cli-plugins/docker-compose")
    assert plugin.read_text() == "the plugin"
    assert plugin.stat().st_mode & 0o777 == 0o755
    assert list(plugin.parent.iterdir()) == [plugin]
    assert "Debian 13" in report[0]
    assert not [line for line in machine.ran if " install " in line], "the machine's own packages stay as they are"


def test_the_package_is_checked_with_debians_keyring(machine: FakeMachine, report: Reports) -> None:
    machine.packages(docker_compose="1.29.2-3")
    machine.sources(BOOKWORM)
    seen = []

    def update(_: tuple[str, ...], folder: Path | None) -> Result:
        assert folder is not None
        seen.append((folder / "sources.list").read_text())
        return Result(100, "", "W: GPG error: the signature is invalid")

    machine.replies["apt-get -o Dir::Etc::SourceList"] = update
    with pytest.raises(LabError) as error:
        compose.install(machine, report)
    keyring = machine.path("/usr/share/keyrings/debian-archive-keyring.gpg")
    assert seen == [f"deb [signed-by={keyring}] http://mirror.example/debian/ trixie main\n"]
    assert "the signature is invalid" in parts(error)[0]
    assert not machine.path("/usr/local/lib/docker/cli-plugins").exists()


def test_no_keyring_no_package(machine: FakeMachine, report: Reports) -> None:
    machine.sources(BOOKWORM)
    machine.path("/usr/share/keyrings/debian-archive-keyring.gpg").unlink()
    with pytest.raises(LabError, match="keyring is missing"):
        compose.install(machine, report)


def test_a_package_without_the_plugin(machine: FakeMachine, report: Reports) -> None:
    machine.sources(BOOKWORM)
    fetched(machine, None)
    with pytest.raises(LabError, match="has no plugin any more"):
        compose.install(machine, report)


def test_no_debian_mirror_and_no_package(machine: FakeMachine, report: Reports) -> None:
    machine.packages(docker_compose="1.29.2-6ubuntu1")
    machine.sources("Ubuntu|http://ubuntu.example/ubuntu/|jammy")
    with pytest.raises(LabError) as error:
        compose.install(machine, report)
    assert parts(error)[0] == "this machine's package sources have no Docker Compose 2.20 or later"


def test_a_failed_installation_shows_what_apt_said(machine: FakeMachine, report: Reports) -> None:
    machine.packages(docker_compose="2.26.1-4")
    machine.replies["apt-get -o DPkg"] = Result(100, "Reading...\nE: Unable to fetch some archives")
    with pytest.raises(LabError) as error:
        compose.install(machine, report)
    cause, hint = parts(error)
    assert "`apt-get install docker-compose` failed" in cause
    assert "E: Unable to fetch some archives" in cause
    assert "try again" in hint
