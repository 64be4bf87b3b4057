"""Docker Compose: which version the docker command has, and how to get one.

Compose v2 is a plugin of the docker command. Debian 13 has it as a package, Debian 12 has only v1; Debian
13's plugin is one static program, which runs on Debian 12 too.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from lab.engine import apt
from lab.engine.machine import Machine, allow
from lab.errors import MachineError

MINIMUM = (2, 20)
COMMAND = ("docker", "compose")
PACKAGES = (
    "docker-compose-plugin",
    "docker-compose-v2",
    "docker-compose",
)  # Docker's own, Ubuntu's, Debian's
PLUGINS = "/usr/local/lib/docker/cli-plugins"  # every docker command looks there: Debian's and Docker's
HINT = "install the Compose plugin (docker-compose-plugin, or as docs.docker.com/compose/install says)"


def version(machine: Machine) -> str:
    """Return the version of Compose. Raises MachineError when it is missing or older than MINIMUM."""
    found = machine.run(*COMMAND, "version", "--short", timeout=30).stdout.strip().removeprefix("v")
    if numbers(found) is None:
        if machine.which("docker-compose"):
            raise MachineError(
                "Docker Compose v2 is missing: `docker-compose` alone is v1, or no plugin of docker",
                hint=HINT,
            )
        raise MachineError("Docker Compose is missing: `docker compose version` does not work", hint=HINT)
    if not enough(found):
        raise MachineError(f"Docker Compose {found} is too old: the lab needs 2.20 or later", hint=HINT)
    return found


def ensure(machine: Machine, report: Callable[[str], None]) -> None:
    """Install Compose if it is missing or too old, where we may. Raises MachineError."""
    try:
        version(machine)
    except MachineError as error:
        allow(machine, error)
        install(machine, report)
        version(machine)


def install(machine: Machine, report: Callable[[str], None]) -> None:
    """Install Compose from the machine's own package sources, or else Debian 13's plugin from their mirror.

    Nothing is half-installed after a failure. Raises MachineError.
    """
    apt.update(machine)
    for package in PACKAGES:
        offered = apt.candidate(machine, package)
        if offered and enough(offered):
            report(f"installing {package} {offered} from this machine's package mirror")
            apt.install(machine, package)
            return
    source = next((each for each in apt.sources(machine) if each.suite == apt.SUITE), None)
    if source is None:
        raise MachineError("this machine's package sources have no Docker Compose 2.20 or later", hint=HINT)
    report("installing the Docker Compose plugin of Debian 13 from this machine's Debian mirror")
    with tempfile.TemporaryDirectory(prefix="mail-lab-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # apt's own user fetches into it
        content = apt.unpack(machine, "docker-compose", source, folder)
        program = next((path for path in content.rglob("cli-plugins/docker-compose") if path.is_file()), None)
        if program is None:
            raise MachineError("Debian 13's package docker-compose has no plugin any more", hint=HINT)
        _place(program, machine.path(PLUGINS) / "docker-compose")


def enough(text: str) -> bool:
    """Return whether *text* is a version that the lab can use."""
    found = numbers(text)
    return found is not None and found >= MINIMUM


def numbers(text: str) -> tuple[int, int] | None:
    """Return the first two numbers of a version of a program or a package (which may have an epoch)."""
    found = re.match(r"(?:\d+:)?(\d+)\.(\d+)", text)
    return (int(found[1]), int(found[2])) if found else None


def _place(program: Path, target: Path) -> None:
    """Copy *program* to *target* at once: another command may be running it, or installing it too."""
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=".docker-compose-")
    os.close(handle)
    copy = Path(name)
    try:
        shutil.copyfile(program, copy)
        copy.chmod(0o755)
        copy.replace(target)
    finally:
        copy.unlink(missing_ok=True)
