"""The hosts of a lab as the engine has them: containers with the label ``mail-lab.name``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from ipaddress import IPv4Network, ip_address
from typing import NamedTuple

from lab.engine.protocol import Container, Endpoint, Engine, GoneError, Inspected
from lab.errors import LabError

LABEL = "mail-lab.name"
MAIL_ROLES = ("client", "smarthost", "mx")  # Postfix hosts
TOKEN = "LAB_TOKEN"  # noqa: S105  in the environment of a container: who may read that has Docker, and needs no API
SLOT = "mail-lab.slot"  # of the network of a lab
ROLE = "mail-lab.role"  # what a host is for
SOFTWARE = "mail-lab.software"  # what runs there
OWNER = "mail-lab.owner"  # of a host that a test has brought along: whoever made it
# Of such a host: the container that holds its network namespace, the addresses chosen for that, and whether it stays.
SANDBOX, ADDRESS, ADDRESS6, STAYS = "mail-lab.sandbox", "mail-lab.address", "mail-lab.address6", "mail-lab.stays"


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
    software: str = ""  # what runs there; "" where its container was made before there was such a label
    token: str = field(default="", repr=False)  # what its control API wants to hear (dnszone/control.py)
    sandbox: str = ""  # container that holds its network namespace, if it is not its own (lab/servers/sandboxes.py)
    sandbox_stays: bool = False  # for other hosts, when this one goes

    @property
    def addresses(self) -> tuple[str, ...]:
        """Its addresses, IPv4 first."""
        return (self.address, self.address6) if self.address6 else (self.address,)

    @property
    def runs(self) -> bool:
        """Whether it is up, paused or not."""
        return self.state in ("running", "paused")


def find(engine: Engine, lab: str, owner: str | None = None) -> dict[str, Host]:
    """Return the hosts of a lab by name, stopped ones too: the world's, and those that *owner* has brought along."""
    # A container without the second label is no host: see lab.faults.kinds.site.
    listed = engine.containers(f"{LABEL}={lab}", "mail-lab.host")
    found = []
    for each in listed:
        if each.labels.get(OWNER) in (None, owner):
            with suppress(GoneError):  # it has just been removed
                found.append(engine.inspect(each.id))
    # A stopped host has no address yet, but the one that it asks for; it gets it where the others have theirs.
    ipv6 = any(_inside(each).address6 for each in found)
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


def inspect(engine: Engine, container: str) -> Host:
    """Return the host that runs in a container. Raises GoneError where there is no such container."""
    found = engine.inspect(container)
    return _host(found, ipv6=bool(_inside(found).address6))


class Network(NamedTuple):
    """The network of a lab."""

    lab: str
    slot: int
    subnet: IPv4Network


def networks(engine: Engine) -> Iterator[Network]:
    """Yield the network of every lab on the engine."""
    for network in engine.networks(LABEL, SLOT):
        subnet = next(each.subnet for each in network.pools if ":" not in each.subnet)
        yield Network(network.labels[LABEL], int(network.labels[SLOT]), IPv4Network(subnet))


def last_lines(engine: Engine, host: Host, count: int = 10) -> str:
    """Return the end of a host's log, for an error's text."""
    text = engine.log(host.container, tail=count)
    return "\n".join(f"  {host.name} | {line}" for line in text.split("\n") if line)


def known(hosts: Mapping[str, Host], name: str) -> Host:
    """Return the host called *name*, or raise LabError with the names there are."""
    if name not in hosts:
        raise LabError(f"this lab has no host {name!r}", hint=f"its hosts are: {', '.join(sorted(hosts))}")
    return hosts[name]


def _inside(found: Container) -> Endpoint:
    """Return how a container is attached to the lab's network."""
    labels = found.labels
    joined = Endpoint(asked=labels.get(ADDRESS, ""), asked6=labels.get(ADDRESS6, ""))
    return next((each for name, each in found.endpoints.items() if name.endswith("_lab")), joined)


def _host(found: Inspected, *, ipv6: bool) -> Host:
    labels, inside = found.labels, _inside(found)
    address6 = (inside.asked6 or inside.address6) if ipv6 or SANDBOX in labels else ""
    return Host(
        name=labels["mail-lab.host"],
        role=labels[ROLE],
        software=labels.get(SOFTWARE, ""),
        fqdn=labels["mail-lab.fqdn"],
        address=inside.asked or inside.address,
        state=found.state,
        container=found.id,
        image=found.image,
        started=found.started,
        exit_code=found.exit_code if found.state in ("exited", "dead") else None,
        published=dict(found.published),
        address6=str(ip_address(address6)) if address6 else "",
        token=found.environment.get(TOKEN, ""),
        sandbox=labels.get(SANDBOX, ""),
        sandbox_stays=labels.get(STAYS) == "yes",
    )
