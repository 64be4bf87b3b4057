"""What a test makes wrong, and that all of it is put right: at hosts of the lab, and at addresses of the scripted host.

In: a :class:`lab.lab.Lab`; what is wrong, as :mod:`lab.faults.grammar` reads it. Out: contexts; when one ends, the host
answers again. Errors: LabError; MachineError for a host that does not come back.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from lab.engine.hosts import Host, find, known
from lab.errors import LabError, MachineError
from lab.faults import kinds
from lab.faults.grammar import Whole, Wrong, at_host, at_scripted, scoped
from lab.faults.heal import put_back, site
from lab.faults.kinds import KINDS
from lab.faults.kinds.site import Site
from lab.faults.standing import READY_TIMEOUT, await_ready
from lab.mail.submit import connection
from lab.servers import brought
from lab.state.lease import abandoned
from lab.world import extra, ready

if TYPE_CHECKING:
    from lab.lab import Lab

PROBE_TIMEOUT = 2.0  # seconds for a greeting


class Breakage:
    """The faults of one lab's test."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab

    def at(self, name: str, wrong: Mapping[str, Any]) -> AbstractContextManager[None]:
        """Make something wrong while the context lasts, at a host or at a name of a zone of the test."""
        hosts = self._lab.hosts
        if name not in hosts:
            return self._scripted_fault(self._scripted_addresses(name), at_scripted(wrong).script)
        return self._host_fault(hosts[name], at_host(hosts[name].role, wrong))

    @contextmanager
    def whole(self, host: str, wrong: Whole) -> Iterator[None]:
        """Make a host wrong as a whole, and heal it."""
        site = self._site(known(self._lab.hosts, host))
        with self._lab.holding.alone(host) if self._lab.holding else nullcontext():
            number = self._lab.lease.note({"kind": wrong.kind, "host": host, "wrong": dict(wrong.said)})
            try:
                wrong.apply(site)
                yield
            finally:
                KINDS[wrong.kind].heal(site)
                self._lab.lease.healed(number)

    def banned(self, host: str, owner: str | None) -> dict[str, int]:
        """Return whom a fault at *host*, one of *owner*'s, bans: lab name, or address, to seconds that are left."""
        hosts = self._lab.hosts if owner is None else find(self._lab.docker, self._lab.name, owner)
        if owner is not None and (host not in hosts or hosts[host].state != "running"):
            return {}  # it is gone again
        names = {address: each.name for each in hosts.values() for address in each.addresses}
        found = kinds.banned(self._site(known(hosts, host)))
        return {names.get(address, address): left for address, left in found.items()}

    def heal(self) -> None:
        """Put back what processes that are gone have left; done at the start already."""
        for lease in abandoned(self._lab.name):
            with lease:
                put_back(self._lab.docker, lease, find(self._lab.docker, self._lab.name), self.await_ready)
                self._lab.dns.drop(lease.owner)
                self._lab.scripted.drop(lease.owner)

    @contextmanager
    def _host_fault(self, host: Host, wrong: Wrong) -> Iterator[None]:
        if wrong.policies and not self._lab.domains.texts and host.name in self._lab.world_hosts:
            raise LabError(
                f"{host.name} answers so to recipients of this test's domains only, and it has none yet",
                hint="use lab.domain, or lab.zone(...), before",
            )
        with ExitStack() as standing:
            if wrong.whole is not None:
                standing.enter_context(self.whole(host.name, wrong.whole))
            for rule in wrong.policies:
                # A host that this test has brought along answers to nobody else.
                for each in scoped(rule, [*self._lab.domains.texts]) if host.name in self._lab.world_hosts else [rule]:
                    policy = self._lab.scripted.policy(host=host.addresses, **each)
                    standing.callback(self._lab.scripted.retract, policy)
            yield

    @contextmanager
    def _scripted_fault(self, addresses: Sequence[str], script: Mapping[str, Any]) -> Iterator[None]:
        with ExitStack() as standing:
            for address in addresses:
                self._lab.scripted.script(address, dict(script))
                standing.callback(self._lab.scripted.script, address, {})
            yield

    def _scripted_addresses(self, name: str) -> list[str]:
        """Return the addresses of the scripted host that *name* has in a zone of this test, one for each place."""
        found = self._lab.domains.at_scripted()
        if name not in found:
            raise LabError(
                f"{name!r} is neither a host of the lab nor a name at an address of the scripted host",
                hint=f"hosts: {', '.join(sorted(self._lab.hosts))}; a zone names others: {name} A $SCRIPTED_1",
            )
        return found[name]

    def _site(self, host: Host) -> Site:
        found = site(self._lab.docker, {**self._lab.world_hosts, host.name: host}, host.name, self.await_ready)
        return replace(found, image=self._lab.extra_image)

    def await_ready(self, host: Host) -> None:
        """Return when a host answers in its own protocol."""
        if host.name in self._lab.world_hosts:
            await_ready(self._lab.access.ports, [host.name])
        elif (problem := self._problem(host)) is not None:
            raise MachineError(f"{host.name} does not come back: {problem}", hint=f"see `docker logs {host.container}`")

    def _problem(self, host: Host) -> str | None:
        """Return what is wrong with a host that the test has brought along when it should have answered long ago."""

        def connect(port: int) -> Callable[[], socket.socket]:
            server = self._lab.access.server(f"{host.name}:{port}", None)
            return lambda: connection(server, PROBE_TIMEOUT)

        match host.role:
            case extra.SCANNER:
                return None  # nobody asks it anything
            case extra.RESOLVER:
                return ready.resolves(connect(53), READY_TIMEOUT)
            case brought.MAILSTORE:
                return ready.greets(connect(143), ready.IMAP, READY_TIMEOUT)
            case _:
                return ready.greets(connect(25), ready.SMTP, READY_TIMEOUT)
