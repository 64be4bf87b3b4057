"""A host that a test brings along: a Postfix or a Dovecot with settings of its own, made like a host of the world.

Same image, same capabilities, same network; what differs is its name, and what it has of its own
(:mod:`lab.servers.brought`). It belongs to the process that made it, and goes with it; its address is that of a sandbox
(:mod:`lab.servers.sandboxes`).
"""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

from lab.engine.hosts import LABEL, OWNER, ROLE, SANDBOX, SOFTWARE, Host, inspect, last_lines
from lab.engine.protocol import GoneError, Specification, beside
from lab.errors import LabError, MachineError
from lab.servers import sandboxes
from lab.servers.brought import Own
from lab.servers.sandboxes import Sandbox

if TYPE_CHECKING:
    from lab.engine.protocol import Engine, Stream

TIMEOUT = 30.0
AT_ONCE = 8  # hosts are removed at any time: mostly the engine waits for their end
NAMED = """printf '%s' "$LAB_HOSTS" > /etc/hosts; printf '%s\\n' "$HOSTNAME" > /etc/hostname; exec start"""
"""The files of its sandbox that have a host's name, as hosts(5) and hostname(5) want them, then what its image does."""


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
    origin = engine.inspect(like.container)
    network = next(each for each in origin.endpoints if each.endswith("_lab"))
    confinement = origin.confinement
    if own.capabilities is not None:
        confinement = replace(confinement, capabilities=own.capabilities)
    with sandboxes.taken(engine, lab, owner, network, like.image, origin.confinement) as sandbox:
        container = engine.create(
            Specification(
                image=like.image,
                command=("sh", "-c", NAMED),
                name=f"mail-lab-{lab}-{owner}-{name}",
                labels={
                    LABEL: lab,
                    OWNER: owner,
                    "mail-lab.host": name,
                    ROLE: like.role,
                    SOFTWARE: like.software,
                    "mail-lab.fqdn": fqdn,
                    **sandbox.labels,
                },
                environment={
                    **origin.environment,
                    **_named(fqdn, sandbox),
                    **own.environment,
                    **({"LAB_DNS": resolver} if resolver else {}),
                },
                network=beside(sandbox.container),
                confinement=replace(confinement, dns=()),  # the sandbox has them
            )
        )
    try:
        engine.start(sandbox.container)
        if own.files:
            engine.copy_in(container, own.folder, own.files)
        stream = engine.attach(container)
        engine.start(container)
        return _running(engine, name, container, own, _await_ready(stream, own.ready))
    except BaseException:
        _remove(engine, container, sandbox.container)
        raise


def remove(engine: Engine, host: Host, *, untouched: bool) -> None:
    """Remove a host and all that it has; none there is fine too.

    Its sandbox is left to other hosts if it is one that stays, and if nothing was made wrong there (*untouched*).
    """
    _remove(engine, host.container, "" if untouched and host.sandbox_stays else host.sandbox)


def remove_of(engine: Engine, owner: str) -> None:
    """Remove all that a process has brought along, sandboxes too: nobody knows what was made wrong there."""
    listed = engine.containers(f"{OWNER}={owner}")
    joined = {each.labels[SANDBOX] for each in listed if SANDBOX in each.labels}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for containers in (joined, {each.id for each in listed} - joined):  # in this order: see _remove
            list(pool.map(engine.remove, containers))


def _remove(engine: Engine, container: str, sandbox: str) -> None:
    """Remove a host, and before it its sandbox: one that no host has is free for all."""
    if sandbox:
        engine.remove(sandbox)
    engine.remove(container)


def _named(fqdn: str, sandbox: Sandbox) -> dict[str, str]:
    """Return what tells a host its name: the kernel's is its sandbox's."""
    lines = ["127.0.0.1 localhost", "::1 localhost ip6-localhost ip6-loopback"]
    lines += [f"{each} {fqdn} {fqdn.partition('.')[0]}" for each in (sandbox.address, sandbox.address6) if each]
    return {
        "HOSTNAME": fqdn,
        "LAB_HOSTS": "".join(f"{line}\n" for line in lines),
        "POSTFIX_myhostname": fqdn,
        "DOVECOT_HOSTNAME": fqdn,
    }


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


def _await_ready(stream: Stream[bytes], ready: bytes) -> bytes:
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
        stream.close()
    if time.monotonic() >= deadline:
        raise MachineError(
            f"a host of this test has not started within {TIMEOUT:.0f} s", hint="is this machine overloaded?"
        )
    return seen
