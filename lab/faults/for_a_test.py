"""What a test makes wrong, and that all of it is put right: at hosts of the lab, and at addresses of the scripted host.

In: what is wrong, as :mod:`lab.faults.reader` reads it. Out: contexts; when one ends, the host answers again.
Errors: LabError; MachineError for a host that does not come back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any

from lab.control.domains import Domains
from lab.control.scripted import Scripted
from lab.engine.hosts import Host, known
from lab.errors import LabError
from lab.faults import kinds, reader
from lab.faults.keys import Whole
from lab.faults.kinds.site import Site
from lab.faults.reader import AtHost
from lab.servers.present import Present
from lab.state.lease import Lease

Alone = Callable[[str], AbstractContextManager[None]]


class HostFaults:
    """Faults at hosts as a whole: what stands is in the process's lease, and nobody else has the host meanwhile.

    *site* returns a host as a fault sees it; *alone* is a context in which this test alone has the host of that name.
    """

    def __init__(self, hosts: Present, site: Callable[[Host], Site], lease: Callable[[], Lease], alone: Alone) -> None:
        self._hosts = hosts
        self._site = site
        self._lease = lease
        self._alone = alone

    @contextmanager
    def at(self, host: str, wrong: Whole) -> Iterator[None]:
        """Make a host wrong, and heal it."""
        place = self._site(known(self._hosts, host))
        with self._alone(host):
            lease = self._lease()
            self._hosts.touched.add(host)
            number = lease.note({"kind": wrong.fault.kind, "host": host, "wrong": dict(wrong.given)})
            try:
                wrong.fault.apply(place)
                yield
            finally:
                wrong.fault.heal(place)
                lease.healed(number)

    def banned(self, host: str) -> dict[str, int]:
        """Return whom a fault at *host* bans: lab name, or address, to seconds that are left."""
        return self.banned_by(known(self._hosts, host), self._hosts.names)

    def banned_by(self, host: Host, names: Mapping[str, str]) -> dict[str, int]:
        """Return the same of a host that another process may have brought along. *names*: address to lab name."""
        return {names.get(address, address): left for address, left in kinds.banned(self._site(host)).items()}


class Breakage:
    """The faults of one test: at hosts as a whole, in what MXes answer, and at names on the scripted host."""

    def __init__(self, hosts: Present, domains: Domains, scripted: Callable[[], Scripted], whole: HostFaults) -> None:
        self._hosts = hosts
        self._domains = domains
        self._scripted = scripted
        self._whole = whole

    def at(self, name: str, wrong: Mapping[str, Any]) -> AbstractContextManager[None]:
        """Make something wrong while the context lasts, at a host or at a name of a zone of the test."""
        if name not in self._hosts:
            return self._scripted_fault(self._scripted_addresses(name), reader.script(wrong))
        host = self._hosts[name]
        return self._host_fault(host, reader.at_host(host.role, wrong))

    @contextmanager
    def _host_fault(self, host: Host, wrong: AtHost) -> Iterator[None]:
        shared = host.name in self._hosts.world  # one that this test has brought along answers to nobody else
        if wrong.replies and shared and not self._domains.texts:
            raise LabError(
                f"{host.name} answers so to recipients of this test's domains only, and it has none yet",
                hint="use lab.domain, or lab.zone(...), before",
            )
        with ExitStack() as standing:
            if wrong.whole is not None:
                standing.enter_context(self._whole.at(host.name, wrong.whole))
            for reply in wrong.replies:
                for each in reply.scoped([*self._domains.texts]) if shared else [reply]:
                    policy = self._scripted().policy(host=host.addresses, **each.rule)
                    standing.callback(self._scripted().retract, policy)
            yield

    @contextmanager
    def _scripted_fault(self, addresses: Sequence[str], script: Mapping[str, Any]) -> Iterator[None]:
        with ExitStack() as standing:
            for address in addresses:
                self._scripted().script(address, dict(script))
                standing.callback(self._scripted().script, address, {})
            yield

    def _scripted_addresses(self, name: str) -> list[str]:
        """Return the addresses of the scripted host that *name* has in a zone of this test, one for each place."""
        found = self._domains.at_scripted()
        if name not in found:
            raise LabError(
                f"{name!r} is neither a host of the lab nor a name at an address of the scripted host",
                hint=f"hosts: {', '.join(sorted(self._hosts))}; a zone names others: {name} A $SCRIPTED_1",
            )
        return found[name]
