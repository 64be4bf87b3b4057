"""Puts back what processes that are gone have left at the hosts of a lab."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from lab.faults.kinds import KINDS
from lab.faults.kinds.site import Site
from lab.servers import guest

if TYPE_CHECKING:
    from docker import DockerClient

    from lab.engine.hosts import Host
    from lab.state.lease import Abandoned


def put_back(
    docker: DockerClient, lease: Abandoned, hosts: Mapping[str, Host], await_ready: Callable[[Host], None]
) -> None:
    """Heal the faults of *lease* at the world's *hosts*, and remove the hosts that its process has brought along."""
    for fault in lease.faults:
        if fault["host"] in hosts:
            KINDS[fault["kind"]].heal(site(docker, hosts, fault["host"], await_ready))
    for container in guest.of_owner(docker, lease.owner):
        guest.remove(docker, container)


def site(docker: DockerClient, hosts: Mapping[str, Host], name: str, await_ready: Callable[[Host], None]) -> Site:
    """Return the host *name* as a fault sees it."""
    host = hosts[name]
    tools = next(each.image for each in hosts.values() if each.role == "scripted")
    return Site(docker, host, docker.containers.get(host.container), lambda: await_ready(host), tools)
