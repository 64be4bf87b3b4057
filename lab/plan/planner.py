"""Makes plans for a lab as it is: from the zones that its DNS has now, and from what is configured on its hosts.

Out: a :class:`lab.route.plan.Plan` for each recipient. Errors: LabError, where a host routes no mail, or where its
settings cannot be read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from lab.engine.hosts import MAIL_ROLES, Host, known
from lab.errors import LabError
from lab.plan.answers import Zones
from lab.plan.postfix.explain import Basis
from lab.plan.postfix.path import explain_path
from lab.route.plan import Plan
from lab.servers.brought import MAILSTORE, Own
from lab.servers.configuration import Configuration
from lab.servers.present import Present
from lab.world.doors import at_port

if TYPE_CHECKING:
    from lab.servers.postfix.settings import Settings


class Planner:
    """Plans from the settings of the *hosts* and from their zones.

    *zones* asks the DNS, anew for each plan. *scripts* tells the Sieve scripts that the test has put on a mail store,
    by address.
    """

    def __init__(
        self,
        hosts: Present,
        configuration: Configuration,
        zones: Callable[[], Zones],
        scripts: Callable[[str], Mapping[str, str]],
    ) -> None:
        self._hosts = hosts
        self._configuration = configuration
        self._zones = zones
        self._scripts = scripts

    def plans(self, recipients: Sequence[str], via: str, sender: str | None) -> dict[str, Plan]:
        """Return the plan for each recipient of a message that is handed to the host *via*."""
        host = known(self._hosts, via.partition(":")[0])
        if host.role not in MAIL_ROLES:
            able = sorted(each.name for each in self._hosts.values() if each.role in MAIL_ROLES)
            raise LabError(f"{host.name} routes no mail", hint=f"hosts that do: {', '.join(able)}")
        basis = self._basis()
        port = at_port(via)
        return {recipient: explain_path(recipient, host.name, basis, sender, port) for recipient in recipients}

    def brought(self, host: Host, like: Host, own: Own) -> None:
        """Learn the settings of a host that the test has brought along."""
        self._configuration.brought(host, like, own)

    def reread(self, host: str) -> bool:
        """Read a host's settings again after a change of them, and return whether they are others than they were."""
        found = known(self._hosts, host)
        return found.role in MAIL_ROLES and self._configuration.again(found)

    def logs_tls(self) -> frozenset[str]:
        """Return the hosts that log every TLS session that they begin."""
        return frozenset(name for name, settings in self._settings().items() if settings.logs_tls)

    def _settings(self) -> dict[str, Settings]:
        return {each.name: self._configuration.of(each) for each in self._hosts.values() if each.role in MAIL_ROLES}

    def _basis(self) -> Basis:
        """Return what plans are made from."""
        return Basis(
            zones=self._zones(),
            settings=self._settings(),
            names=self._hosts.names,
            stores={
                each.name: replace(self._configuration.store(each), scripts=self._scripts(each.name))
                for each in self._hosts.values()
                if each.role == MAILSTORE
            },
        )
