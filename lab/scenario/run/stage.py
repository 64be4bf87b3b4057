"""What a run needs around it: fresh domains, hosts of its own, zones, Sieve scripts, faults. All of it is put back.

In: a scenario and a lab. Out: a :class:`Stage`, which knows the values of the scenario's variables, and what the names
in the scenario are called in the lab: two runs at once may both bring a host "backup", so each gets a name of its own.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING

from lab.engine.hosts import variables
from lab.route.names import Names
from lab.scenario.faults.fault import Fault
from lab.scenario.format.check import apex, label, strings
from lab.scenario.format.model import MAIN, Host, Scenario
from lab.scenario.format.variables import VARIABLE, replaced
from lab.world import ipv6

if TYPE_CHECKING:
    from lab.lab import Lab


class Stage:
    """The surroundings of one run. Use it as a context."""

    def __init__(self, scenario: Scenario, lab: Lab) -> None:
        self.scenario = scenario
        self.lab = lab
        self.domains = {name: lab.new_domain() for name in scenario.zones}
        tag = uuid.uuid4().hex[:4]
        own = {host.name: f"{host.name}-{tag}" for host in scenario.hosts}
        apexes = {domain.partition(".")[0]: apex(name) for name, domain in self.domains.items()}
        self.names = Names(own, apexes)
        self.ever: dict[str, Fault] = {}  # every fault that was in force, by place
        self._active: dict[str, ExitStack] = {}
        self._open = ExitStack()

    def __enter__(self) -> Stage:
        """Set everything up; what was begun is put back if something fails."""
        try:
            self._set_up()
        except BaseException:
            self._open.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    @property
    def values(self) -> dict[str, str]:
        """The scenario's variables. Addresses of hosts and of the scripted host are among them once they have some."""
        addresses = variables({self.names.shown(host.name): host for host in self.lab.hosts.values()})
        leased = self.lab.domains.values(self.domains[MAIN]) if self.domains[MAIN] in self.lab.domains.texts else {}
        return {**leased, **addresses, **self.domains}

    def zone(self, name: str, text: str) -> None:
        """Serve *text* as the zone of the domain with the variable *name*, or of a *name* that is written."""
        values = {key: value for key, value in self.values.items() if not key.startswith("SCRIPTED_")}
        ready = VARIABLE.sub(lambda found: _value(found[0], values), text)
        self.lab.zone(ready, self.domains.get(name, name.rstrip(".")))

    def apply(self, name: str) -> None:
        """Put the faults called *name* in force."""
        stack = self._active[name] = self._open.enter_context(ExitStack())
        for fault in self.scenario.called(name):
            self.ever[fault.place] = fault
            stack.enter_context(fault.apply(self))

    def heal(self, name: str) -> None:
        """Take them back."""
        self._active.pop(name).close()

    def scripted(self, name: str) -> list[str]:
        """Return the addresses of the scripted host that *name* has in a zone of the run, one for each place."""
        for full, addresses in self.lab.domains.at_scripted().items():
            if name in self._labels(full):
                return addresses
        raise AssertionError(f"the check has found {name!r} in a zone")

    def labels(self, address: str) -> set[str]:
        """Return what the scenario calls an address of the scripted host."""
        return {name for full in self.lab.domains.names_of(address) for name in self._labels(full)}

    def behind(self, resolver: str) -> set[str]:
        """Return the lab names of the run's hosts that ask the resolver with this lab name, or one that asks it."""
        asking = {self.names.real(host.name) for host in self.scenario.hosts if self._asks(host) == resolver}
        return asking.union(*map(self.behind, asking))

    def _asks(self, host: Host) -> str | None:
        return host.resolver and self.names.real(host.resolver)

    def _labels(self, full: str) -> set[str]:
        return {
            label(full, zone, domain)
            for zone, domain in (*self.domains.items(), *((name, name.rstrip(".")) for name in self.scenario.fixed))
            if full == domain or full.endswith(f".{domain}")
        }

    def _set_up(self) -> None:
        self._open.callback(self.lab.reset)
        ipv6.check(strings(self.scenario), self.lab.hosts)
        for host in self.scenario.hosts:
            real, values = self.names.real(host.name), self.values
            self.lab.host(
                real,
                like=host.like,
                # Its lab name is no other run's; to other hosts it is called as the scenario says.
                fqdn=f"{host.name}.{self.domains[MAIN]}",
                main_cf=replaced(host.main_cf, values),
                master_cf=replaced(host.master_cf, values),
                dovecot_conf=replaced(host.dovecot_conf, values),
                users=replaced(host.users, values),
                unbound_conf=replaced(host.unbound_conf, values),
                resolver=host.resolver and self.names.real(host.resolver),
                files={name: replaced(text, values) for name, text in host.files.items()},
            )
            for user, script in host.sieve.items():
                self.lab.sieve(f"{user}@{self.domains[MAIN]}", replaced(script, values), at=real)
        for name, text in {**self.scenario.zones, **self.scenario.fixed}.items():
            self.zone(name, text)
        for user, script in self.scenario.sieve.items():
            self.lab.sieve(f"{user}@{self.domains[MAIN]}", replaced(script, self.values))
        for name in dict.fromkeys(fault.name for fault in self.scenario.faults if not fault.later):
            self.apply(name)


def _value(found: str, values: Mapping[str, str]) -> str:
    """Return the value of "$NAME"; an escaped one, and one that the zone's reader knows, stay."""
    return found if found.startswith("\\") else values.get(found[1:], found)
