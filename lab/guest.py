"""A host that a test brings along: a Postfix with settings of its own, beside the world, made like one of its hosts.

Same image, same capabilities, same network; what differs is its name, its main.cf and, where it needs them,
master.cf lines and tables. It belongs to the process that made it, and goes with it.
"""

from __future__ import annotations

import io
import re
import tarfile
import threading
import time
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from lab import addresses
from lab.errors import LabError, MachineError
from lab.hosts import LABEL, OWNER, Host, inspect, last_lines
from lab.settings import SettingsError
from lab.settings.maincf import entries
from lab.streams import end

if TYPE_CHECKING:
    from docker import DockerClient
    from docker.types.daemon import CancellableStream

UNKNOWN = re.compile(rb"unused parameter: ([^=\n]+)=")  # postconf(1), of a name in main.cf that nothing uses
READY = b"daemon started -- version"  # master(8) says so when all its services listen
COPIED = ("CapAdd", "CapDrop", "SecurityOpt", "LogConfig", "Init")
TIMEOUT = 30.0


def start(
    docker: DockerClient,
    like: Host,
    *,
    lab: str,
    owner: str,
    name: str,
    fqdn: str,
    main_cf: str,
    master_cf: str,
    files: Mapping[str, str],
) -> Host:
    """Start a host like *like* and return it when it takes connections.

    *main_cf*: lines in which it differs; *master_cf*: lines to add; *files*: file names below /etc/postfix to
    contents, for tables ("texthash:/etc/postfix/transport"). Raises LabError with all that is wrong with main_cf,
    or with the host's last log lines when it dies.
    """
    parameters, problems = entries(main_cf, f"{name}: main.cf")
    if problems:
        raise SettingsError(tuple(problems))
    origin = docker.api.inspect_container(like.container)
    network = next(each for each in origin["NetworkSettings"]["Networks"] if each.endswith("_lab"))
    environment = dict(line.split("=", 1) for line in origin["Config"]["Env"])
    environment |= {f"POSTFIX_{parameter}": entry.value for parameter, entry in parameters.items()}
    labels = {
        LABEL: lab,
        OWNER: owner,
        "mail-lab.host": name,
        "mail-lab.role": like.role,
        "mail-lab.fqdn": fqdn,
    }
    copied = {key: origin["HostConfig"][key] for key in COPIED}
    with addresses.reserved(docker, lab, network) as address:
        container = docker.api.create_container(
            image=like.image,
            name=f"mail-lab-{lab}-{owner}-{name}",
            hostname=fqdn,
            environment=environment,
            labels=labels,
            host_config={**copied, "NetworkMode": network},
            networking_config={"EndpointsConfig": {network: {"IPAMConfig": {"IPv4Address": address}}}},
        )["Id"]
    try:
        docker.api.put_archive(container, "/etc/postfix", _archive({"guest-master.cf": master_cf, **files}))
        stream = docker.api.attach(container, stream=True, logs=True)
        docker.api.start(container)
        _known(_await_ready(stream), parameters, f"{name}: main.cf")
        return _running(docker, name, container)
    except BaseException:
        remove(docker, container)
        raise


def remove(docker: DockerClient, container: str) -> None:
    """Remove a host and all that it has; none there is fine too."""
    from docker.errors import NotFound

    try:
        docker.api.remove_container(container, force=True, v=True)
    except NotFound:
        return


def of_owner(docker: DockerClient, owner: str) -> list[str]:
    """Return the containers that a process has brought along."""
    listed = docker.api.containers(all=True, filters={"label": f"{OWNER}={owner}"})
    return [each["Id"] for each in listed]


def _running(docker: DockerClient, name: str, container: str) -> Host:
    from docker.errors import NotFound

    try:
        host = inspect(docker, container)
    except NotFound:
        raise MachineError(f"{name} is gone again", hint="did someone run `lab down`?") from None
    if host.state != "running":
        lines = last_lines(docker, host)
        raise LabError(
            f"{host.name} ended with exit code {host.exit_code}; its last lines:\n{lines}", hint="see its main_cf"
        )
    return host


def _known(log: bytes, parameters: Collection[str], place: str) -> None:
    """Raise LabError if a host's first lines tell that Postfix does not know one of *parameters*."""
    unknown = sorted({each.decode("utf-8", "replace") for each in UNKNOWN.findall(log)} & set(parameters))
    if unknown:
        raise LabError(
            "\n".join(f"{place}: Postfix has no parameter {each}, and nothing uses it" for each in unknown),
            hint="is it misspelt? postconf(5) has the names",
        )


def _await_ready(stream: CancellableStream[bytes]) -> bytes:
    """Read the log until the daemon says that it has started, or has ended; returns what it says before that."""
    timer = threading.Timer(TIMEOUT, stream.close)
    timer.start()
    seen = b""
    deadline = time.monotonic() + TIMEOUT
    try:
        for chunk in stream:
            seen += chunk
            if READY in seen:
                return seen
    finally:
        timer.cancel()
        end(stream)
    if time.monotonic() >= deadline:
        raise MachineError(
            f"a host of this test has not started within {TIMEOUT:.0f} s", hint="is this machine overloaded?"
        )
    return seen


def _archive(files: Mapping[str, str]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, text in files.items():
            data = text.encode()
            member = tarfile.TarInfo(name)
            member.size, member.mode, member.mtime = len(data), 0o644, int(time.time())
            archive.addfile(member, io.BytesIO(data))
    return buffer.getvalue()
