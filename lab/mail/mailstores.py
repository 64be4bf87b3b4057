"""The mail stores of a lab: who has a mailbox in each, and the Sieve scripts that a test has put there.

Out: mailboxes; scripts by address. Errors: LabError for a host that is no mail store.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from lab.engine.hosts import Host, known
from lab.errors import LabError
from lab.mail.access import Access, password
from lab.mail.mailbox import Mailbox
from lab.servers.brought import MAILSTORE
from lab.servers.dovecot.sieve import Sieve
from lab.servers.present import Present


class Mailstores:
    """``accounts`` has the users of each mail store that has users of its own: names, or addresses, to passwords."""

    def __init__(self, hosts: Present, access: Access, sieve: Callable[[Host], Sieve]) -> None:
        """*sieve* returns what puts scripts on a mail store."""
        self.accounts: dict[str, Mapping[str, str]] = {}
        self._hosts = hosts
        self._access = access
        self._sieve = sieve
        self._sieves: dict[str, Sieve] = {}

    @property
    def names(self) -> list[str]:
        """The hosts that have mailboxes, the world's first."""
        return [host.name for host in self._hosts.values() if host.role == MAILSTORE]

    def mailbox(self, user: str, at: str) -> Mailbox:
        """Return the mailboxes of *user* ("bia@dest.test", or "bia" for that) in the mail store *at*."""
        self._known(at)
        address = _address(user)
        name = address.partition("@")[0].partition("+")[0]
        accounts = self.accounts.get(at, {})
        word = accounts.get(address) or accounts.get(name) or password(name)
        return Mailbox(address, word, self._access.server(f"{at}:143", None))

    def put(self, user: str, script: str, at: str) -> None:
        """Make *script* (RFC 5228) the active one of *user* in the mail store *at*."""
        store = self._known(at)
        if at not in self._sieves:
            self._sieves[at] = self._sieve(store)
        self._sieves[at].put(_address(user), script)

    def scripts(self, at: str) -> Mapping[str, str]:
        """Return the scripts that have been put on the mail store *at*, by address."""
        return self._sieves[at].scripts if at in self._sieves else {}

    def clear(self) -> None:
        """Take every script back, and forget the accounts; what is on a mail store of the test's own goes with it."""
        for name, sieve in self._sieves.items():
            if name in self._hosts.world:
                sieve.clear()
        self._sieves.clear()
        self.accounts.clear()

    def _known(self, name: str) -> Host:
        host = known(self._hosts, name)
        if host.role != MAILSTORE:
            raise LabError(f"{name} has no mailboxes", hint=f"mail stores: {', '.join(self.names)}")
        return host


def _address(user: str) -> str:
    return user if "@" in user else f"{user}@dest.test"
