"""Puts back what commands and processes that are gone have left in a lab."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from lab.control.dns import Dns
from lab.control.scripted import Scripted
from lab.engine.hosts import find
from lab.faults import standing
from lab.faults.kinds import KINDS
from lab.faults.kinds.site import Site
from lab.servers import guest
from lab.servers.present import Present
from lab.state.lease import abandoned

if TYPE_CHECKING:
    from lab.engine.hosts import Host
    from lab.engine.protocol import Engine
    from lab.state.lease import Abandoned


def put_all_back(
    engine: Engine,
    name: str,
    await_ready: Callable[[Host], None],
    dns: Callable[[], Dns],
    scripted: Callable[[], Scripted],
) -> None:
    """Put back what they have left in the lab *name*, at hosts, the DNS and the scripted host."""
    for lease in abandoned(name):
        with lease:
            put_back(engine, lease, find(engine, name), await_ready)
            dns().drop(lease.owner)
            scripted().drop(lease.owner)


def before_start(engine: Engine, name: str, report: Callable[[str], None]) -> None:
    """Put back at the hosts of the lab *name*, which is being brought up, all that is wrong there on purpose.

    What killed processes have left there, and what the command line has made wrong: a lab comes up with hosts that
    answer. Whoever attaches next puts back the rest, at the DNS and the scripted host.
    """
    for lease in abandoned(name):
        put_back(engine, lease, find(engine, name), lambda _: None)
        lease.close()
    found = find(engine, name)
    for entry in standing.read(name):
        if entry.kind is not None and entry.where in found:
            report(f"healing {entry.where}, where {entry.id} of `lab fault add` stands ({entry.kind})")
            standing.heal(name, site(engine, found, entry.where, lambda _: None), entry)


def put_back(engine: Engine, lease: Abandoned, hosts: Mapping[str, Host], await_ready: Callable[[Host], None]) -> None:
    """Heal the faults of *lease* at the world's *hosts*, and remove the hosts that its process has brought along."""
    for fault in lease.faults:
        if fault["host"] in hosts:
            KINDS[fault["kind"]].heal(site(engine, hosts, fault["host"], await_ready))
    guest.remove_of(engine, lease.owner)


def site(engine: Engine, hosts: Mapping[str, Host], name: str, await_ready: Callable[[Host], None]) -> Site:
    """Return the host *name* as a fault sees it."""
    host = hosts[name]
    tools = next(each.image for each in hosts.values() if each.role == "scripted")
    return Site(engine, host, engine.inspect(host.container).labels, lambda: await_ready(host), tools)


def sites(
    engine: Engine, hosts: Present, await_ready: Callable[[Host], None], image: Callable[[str], str]
) -> Callable[[Host], Site]:
    """Return what makes a site of a host; *image*: of what a fault starts beside it (:mod:`lab.world.extra`)."""

    def of(host: Host) -> Site:
        return replace(site(engine, {**hosts.world, host.name: host}, host.name, await_ready), image=image)

    return of
