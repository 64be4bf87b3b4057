"""Makes plans for a lab as it is: from the zones that its DNS has now, and from what is configured on its hosts.

In: a :class:`lab.lab.Lab`. Out: a :class:`lab.route.plan.Plan` for each recipient. Errors: LabError, where a host
routes no mail, or where its settings cannot be read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from dnszone.zone import WORLD
from lab.control.dns import STANDING
from lab.engine.hosts import MAIL_ROLES, Host, known
from lab.errors import LabError
from lab.plan.explain import Basis
from lab.plan.path import explain_path
from lab.route.plan import Plan
from lab.servers.brought import MAILSTORE, Own
from lab.servers.configuration import Configuration
from lab.world.doors import at_port

if TYPE_CHECKING:
    from lab.lab import Lab
    from lab.servers.postfix.settings import Settings


class Planner:
    """What is known of one lab's settings; zones are looked at anew for each plan."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self._configuration = Configuration(lab.docker)

    def plans(self, recipients: Sequence[str], via: str, sender: str | None) -> dict[str, Plan]:
        """Return the plan for each recipient of a message that is handed to the host *via*."""
        hosts = self._lab.hosts
        host = known(hosts, via.partition(":")[0])
        if host.role not in MAIL_ROLES:
            able = sorted(each.name for each in hosts.values() if each.role in MAIL_ROLES)
            raise LabError(f"{host.name} routes no mail", hint=f"hosts that do: {', '.join(able)}")
        basis = self._basis()
        port = at_port(via)
        return {recipient: explain_path(recipient, host.name, basis, sender, port) for recipient in recipients}

    def brought(self, host: Host, like: Host, own: Own) -> None:
        """Learn the settings of a host that the test has brought along."""
        self._configuration.brought(host, like, own)

    def reread(self, host: str) -> bool:
        """Read a host's settings again after a change of them, and return whether they are others than they were."""
        found = known(self._lab.hosts, host)
        return found.role in MAIL_ROLES and self._configuration.again(found)

    def logs_tls(self) -> frozenset[str]:
        """Return the hosts that log every TLS session that they begin."""
        return frozenset(name for name, settings in self._settings().items() if settings.logs_tls)

    def _settings(self) -> dict[str, Settings]:
        return {each.name: self._configuration.of(each) for each in self._lab.hosts.values() if each.role in MAIL_ROLES}

    def _basis(self) -> Basis:
        """Return what plans are made from."""
        lab = self._lab
        return Basis(
            zones=lab.dns.view((WORLD, STANDING, lab.lease.owner)),
            settings=self._settings(),
            names=lab.names,
            stores={
                each.name: replace(self._configuration.store(each), scripts=lab.scripts(each.name))
                for each in lab.hosts.values()
                if each.role == MAILSTORE
            },
        )
