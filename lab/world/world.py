"""The standing set of hosts: brings a lab up, says how it is, and takes it down.

Docker's labels are the only record of what runs, so that nothing written elsewhere can go stale: whatever a killed
command left is completed by the next `lab up` and removed by the next `lab down`.
"""

from __future__ import annotations

import logging
import os
import secrets
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, replace
from ipaddress import IPv4Network
from typing import TYPE_CHECKING, Any

from lab.engine import hosts, protocol
from lab.engine.hosts import Host, Network
from lab.engine.protocol import BusyError, RefusedError
from lab.errors import MachineError
from lab.state.lease import forget
from lab.state.machine_lock import alone
from lab.world import bundle, images, ipv6, isolation, preflight, ready, roster
from lab.world.doors import Door, doors
from lab.world.slot import Slot, choose, occupied

if TYPE_CHECKING:
    from lab.engine.protocol import Engine

Report = Callable[[str], None]
PutBack = Callable[["Engine", str, Report], None]
"""Puts right what is wrong on purpose at the hosts that an engine has of a lab."""
STALE = (
    "the lab's containers are removed: where `docker network inspect` lists none for it, the engine counts one that is "
    "gone; restart the engine (`sudo systemctl restart docker`, or Docker Desktop), then `lab down` again"
)
NETWORKS = ("lab", "outside")  # of compose.yaml
PAUSE = 0.02  # seconds between two looks at what Compose has made
START_TIMEOUT = 60.0  # seconds until every host must have answered


@dataclass(frozen=True, slots=True)
class Status:
    """How a lab is. ``problems`` has what is wrong at each door that does not answer; empty when all is well."""

    name: str
    slot: Slot
    subnet: IPv4Network
    hosts: Mapping[str, Host]
    ports: Mapping[Door, int]
    problems: Mapping[Door, str]
    missing: tuple[str, ...]  # hosts of the world that are not there
    exposed: str = ""  # why it may be reached from outside, or reach it (lab.world.isolation)

    @property
    def ready(self) -> bool:
        """Whether every host of the world is there and answers."""
        return not self.missing and not self.problems and all(host.state == "running" for host in self.hosts.values())

    @property
    def current(self) -> bool:
        """Whether it was made from the files as they are now."""
        tag = f":{bundle.tag()}"
        return all(host.image.endswith(tag) for host in self.hosts.values() if host.name in roster.names())


class World:
    """One lab on this machine's Docker engine. Nothing happens before a method is called."""

    def __init__(self, name: str, engine: Engine) -> None:
        self.name = name
        self.engine = engine

    def hosts(self) -> dict[str, Host]:
        """Return the lab's hosts by name; none when it is down."""
        return hosts.find(self.engine, self.name)

    def slot(self) -> Slot | None:
        """Return the slot the lab has, None when it has none."""
        network = self._network()
        return Slot(network.slot) if network else None

    def status(self, exposed: str | None = None) -> Status | None:
        """Return how the lab is, asking every host; None when there is no trace of it.

        *exposed*: what is known of that already; None: it is looked up.
        """
        network = self._network()
        if network is None:
            return None
        slot = Slot(network.slot)
        with ThreadPoolExecutor(1) as beside:
            # What takes longest begins first: a container is started for it.
            looked_up = beside.submit(self._exposed, slot) if exposed is None else None
            found = self.hosts()
            ports = published(found)
            asked = {door: port for door, port in ports.items() if door.host in found and found[door.host].runs}
            problems = ready.missing(asked)
            open_ = looked_up.result() if looked_up else exposed or ""
        if not found:
            return None
        absent = tuple(name for name in roster.names() if name not in found)
        return Status(self.name, slot, network.subnet, found, ports, problems, absent, open_)

    def up(self, report: Report, put_back: PutBack) -> tuple[Status, bool]:
        """Bring the lab up; returns how it is, and whether anything had to be done.

        *put_back* is asked before hosts are started (:func:`lab.faults.heal.before_start`).
        """
        status = self.status()
        if status is not None and status.ready and not status.exposed:
            return status, False
        preflight.files()
        with alone(report):
            status = self.status()  # whoever had the lock may have done it all
            if status is not None and status.ready:
                return self._closed(status, report), False
            images.build(self.engine, self._environment(Slot(0)), report)
            slot = self._slot(report)
            put_back(self.engine, self.name, report)
            self._unpause()
            exposed = self._start(slot, report)
            self._wait(report)
        status = self.status(exposed)
        if status is None:  # taken down in the meantime
            raise MachineError("the lab is gone again", hint="did someone run `lab down`?")
        return status, True

    def extra_image(self, kind: str, report: Report) -> str:
        """Return the image of a host that only tests bring along (:mod:`lab.world.extra`), built if need be."""
        name = f"mail-lab/{kind}"
        services = {name: kind}
        if images.absent(self.engine, services):
            with alone(report):
                images.build(self.engine, self._environment(self.slot() or Slot(0)), report, services)
        return f"{name}:{bundle.tag()}"

    def down(self, report: Report) -> bool:
        """Remove every container, network and volume of the lab; returns whether there was anything."""
        with alone(report):
            return self._down(report)

    def _down(self, report: Report) -> bool:
        found = self._remove(report)
        forget(self.name)
        return found

    def _network(self) -> Network | None:
        return next((each for each in hosts.networks(self.engine) if each.lab == self.name), None)

    def _slot(self, report: Report) -> Slot:
        """Return the slot that the lab has, or shall have.

        A network stays as it was made: one of another version than this has no room for the hosts' addresses.
        """
        own = self._network()
        if own is not None:
            slot = Slot(own.slot)
            if own.subnet == slot.subnet:
                return slot
            report(f"removing what is left of the lab in {own.subnet}, which another version has made")
            self._down(report)
        others = (each for each in hosts.networks(self.engine) if each.lab != self.name)
        taken = {number for each in others for number in occupied(each.slot, each.subnet)}
        slot = choose(self.name, taken, os.environ.get("LAB_SLOT"))
        if self.engine.local:
            preflight.ports_free(slot.published(inner) for inner in doors().values())
        return slot

    def _environment(self, slot: Slot) -> dict[str, str]:
        """Return the variables of compose.yaml."""
        return {
            **slot.variables(),
            "LAB_NAME": self.name,
            "LAB_NET6_ENABLED": "true" if ipv6.wanted(self.engine) else "false",
            "LAB_TOKEN": self._token(),
            "LAB_TAG": bundle.tag(),
        }

    def _token(self) -> str:
        """Return the word that opens the control APIs: the one that a part of the lab has already, else a new one."""
        return next((host.token for host in self.hosts().values() if host.token), "") or secrets.token_hex(16)

    def _tools(self) -> str | None:
        """Return an image with nft(8), of whichever version; None: none is there."""
        return next(iter(self.engine.images("mail-lab/scripted")), None)

    def _exposed(self, slot: Slot) -> str:
        """Return what is open; where nobody can look, hosts are missing, and the next `lab up` closes it anyway."""
        tools = self._tools()
        return isolation.opened(self.engine, self.name, slot, tools) if tools else ""

    def _closed(self, status: Status, report: Report) -> Status:
        """Put back what keeps a lab that runs to itself, where that is gone."""
        tools = self._tools()
        if not status.exposed or not tools:
            return status
        report(f"closing the lab: {status.exposed}")
        return replace(status, exposed=isolation.isolate(self.engine, self.name, status.slot, tools))

    def _release(self, tools: str, report: Report) -> None:
        try:
            isolation.release(self.engine, self.name, tools)
        except RefusedError as error:
            report(f"the lab's rules in the firewall of the engine's machine cannot be removed: {error.args[0]}")

    def _start(self, slot: Slot, report: Report) -> str:
        """Start what is not running, with testcontainers' Docker Compose; first what it needs, without a host in it.

        So no host ever runs that could reach this machine, even where this command is killed half-way. Returns what
        stays open all the same.
        """
        from testcontainers.compose import DockerCompose

        from lab.engine.explain import explain

        report(f"starting {len(roster.MEMBERS)} hosts in {slot.subnet}")
        with tempfile.NamedTemporaryFile("w", prefix="mail-lab-", suffix=".env") as variables:
            variables.writelines(f"{name}={value}\n" for name, value in self._environment(slot).items())
            variables.flush()
            compose = DockerCompose(
                context=bundle.compose_folder(),
                compose_file_name=str(bundle.compose_folder() / "compose.yaml"),
                env_file=variables.name,
                wait=False,  # readiness is a protocol's answer: see lab.world.ready
                docker_command_path=self.engine.compose(report)[0],
            )
            logging.getLogger("testcontainers").setLevel(logging.CRITICAL)  # what it says is in the error, too
            try:
                with ThreadPoolExecutor(1) as beside:
                    command = [*compose.docker_compose_command(), "create"]
                    made = beside.submit(subprocess.run, command, check=True, capture_output=True)
                    exposed = self._isolated(slot, made)
                compose.start()
            except subprocess.CalledProcessError as error:
                raise explain(_text(error.stdout) + _text(error.stderr)) from error
        return exposed

    def _isolated(self, slot: Slot, made: Future[Any]) -> str:
        """Keep the lab to itself, while Compose is still at its containers; returns what stays open all the same.

        The networks are there before the first container is. Where that went wrong, or where Compose has replaced a
        network that an earlier command had left, it is done once more when all is *made*.
        """
        tools = f"mail-lab/scripted:{bundle.tag()}"
        early, exposed = set[str](), ""
        while not made.done():
            networks = self._network_ids()
            if len(networks) == len(NETWORKS):
                with suppress(MachineError):
                    early, exposed = networks, isolation.isolate(self.engine, self.name, slot, tools)
                break
            wait([made], PAUSE)
        made.result()
        return exposed if early == self._network_ids() else isolation.isolate(self.engine, self.name, slot, tools)

    def _network_ids(self) -> set[str]:
        return {each.id for each in self.engine.networks(f"{hosts.LABEL}={self.name}")}

    def _wait(self, report: Report) -> None:
        found = self.hosts()
        self._alive(found)
        ports = published(found)
        problems = ready.wait(
            ports,
            lambda door: report(f"{door} is ready"),
            lambda: self._alive(self.hosts()),
            START_TIMEOUT,
        )
        if problems:
            lines = [
                f"{door} is not ready after {START_TIMEOUT:.0f} s: {problem}" for door, problem in problems.items()
            ]
            logs = [
                hosts.last_lines(self.engine, found[name]) for name in dict.fromkeys(door.host for door in problems)
            ]
            raise MachineError(
                "\n".join([*lines, *logs]),
                hint="`lab down`, then `lab up`; `lab logs HOST` has the whole log",
            )

    def _unpause(self) -> None:
        for host in self.hosts().values():
            if host.state == "paused":  # by whomever: Compose cannot start it
                self.engine.unpause(host.container)

    def _alive(self, found: Mapping[str, Host]) -> None:
        """Raise MachineError with the last log lines of a host that has died."""
        dead = [host for host in found.values() if host.state in ("exited", "dead")]
        if dead:
            lines: list[str] = []
            for host in dead:
                lines += [f"{host.name} ended with exit code {host.exit_code}; its last lines:"]
                lines += [hosts.last_lines(self.engine, host) or "  (it said nothing)"]
            raise MachineError("\n".join(lines), hint="mend the cause under compose/ or dnszone/, then `lab up` again")

    def _remove(self, report: Report) -> bool:
        tools = self._tools()
        label = f"{hosts.LABEL}={self.name}"
        containers = [each.id for each in self.engine.containers(label)]
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(self.engine.remove, containers))
        networks = self.engine.networks(label)
        kept = [each for each in map(self._kept, networks) if each]
        if tools:
            self._release(tools, report)
        if kept:
            raise MachineError("\n".join(kept), hint=STALE)
        return bool(containers or networks)

    def _kept(self, network: protocol.Network) -> str:
        """Remove a network; returns why the engine keeps it, "" where it does not."""
        try:
            self.engine.remove_network(network.id)
        except BusyError as error:
            return f"the engine keeps the network {network.name}: {error.args[0]}"
        return ""


def published(found: Mapping[str, Host]) -> dict[Door, int]:
    """Return each door with its port on 127.0.0.1, as the gateway publishes it."""
    gateway = found.get("gateway")
    if gateway is None:
        return {}
    return {door: gateway.published[inner] for door, inner in doors().items() if inner in gateway.published}


def _text(output: bytes | str | None) -> str:
    return output.decode("utf-8", "replace") if isinstance(output, bytes) else output or ""
