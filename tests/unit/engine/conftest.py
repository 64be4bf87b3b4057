"""A machine in memory: its commands answer what a test says, its files are in a folder of the test's own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from lab.engine.machine import Machine, Result
from lab.errors import LabError

Reply = Result | Callable[[tuple[str, ...], Path | None], Result]
OK = Result(0, "")
SOCKET = "unix:///var/run/docker.sock"


class FakeMachine(Machine):
    """What is not in `replies`, by the first words of a command, succeeds and says nothing. Later ones win."""

    def __init__(self, base: Path) -> None:
        super().__init__(base)
        self.is_root = True
        self.programs = {"docker", "dockerd", "apt-get", "mmdebstrap"}
        self.variables: dict[str, str] = {}
        self.replies: dict[str, Reply] = {}
        self.ran: list[str] = []

    @property
    def root(self) -> bool:
        return self.is_root

    def variable(self, name: str) -> str | None:
        return self.variables.get(name)

    def which(self, command: str) -> str | None:
        return f"/usr/bin/{command}" if command in self.programs else None

    def run(
        self,
        *command: str,
        timeout: float,
        folder: Path | None = None,
        variables: Mapping[str, str] | None = None,
        whole: bool = False,
    ) -> Result:
        assert timeout > 0
        assert variables is None or variables
        assert whole == ("install" in command), "only dpkg's work must not be stopped half-way"
        line = " ".join(command)
        self.ran.append(line)
        for beginning, reply in reversed(self.replies.items()):
            if line.startswith(beginning):
                return reply(command, folder) if callable(reply) else reply
        return OK

    def file(self, absolute: str, text: str = "") -> Path:
        path = self.path(absolute)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def packages(self, **versions: str) -> None:
        """Say what the package sources have."""

        def policy(command: tuple[str, ...], _: Path | None) -> Result:
            version = versions.get(command[-1].replace("-", "_").replace(".", "_"))
            return Result(0, f"{command[-1]}:\n  Installed: (none)\n  Candidate: {version}\n" if version else "")

        self.replies["apt-cache policy"] = policy

    def sources(self, *targets: str) -> None:
        self.replies["apt-get indextargets"] = Result(0, "".join(f"{target}\n" for target in targets))


class FakeDocker:
    """A Docker client. `pulls` is what a pull says."""

    def __init__(self, version: str = "20.10.24+dfsg1") -> None:
        self.engine_version = version
        self.there = False
        self.pulls: Callable[[], Any] = list
        self.api = SimpleNamespace(pull=self._pull, images=self._images)

    def version(self) -> dict[str, str]:
        return {"Version": self.engine_version}

    def close(self) -> None:
        pass

    def _images(self, name: str) -> list[dict[str, list[str]]]:
        return [{"RepoTags": [name]}] if self.there else []

    def _pull(self, repository: str, tag: str, *, stream: bool, decode: bool) -> Any:
        assert (repository, tag, stream, decode) == ("debian", "trixie-slim", True, True)
        return self.pulls()


class Reports(list[str]):
    """What was reported."""

    def __call__(self, step: str) -> None:
        self.append(step)


@pytest.fixture
def machine(tmp_path: Path) -> FakeMachine:
    machine = FakeMachine(tmp_path)
    machine.replies["docker compose version"] = Result(0, "2.26.1-4\n")
    machine.file("/usr/share/keyrings/debian-archive-keyring.gpg")
    machine.path("/var/cache").mkdir(parents=True)
    return machine


@pytest.fixture
def report() -> Reports:
    return Reports()


def parts(error: pytest.ExceptionInfo[LabError]) -> tuple[str, str]:
    """Return cause and next step; every error has both."""
    hint = error.value.hint
    assert hint
    return str(error.value.args[0]), hint
