"""The Docker engine that the lab uses: found as the docker command finds it, checked, made ready.

DOCKER_HOST, DOCKER_CONTEXT and `docker context use` say where it is. Only an engine at this machine's
default socket is ever installed or started here.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING

from lab.engine import compose, daemon
from lab.engine.explain import StoppedError, explain, forbidden
from lab.engine.machine import SWITCH, Machine, allow
from lab.errors import MachineError

if TYPE_CHECKING:
    from docker import DockerClient

    from lab.engine.sdk import Docker

MINIMUM = (20, 10)
SOCKETS = ("unix:///var/run/docker.sock", "unix:///run/docker.sock")  # Docker's default
NETWORK = ("tcp://", "http://", "https://")  # addresses before which a proxy may stand
PROBE = 5  # seconds for the answer of an engine that has just been started
GET_DOCKER = "install Docker Engine 20.10 or later, as docs.docker.com/engine/install says"


def ensure(report: Callable[[str], None], machine: Machine | None = None) -> Docker:
    """Return the engine; install and start what is missing, where we may, with a *report* of each step.

    Compose is looked for when it is first needed (`Docker.compose`): a lab that runs already needs none.
    We may install where we are root and apt-get is there, and start what is installed where we are root,
    unless LAB_INSTALL_DOCKER is 0. Raises MachineError for everything else.
    """
    from lab.engine.sdk import Docker

    machine = machine or Machine()
    where = address()
    if machine.which("docker") is None:
        allow(machine, MachineError("the docker command is missing", hint=GET_DOCKER))
        daemon.install(machine, report)
    found = Docker(where, _answering(machine, where, report), machine)
    version = found.version()
    if (compose.numbers(version) or (0, 0)) < MINIMUM:
        raise MachineError(f"Docker Engine {version} is too old: the lab needs 20.10 or later", hint=GET_DOCKER)
    return found


def address() -> str:
    """Return where the docker command looks for its engine. Raises MachineError when its context is missing."""
    from docker.context import ContextAPI
    from docker.context.config import get_current_context_name
    from docker.errors import DockerException

    host = os.environ.get("DOCKER_HOST")
    if host:
        return host
    name = os.environ.get("DOCKER_CONTEXT") or get_current_context_name()
    try:
        context = ContextAPI.get_context(name)
    except DockerException as error:
        raise explain(error) from error
    if context is None:
        raise explain(f"context {name}: context not found")
    return str(context.Host)


def connect(where: str, timeout: int = 60) -> DockerClient:
    """Return a client of the engine, which is at *where* (`address`); each call may take *timeout* seconds.

    Raises MachineError, which is a StoppedError when no engine answers.
    """
    import docker
    from docker.errors import DockerException

    _knock(where)
    try:
        client = docker.from_env(timeout=timeout, use_ssh_client=True)
    except DockerException as error:
        cause = explain(error)
        raise (StoppedError(where) if isinstance(cause, StoppedError) else cause) from error
    if not where.startswith(NETWORK):
        client.api.trust_env = False  # no proxy stands before a socket; looking for one is a third of a call's time
    return client


def _knock(where: str) -> None:
    """Raise MachineError when nobody listens at a Unix socket: the SDK would leave its own socket open then."""
    if not where.startswith("unix://"):
        return
    with socket.socket(socket.AF_UNIX) as knocking:
        knocking.settimeout(PROBE)
        try:
            knocking.connect(where.removeprefix("unix://"))
        except PermissionError as error:
            raise forbidden() from error
        except OSError as error:
            raise StoppedError(where) from error


def _answering(machine: Machine, where: str, report: Callable[[str], None]) -> DockerClient:
    """Return a client of the engine at *where*, started before where that is ours to do."""
    try:
        return connect(where)
    except StoppedError as error:
        if where not in SOCKETS or not machine.root or machine.variable(SWITCH) == "0":
            raise
        if not daemon.installed(machine):
            allow(machine, MachineError(f"{error.args[0]}: the Docker daemon is missing", hint=GET_DOCKER))
            daemon.install(machine, report)

    def answers() -> bool:
        try:
            connect(where, timeout=PROBE).close()
        except StoppedError:
            return False
        return True

    daemon.start(machine, report, answers)
    return connect(where)
