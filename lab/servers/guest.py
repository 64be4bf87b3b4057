"""A host that a test brings along: a Postfix or a Dovecot with settings of its own, made like a host of the world.

Same image, same capabilities, same network; what differs is its name, and what it has of its own
(:mod:`lab.servers.brought`). It belongs to the process that made it, and goes with it.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from lab.engine.archive import archive
from lab.engine.hosts import LABEL, OWNER, Host, inspect, last_lines
from lab.engine.protocol import GoneError
from lab.engine.streams import end
from lab.errors import LabError, MachineError
from lab.servers.brought import Own
from lab.world import addresses

if TYPE_CHECKING:
    from docker import DockerClient
    from docker.types.daemon import CancellableStream

    from lab.engine.protocol import Engine

COPIED = ("CapAdd", "CapDrop", "SecurityOpt", "LogConfig", "Init", "Memory", "MemorySwap", "PidsLimit", "Dns")
TIMEOUT = 30.0


def start(
    engine: Engine,
    like: Host,
    *,
    lab: str,
    owner: str,
    name: str,
    fqdn: str,
    own: Own,
    resolver: str | None = None,
) -> Host:
    """Start a host like *like* with *own* settings, and return it when it takes connections.

    *resolver*: the address of the DNS that it asks, if that is not the lab's own.

    Raises LabError with what it says is wrong with them, or with the host's last log lines when it dies.
    """
    docker: DockerClient = engine.client
    origin = docker.api.inspect_container(like.container)
    network = next(each for each in origin["NetworkSettings"]["Networks"] if each.endswith("_lab"))
    environment = dict(line.split("=", 1) for line in origin["Config"]["Env"])
    environment |= own.environment
    if resolver is not None:
        environment["LAB_DNS"] = resolver
    labels = {
        LABEL: lab,
        OWNER: owner,
        "mail-lab.host": name,
        "mail-lab.role": like.role,
        "mail-lab.fqdn": fqdn,
    }
    copied = {key: origin["HostConfig"][key] for key in COPIED}
    if own.capabilities is not None:
        copied["CapAdd"] = list(own.capabilities)
    with addresses.reserved(docker, lab, network) as (address, address6):
        labels[addresses.ADDRESS] = address
        wanted = {"IPv4Address": address, **({"IPv6Address": address6} if address6 else {})}
        container = docker.api.create_container(
            image=like.image,
            name=f"mail-lab-{lab}-{owner}-{name}",
            hostname=fqdn,
            environment=environment,
            labels=labels,
            host_config={**copied, "NetworkMode": network},
            networking_config={"EndpointsConfig": {network: {"IPAMConfig": wanted}}},
        )["Id"]
    try:
        if own.files:
            docker.api.put_archive(container, own.folder, archive(own.files))
        stream = docker.api.attach(container, stream=True, logs=True)
        docker.api.start(container)
        return _running(engine, name, container, own, _await_ready(stream, own.ready))
    except BaseException:
        remove(engine, container)
        raise


def remove(engine: Engine, container: str) -> None:
    """Remove a host and all that it has; none there is fine too."""
    engine.remove(container)


def of_owner(engine: Engine, owner: str) -> list[str]:
    """Return the containers that a process has brought along."""
    return [each.id for each in engine.containers(f"{OWNER}={owner}")]


def _running(engine: Engine, name: str, container: str, own: Own, log: bytes) -> Host:
    """Return the host, if it runs and has said nothing in its *log* against its settings."""
    try:
        host = inspect(engine, container)
    except GoneError:
        raise MachineError(f"{name} is gone again", hint="did someone run `lab down`?") from None
    if wrong := own.refused(log):
        raise LabError("\n".join(wrong), hint=f"mend its {own.settings}")
    if host.state != "running":
        lines = last_lines(engine, host)
        raise LabError(
            f"{host.name} ended with exit code {host.exit_code}; its last lines:\n{lines}",
            hint=f"see its {own.settings}",
        )
    return host


def _await_ready(stream: CancellableStream[bytes], ready: bytes) -> bytes:
    """Read the log until it says *ready*, or has ended; returns what it says up to then."""
    timer = threading.Timer(TIMEOUT, stream.close)
    timer.start()
    seen = b""
    deadline = time.monotonic() + TIMEOUT
    try:
        for chunk in stream:
            seen += chunk
            if ready in seen:
                return seen
    finally:
        timer.cancel()
        end(stream)
    if time.monotonic() >= deadline:
        raise MachineError(
            f"a host of this test has not started within {TIMEOUT:.0f} s", hint="is this machine overloaded?"
        )
    return seen
