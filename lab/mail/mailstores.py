"""The mail stores of a lab: who has a mailbox in each, and the Sieve scripts that a test has put there.

In: a :class:`lab.lab.Lab`. Out: mailboxes; scripts by address. Errors: LabError for a host that is no mail store.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from lab.engine.hosts import Host, container, known
from lab.errors import LabError
from lab.mail.access import password
from lab.mail.mailbox import Mailbox
from lab.servers.brought import MAILSTORE
from lab.servers.dovecot.sieve import Sieve

if TYPE_CHECKING:
    from lab.lab import Lab


class Mailstores:
    """``accounts`` has the users of each mail store that has users of its own: names, or addresses, to passwords."""

    def __init__(self, lab: Lab) -> None:
        self.accounts: dict[str, Mapping[str, str]] = {}
        self._lab = lab
        self._sieves: dict[str, Sieve] = {}

    @property
    def names(self) -> list[str]:
        """The hosts that have mailboxes, the world's first."""
        return [host.name for host in self._lab.hosts.values() if host.role == MAILSTORE]

    def mailbox(self, user: str, at: str) -> Mailbox:
        """Return the mailboxes of *user* ("bia@dest.test", or "bia" for that) in the mail store *at*."""
        self._known(at)
        address = _address(user)
        name = address.partition("@")[0].partition("+")[0]
        accounts = self.accounts.get(at, {})
        word = accounts.get(address) or accounts.get(name) or password(name)
        return Mailbox(address, word, self._lab.access.server(f"{at}:143", None))

    def put(self, user: str, script: str, at: str) -> None:
        """Make *script* (RFC 5228) the active one of *user* in the mail store *at*."""
        store = self._known(at)
        if at not in self._sieves:
            self._sieves[at] = Sieve(container(self._lab.docker, store), at)
        self._sieves[at].put(_address(user), script)

    def scripts(self, at: str) -> Mapping[str, str]:
        """Return the scripts that have been put on the mail store *at*, by address."""
        return self._sieves[at].scripts if at in self._sieves else {}

    def clear(self) -> None:
        """Take every script back, and forget the accounts; what is on a mail store of the test's own goes with it."""
        for name, sieve in self._sieves.items():
            if name in self._lab.world_hosts:
                sieve.clear()
        self._sieves.clear()
        self.accounts.clear()

    def _known(self, name: str) -> Host:
        host = known(self._lab.hosts, name)
        if host.role != MAILSTORE:
            raise LabError(f"{name} has no mailboxes", hint=f"mail stores: {', '.join(self.names)}")
        return host


def _address(user: str) -> str:
    return user if "@" in user else f"{user}@dest.test"
