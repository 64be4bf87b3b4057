"""What Docker and Compose say when something fails, as an error with cause and next step.

In: the exception of the Docker SDK, or the output of a command. Out: a MachineError. The texts are those of
Docker Engine 20.10 to 28, Compose 2 and Docker Desktop; an unknown text becomes the cause as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from lab.errors import LabError, MachineError

Match = re.Match[str]


class UnreachableError(MachineError):
    """The image registry cannot be reached, or does not serve us: an image must come from elsewhere."""


class StoppedError(MachineError):
    """No engine answers at the address *where*."""

    def __init__(self, where: str | None = None) -> None:
        """*where* is None when the text that this is the meaning of does not say it."""
        super().__init__(
            "the Docker engine does not answer" + (f" at {where}" if where else ""),
            hint="start it (`sudo systemctl start docker`, or Docker Desktop), or say where it is with "
            "DOCKER_HOST or `docker context use`; `docker info` tells more",
        )


def explain(error: BaseException | str, hint: str = "`docker info` tells how the engine is") -> LabError:
    """Return the LabError, mostly a MachineError, that says what *error* says. *hint*: of a text of unknown meaning."""
    if isinstance(error, LabError):
        return error
    text = str(error)
    for pattern, meaning in _MEANINGS:
        match = pattern.search(text)
        if match:
            return meaning(match)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return MachineError(
        "\n".join(lines[-10:]) or f"Docker failed and gave no reason ({type(error).__name__})",
        hint=hint,
    )


def _port(match: Match) -> MachineError:
    port = match["port"]
    return MachineError(
        f"port {port} on 127.0.0.1 is taken",
        hint=f"`docker ps --filter publish={port}` or `ss -ltnp 'sport = :{port}'` tells by what; stop it, "
        "or give the lab other ports with LAB_SLOT=N",
    )


def _subnet(match: Match) -> MachineError:
    return MachineError(
        f"the lab's network is taken by another Docker network ({match[0].strip()})",
        hint="`docker network ls` and `docker network inspect NAME` tell by which; `docker network rm` it, "
        "or give the lab another one with LAB_SLOT=N",
    )


def _full(_: Match) -> MachineError:
    return MachineError(
        "the lab's network takes no more hosts: a Linux bridge has 1,023 ports",
        hint="`docker ps --filter label=mail-lab.owner` lists those that tests have brought along; run fewer at a time",
    )


def _ipv6(match: Match) -> MachineError:
    return MachineError(
        f"this Docker engine cannot make a network with IPv6 ({match[0].strip()})",
        hint="does its kernel have IPv6 (no ipv6.disable=1)? `LAB_IPV6=0 lab up` makes a lab without",
    )


def _disk(_: Match) -> MachineError:
    return MachineError(
        "no space left on the disk that Docker uses",
        hint="`docker system df` tells what takes it; `docker system prune` frees what nothing uses",
    )


def _name(match: Match) -> MachineError:
    return MachineError(
        f"another container has the name {match['name']}",
        hint=f"`docker inspect {match['name']}` tells whose it is; `lab down`, or `docker rm -f`, removes it",
    )


def forbidden() -> MachineError:
    """Return the error for an engine whose socket we may not open."""
    return MachineError(
        "you may not use the Docker engine: no permission on its socket",
        hint="`sudo usermod -aG docker $USER`, then log in again (`newgrp docker` for this shell)",
    )


def _context(match: Match) -> MachineError:
    return MachineError(
        f"there is no Docker context {match['context']!r}",
        hint="`docker context ls` lists them; choose one with `docker context use`, or unset DOCKER_CONTEXT",
    )


def _address(match: Match) -> MachineError:
    return MachineError(
        f"{match['address']} is not an address of a Docker engine",
        hint="set DOCKER_HOST to one (unix:///var/run/docker.sock, tcp://HOST:PORT), or unset it for this machine's",
    )


def _paramiko() -> MachineError:
    return MachineError(
        "the Docker engine is at an ssh:// address, and the Python package paramiko is missing",
        hint="install it where the lab is installed: `pip install paramiko`",
    )


def _mirror(match: Match) -> MachineError:
    host = match["host"] or match["name"]
    return MachineError(
        f"a container cannot reach the Debian mirror {host} while an image is built",
        hint="containers need the network then: check the machine's, its DNS, and the proxies in ~/.docker/config.json",
    )


def _limit(match: Match) -> MachineError:
    return UnreachableError(
        f"the image registry refuses more pulls for now ({match[0]})",
        hint="`docker login`, or wait and try again",
    )


def _network(match: Match) -> MachineError:
    return UnreachableError(
        f"the image registry cannot be reached ({match[0].strip()})",
        hint="check the network, and the proxy in the Docker daemon's settings; or bring the image from "
        "another machine with `docker save` and `docker load`",
    )


def _image(match: Match) -> MachineError:
    name = next(group for group in match.groups() if group)
    return MachineError(
        f"there is no image {name}, neither here nor at its registry",
        hint="check its name; `docker images` lists what is here",
    )


def _yaml(match: Match) -> LabError:
    return LabError(
        f"compose/compose.yaml:{match['line']}: {match['what']}",
        hint="mend it; `docker compose config` checks the file",
    )


def _old(match: Match) -> MachineError:
    return MachineError(
        f"this Docker engine is too old ({match[0].strip()})", hint="install Docker Engine 20.10 or later"
    )


_ADDRESS = r"(?:\[\S+?\]|[\d.]+)"
_MEANINGS: tuple[tuple[re.Pattern[str], Callable[[Match], LabError]], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), meaning)
    for pattern, meaning in (
        (r"no space left on device|disk quota exceeded|don't have enough free space", _disk),  # the last is apt-get's
        (r"yaml: (?:unmarshal errors:\s*)?line (?P<line>\d+): (?P<what>[^\n]*)", _yaml),
        (rf"{_ADDRESS}:(?P<port>\d+) failed: port is already allocated", _port),
        (rf"exposing port \w+ {_ADDRESS}:(?P<port>\d+) ->", _port),
        (rf"listen \w+ {_ADDRESS}:(?P<port>\d+): bind: address already in use", _port),
        (rf"bind host port (?:for )?{_ADDRESS}:(?P<port>\d+)\S* address already in use", _port),
        (
            r"pool overlaps with other one[^\n]*|networks have overlapping[^\n]*|failed to allocate gateway[^\n]*",
            _subnet,
        ),
        (r"could not find an available, non-overlapping[^\n]*|predefined address pools have been[^\n]*", _subnet),
        (r"adding interface \S+ to bridge \S+ failed: exchange full", _full),  # BR_MAX_PORTS of the kernel
        (r"cannot read IPv6 setup for bridge[^\n]*", _ipv6),
        (r"container name \"/?(?P<name>[^\"]+)\" is already in use", _name),
        (r"context \"?(?P<context>[^\"\s:]+)\"?: context not found", _context),
        (r"permission denied[^\n]*docker[^\n]*sock|docker[^\n]*sock[^\n]*permission denied", lambda _: forbidden()),
        (r"api version: [^\n]*PermissionError\(13", lambda _: forbidden()),
        (r"invalid bind address \w+: (?P<address>\S+)", _address),
        (r"install paramiko package", lambda _: _paramiko()),
        (r"API versions below[^\n]*", _old),
        (
            r"cannot connect to the docker daemon|is the docker daemon running|error during connect"
            r"|error while fetching server api version",
            lambda _: StoppedError(),
        ),
        (r"temporary failure resolving '(?P<host>[^']+)|could not (?:resolve|connect to) '?(?P<name>[\w.-]+)", _mirror),
        (r"toomanyrequests|pull rate limit", _limit),
        (
            r"dial tcp[^\n]*|lookup \S+[^\n]*no such host|temporary failure in name resolution|i/o timeout"
            r"|proxyconnect[^\n]*|TLS handshake timeout|Client\.Timeout exceeded[^\n]*|x509: [^\n]*"
            r"|network is unreachable|failed to do request[^\n]*|unexpected EOF|connection reset by peer",
            _network,
        ),
        (
            r"pull access denied for ([^\s,]+)|manifest for (\S+) not found|no such image: (\S+)"
            r"|failed to resolve (?:source metadata for|reference) \"?([^\s\"]+?)\"?:\s",
            _image,
        ),
    )
)
"""Each text's pattern and what it means. The first that matches counts: a full disk makes others fail."""
