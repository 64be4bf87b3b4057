from __future__ import annotations

import json
import socket
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from lab.engine import connection as module
from lab.engine import daemon
from lab.engine.explain import StoppedError, forbidden
from lab.engine.machine import Result
from lab.errors import LabError, MachineError
from tests.unit.small_servers import SmallHttp, SmallServer

from .conftest import SOCKET, FakeDocker, FakeMachine, Reports, parts


@pytest.fixture(autouse=True)
def _no_docker_of_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker-config"))
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    monkeypatch.delenv("DOCKER_CONTEXT", raising=False)
    # find_config_file looks at these last
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Callable[..., FakeDocker]:
    """The engine answers after it has been asked *silent* times."""

    def answering(silent: int = 0, error: LabError | None = None, version: str = "20.10.24+dfsg1") -> FakeDocker:
        docker = FakeDocker(version)
        asked = 0

        def connect(where: str, timeout: int = 60) -> Any:
            assert timeout > 0
            nonlocal asked
            asked += 1
            if asked <= silent:
                raise error or StoppedError(where)
            return docker

        monkeypatch.setattr(module, "connect", connect)
        return docker

    return answering


def test_all_is_well(machine: FakeMachine, report: Reports, engine: Callable[..., FakeDocker]) -> None:
    docker = engine()
    found = module.ensure(report, machine)
    assert found.client is docker  # type: ignore[comparison-overlap]
    assert found.local
    assert report == []
    assert machine.ran == [], "no command, or a second `lab up` gets slow"
    assert found.compose(report) == ["docker", "compose"]


def test_the_docker_command_is_missing(machine: FakeMachine, report: Reports) -> None:
    machine.programs.remove("docker")
    machine.is_root = False
    with pytest.raises(LabError) as error:
        module.ensure(report, machine)
    cause, hint = parts(error)
    assert cause == "the docker command is missing, and only root can install it"
    assert "install Docker Engine 20.10 or later" in hint
    assert machine.ran == []


@pytest.mark.parametrize(
    ("prepare", "reason"),
    [
        (
            lambda machine: machine.variables.update(LAB_INSTALL_DOCKER="0"),
            "LAB_INSTALL_DOCKER=0 forbids installing it",
        ),
        (lambda machine: machine.programs.remove("apt-get"), "it is installed by the lab on Debian and Ubuntu only"),
    ],
)
def test_nothing_is_installed_where_we_may_not(
    machine: FakeMachine, report: Reports, prepare: Callable[[FakeMachine], None], reason: str
) -> None:
    machine.programs.remove("docker")
    prepare(machine)
    with pytest.raises(LabError) as error:
        module.ensure(report, machine)
    assert parts(error)[0] == f"the docker command is missing, and {reason}"
    assert machine.ran == []


def test_a_bare_debian_gets_engine_daemon_and_compose(
    machine: FakeMachine, report: Reports, engine: Callable[..., FakeDocker]
) -> None:
    engine(silent=3)
    machine.programs -= {"docker", "dockerd"}
    machine.packages(docker_io="26.1.5", docker_cli="26.1.5", iptables="1.8.11", docker_compose="2.26.1-4")
    versions = iter([Result(1, "", "docker: 'compose' is not a docker command."), Result(0, "2.26.1-4\n")])
    machine.replies["docker compose version"] = lambda *_: next(versions)

    def install(*_: object) -> Result:
        machine.programs.update({"docker", "dockerd"})
        return Result(0, "")

    machine.replies["apt-get -o DPkg::Lock::Timeout=300 -q -y --no-install-recommends install docker.io"] = install
    module.ensure(report, machine).compose(report)
    assert report == [
        "installing docker.io, docker-cli, iptables from this machine's package mirror",
        "starting the Docker daemon",
        "installing docker-compose 2.26.1-4 from this machine's package mirror",
    ]


def test_a_stopped_daemon_is_started_by_root(
    machine: FakeMachine, report: Reports, engine: Callable[..., FakeDocker]
) -> None:
    engine(silent=1)
    module.ensure(report, machine)
    assert report == ["starting the Docker daemon"]


@pytest.mark.parametrize(
    "prepare",
    [
        lambda machine: setattr(machine, "is_root", False),
        lambda machine: machine.variables.update(LAB_INSTALL_DOCKER="0"),
    ],
)
def test_a_stopped_daemon_is_an_error_otherwise(
    machine: FakeMachine,
    report: Reports,
    engine: Callable[..., FakeDocker],
    prepare: Callable[[FakeMachine], None],
) -> None:
    engine(silent=1)
    prepare(machine)
    with pytest.raises(LabError) as error:
        module.ensure(report, machine)
    cause, hint = parts(error)
    assert cause == f"the Docker engine does not answer at {SOCKET}"
    assert "systemctl start docker" in hint
    assert machine.ran == []


def test_an_engine_elsewhere_is_never_started_here(
    machine: FakeMachine, report: Reports, engine: Callable[..., FakeDocker], monkeypatch: pytest.MonkeyPatch
) -> None:
    engine(silent=1)
    monkeypatch.setenv("DOCKER_HOST", "ssh://root@mail.example")
    with pytest.raises(StoppedError, match=r"does not answer at ssh://root@mail.example"):
        module.ensure(report, machine)
    assert machine.ran == []


def test_a_daemon_that_is_missing_is_installed_before_it_is_started(
    machine: FakeMachine, report: Reports, engine: Callable[..., FakeDocker]
) -> None:
    engine(silent=1)
    machine.programs.remove("dockerd")  # the docker command alone is there
    machine.packages(docker_io="20.10.24", iptables="1.8.9")
    module.ensure(report, machine)
    assert report == ["installing docker.io, iptables from this machine's package mirror", "starting the Docker daemon"]


def test_sources_without_docker_are_an_error(machine: FakeMachine, report: Reports) -> None:
    machine.packages(iptables="1.8.9")
    with pytest.raises(LabError) as error:
        daemon.install(machine, report)
    assert parts(error)[0] == "this machine's package sources have no docker.io"


def test_no_permission_on_the_socket(machine: FakeMachine, report: Reports, engine: Callable[..., FakeDocker]) -> None:
    engine(silent=1, error=forbidden())
    with pytest.raises(LabError) as error:
        module.ensure(report, machine)
    cause, hint = parts(error)
    assert "no permission on its socket" in cause
    assert "usermod -aG docker" in hint
    assert machine.ran == []


@pytest.mark.parametrize("version", ["19.03.15", "20.9.1", "1.13.1", "dev"])
def test_an_engine_that_is_too_old(
    machine: FakeMachine, report: Reports, engine: Callable[..., FakeDocker], version: str
) -> None:
    engine(version=version)
    with pytest.raises(LabError) as error:
        module.ensure(report, machine)
    assert parts(error)[0] == f"Docker Engine {version} is too old: the lab needs 20.10 or later"


def test_nobody_listens_at_a_unix_socket(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    address = f"unix://{tmp_path}/no.sock"
    monkeypatch.setenv("DOCKER_HOST", address)
    with pytest.raises(StoppedError, match=f"does not answer at {address}"):
        module.connect(module.address())


def test_nobody_listens_at_a_port(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # taken, but nobody listens: a connection is refused
        address = f"tcp://127.0.0.1:{closed.getsockname()[1]}"
        monkeypatch.setenv("DOCKER_HOST", address)
        with pytest.raises(StoppedError, match=f"does not answer at {address}"):
            module.connect(module.address())


def test_a_socket_that_we_may_not_open(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")  # root, which runs these tests too, may open every one

    monkeypatch.setattr(socket.socket, "connect", refuse)
    with pytest.raises(LabError) as error:
        module.connect(f"unix://{tmp_path}/docker.sock")
    cause, hint = parts(error)
    assert "no permission on its socket" in cause
    assert "usermod -aG docker" in hint


def test_no_proxy_is_looked_for_before_a_socket(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("docker.from_env", lambda **_: SimpleNamespace(api=SimpleNamespace(trust_env=True)))
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "docker.sock"))
        listening.listen()
        assert module.connect(f"unix://{tmp_path}/docker.sock").api.trust_env is False
    assert module.connect("tcp://192.0.2.1:2376").api.trust_env is True


def test_the_address_is_the_one_of_the_docker_command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert module.address() == SOCKET
    config = tmp_path / "docker-config"
    for name, host in {"desktop": "unix:///desktop.sock", "far": "ssh://far.example"}.items():
        meta = config / "contexts" / "meta" / sha256(name.encode()).hexdigest() / "meta.json"
        meta.parent.mkdir(parents=True)
        meta.write_text(json.dumps({"Name": name, "Metadata": {}, "Endpoints": {"docker": {"Host": host}}}))
    (config / "config.json").write_text(json.dumps({"currentContext": "desktop"}))
    assert module.address() == "unix:///desktop.sock"
    monkeypatch.setenv("DOCKER_CONTEXT", "far")
    assert module.address() == "ssh://far.example"
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:2375")
    assert module.address() == "tcp://127.0.0.1:2375"


def test_a_context_that_does_not_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_CONTEXT", "nope")
    with pytest.raises(LabError) as error:
        module.address()
    cause, hint = parts(error)
    assert cause == "there is no Docker context 'nope'"
    assert "docker context ls" in hint


@pytest.mark.parametrize(
    ("where", "cause"),
    [
        ("ftp://x", "ftp://x is not an address of a Docker engine"),
        ("tcp://", "tcp:// is not an address of a Docker engine"),
    ],
)
def test_address_that_is_none_is_told(monkeypatch: pytest.MonkeyPatch, where: str, cause: str) -> None:
    monkeypatch.setenv("DOCKER_HOST", where)
    with pytest.raises(MachineError) as raised:
        module.connect(module.address())
    assert raised.value.args[0] == cause
    assert raised.value.hint


def test_engine_whose_api_is_too_old_for_the_sdk(monkeypatch: pytest.MonkeyPatch) -> None:
    old = SmallHttp({"GET /version": (200, {"Version": "1.11.0", "ApiVersion": "1.23"})})
    with SmallServer(old) as server:
        monkeypatch.setenv("DOCKER_HOST", f"tcp://127.0.0.1:{server.port}")
        with pytest.raises(MachineError) as raised:
            module.connect(module.address())
    assert str(raised.value.args[0]).startswith("this Docker engine is too old (API versions below 1.24")
    assert raised.value.hint == "install Docker Engine 20.10 or later"
