"""The hosts of a lab as Docker has them: containers with the label ``mail-lab.name``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, ip_address
from typing import TYPE_CHECKING, Any, NamedTuple

from lab.errors import LabError

if TYPE_CHECKING:
    from docker import DockerClient
    from docker.models.containers import Container

LABEL = "mail-lab.name"
MAIL_ROLES = ("client", "smarthost", "mx")  # Postfix hosts
TOKEN = "LAB_TOKEN="  # noqa: S105  in the environment of a container: who may read that has Docker, and needs no API
OWNER = "mail-lab.owner"  # of a host that a test has brought along: whoever made it


@dataclass(frozen=True, slots=True)
class Host:
    """One host. ``state`` is Docker's word: running, exited, paused, created ..."""

    name: str  # "mx1"
    role: str  # dns, client, smarthost, mx, mailstore, scripted, gateway
    fqdn: str
    address: str
    state: str
    container: str  # id
    image: str
    started: str = ""  # RFC 3339, when it last started
    exit_code: int | None = None
    published: dict[int, int] = field(default_factory=dict, hash=False)  # own port to port on 127.0.0.1
    address6: str = ""  # its IPv6 address (RFC 5952); "" where the lab has no IPv6
    token: str = field(default="", repr=False)  # what its control API wants to hear (dnszone/control.py)

    @property
    def addresses(self) -> tuple[str, ...]:
        """Its addresses, IPv4 first."""
        return (self.address, self.address6) if self.address6 else (self.address,)

    @property
    def runs(self) -> bool:
        """Whether it is up, paused or not."""
        return self.state in ("running", "paused")


def find(docker: DockerClient, lab: str, owner: str | None = None) -> dict[str, Host]:
    """Return the hosts of a lab by name, stopped ones too: the world's, and those that *owner* has brought along."""
    # A container without the second label is no host: see lab.faults.kinds.site.
    listed = docker.api.containers(all=True, filters={"label": [f"{LABEL}={lab}", "mail-lab.host"]})
    visible = [each for each in listed if each["Labels"].get(OWNER) in (None, owner)]
    found = [each for each in (_inspected(docker, each["Id"]) for each in visible) if each is not None]
    # A stopped host has no address yet, but the one that it asks for; it gets it where the others have theirs.
    ipv6 = any(_inside(each).get("GlobalIPv6Address") for each in found)
    return {host.name: host for host in (_host(each, ipv6=ipv6) for each in found)}


def variables(hosts: Mapping[str, Host]) -> dict[str, str]:
    """Return what stands for hosts in a zone text: $MX1 and $MX1_V6 for mx1. *hosts* maps what each is called there."""
    found = {}
    for name, host in hosts.items():
        variable = name.upper().replace("-", "_")
        found[variable] = host.address
        if host.address6:
            found[f"{variable}_V6"] = host.address6
    return found


def inspect(docker: DockerClient, container: str) -> Host:
    """Return the host that runs in a container. Raises docker's NotFound where there is no such container."""
    found = docker.api.inspect_container(container)
    return _host(found, ipv6=bool(_inside(found).get("GlobalIPv6Address")))


def container(docker: DockerClient, host: Host) -> Container:
    """Return the SDK's object for a host's container, by its id alone: nothing is asked of Docker."""
    found: Container = docker.containers.prepare_model({"Id": host.container})
    return found


class Network(NamedTuple):
    """The network of a lab."""

    lab: str
    slot: int
    subnet: IPv4Network


def networks(docker: DockerClient) -> Iterator[Network]:
    """Yield the network of every lab on this machine."""
    for network in docker.api.networks(filters={"label": f"{LABEL}"}):
        labels = network["Labels"]
        if "mail-lab.slot" in labels:
            subnet = next(each["Subnet"] for each in network["IPAM"]["Config"] if ":" not in each["Subnet"])
            yield Network(labels[LABEL], int(labels["mail-lab.slot"]), IPv4Network(subnet))


def last_lines(docker: DockerClient, host: Host, count: int = 10) -> str:
    """Return the end of a host's log, for an error's text."""
    text: bytes = docker.api.logs(host.container, tail=count)
    return "\n".join(f"  {host.name} | {line}" for line in text.decode("utf-8", "replace").split("\n") if line)


def known(hosts: Mapping[str, Host], name: str) -> Host:
    """Return the host called *name*, or raise LabError with the names there are."""
    if name not in hosts:
        raise LabError(f"this lab has no host {name!r}", hint=f"its hosts are: {', '.join(sorted(hosts))}")
    return hosts[name]


def _inspected(docker: DockerClient, container: str) -> dict[str, Any] | None:
    """Return Docker's description of a container, None when it has just been removed."""
    from docker.errors import NotFound

    try:
        found: dict[str, Any] = docker.api.inspect_container(container)
    except NotFound:
        return None
    return found


def _inside(found: dict[str, Any]) -> dict[str, Any]:
    """Return how a container is attached to the lab's network."""
    networks: dict[str, dict[str, Any]] = found["NetworkSettings"]["Networks"]
    return next((each for name, each in networks.items() if name.endswith("_lab")), {})


def _host(found: dict[str, Any], *, ipv6: bool) -> Host:
    labels, inside = found["Config"]["Labels"], _inside(found)
    asked = inside.get("IPAMConfig") or {}
    address6 = (asked.get("IPv6Address") or inside.get("GlobalIPv6Address")) if ipv6 else None
    ports = found["NetworkSettings"]["Ports"] or {}
    state = found["State"]
    return Host(
        name=labels["mail-lab.host"],
        role=labels["mail-lab.role"],
        fqdn=labels["mail-lab.fqdn"],
        address=asked.get("IPv4Address") or inside.get("IPAddress", ""),
        state=state["Status"],
        container=found["Id"],
        image=found["Config"]["Image"],
        started=state["StartedAt"],
        exit_code=state["ExitCode"] if state["Status"] in ("exited", "dead") else None,
        published={int(own.partition("/")[0]): int(there[0]["HostPort"]) for own, there in ports.items() if there},
        address6=str(ip_address(address6)) if address6 else "",
        token=next((each.removeprefix(TOKEN) for each in found["Config"]["Env"] or () if each.startswith(TOKEN)), ""),
    )
