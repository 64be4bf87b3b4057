"""Sieve scripts of users in a mail store (RFC 5228): what happens to a message that has arrived.

In: the mail store's container; a user's address. The script is the user's active one until it is taken back.
"""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING

from lab.errors import LabError

if TYPE_CHECKING:
    from lab.engine.protocol import Engine

HOME = "/srv/vmail"  # mail_home in dovecot.conf is HOME/domain/user
ACTIVE = ".dovecot.sieve"  # active_path there
PUT = 'install -d -o vmail -g vmail "${1%/*}" "$1" && printf %s "$2" | base64 -d > "$1/$3" && chown vmail:vmail "$1/$3"'


class Sieve:
    """The scripts in one mail store. ``scripts`` has those that were put there by this object, by address."""

    def __init__(self, engine: Engine, mailstore: str, name: str) -> None:
        """*mailstore*: its container; *name*: its lab name."""
        self.scripts: dict[str, str] = {}
        self._engine = engine
        self._mailstore = mailstore
        self._name = name

    def put(self, address: str, script: str) -> None:
        """Make *script* the active one of *address*. A mistake in it shows when mail arrives, in Dovecot's log."""
        self._run(address, PUT, b64encode(script.encode()).decode(), ACTIVE)
        self.scripts[address.lower()] = script

    def remove(self, address: str) -> None:
        """Take the active script back, and what was compiled from it; none there is fine too."""
        self.scripts.pop(address.lower(), None)
        self._run(address, 'rm -f "$1/$2" "$1/${2%.sieve}.svbin"', ACTIVE)

    def clear(self) -> None:
        """Take back every script that was put there by this object."""
        for address in list(self.scripts):
            self.remove(address)

    def _run(self, address: str, command: str, *words: str) -> None:
        user, _, domain = address.lower().partition("@")
        ran = self._engine.execute(self._mailstore, ["sh", "-c", command, "sh", f"{HOME}/{domain}/{user}", *words])
        if ran.exit_code != 0:
            raise LabError(
                f"the Sieve script of {address} cannot be changed: {ran.said}",
                hint=f"`lab logs {self._name}` shows what Dovecot says",
            )
