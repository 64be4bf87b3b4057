"""The scripted SMTP host at run time: addresses leased to a run, and a script for each, through its HTTP API."""

from __future__ import annotations

from base64 import b64decode
from typing import Any, NamedTuple
from urllib.parse import quote

from lab.control.http import Control


class Place(NamedTuple):
    """Two addresses of the scripted host that belong together: one script, one record of what came in.

    Wherever an address of the scripted host is asked for, either will do. ``address6`` is None in a lab without IPv6.
    """

    address: str
    address6: str | None


class Scripted:
    """The scripted host of one lab, as seen by one owner."""

    def __init__(self, control: Control, owner: str) -> None:
        """*owner* names the process and run that leases belong to."""
        self._control = control
        self._owner = owner

    def lease(self, count: int = 1) -> list[Place]:
        """Return *count* places that this run has for itself.

        A well-behaved MTA answers there until a script says otherwise.
        """
        leases = self._control.call("POST", "/leases", {"owner": self._owner, "count": count})
        return [Place(lease["address"], lease["address6"]) for lease in leases]

    def release(self, address: str) -> None:
        """Give a place back."""
        self._control.call("DELETE", f"/leases/{address}")

    def script(self, address: str, script: dict[str, Any]) -> None:
        """Say what happens at each stage at *address*.

        For example: ``{"connect": "refuse"}``, ``{"rcpt": {"reply": "450 4.2.0 later"}}``.
        """
        self._control.call("PUT", f"/scripts/{address}", script)

    def sessions(self, address: str) -> list[dict[str, Any]]:
        """Return every connection to *address* with its dialogue: who connected is known here for certain."""
        sessions: list[dict[str, Any]] = self._control.call("GET", "/sessions", address=address)
        return sessions

    def messages(self, address: str) -> list[bytes]:
        """Return the messages accepted at *address*, as received."""
        return [b64decode(message["raw"]) for message in self._control.call("GET", "/messages", address=address)]

    def policy(self, **rule: object) -> str:
        """Let the policy service answer what *rule* says, and return the rule's id (SMTPD_POLICY_README).

        For example: ``policy(host=["198.18.0.11", "2001:2::11"], state="RCPT", recipient="*@a.test", action="HOLD")``.
        """
        return str(self._control.call("POST", "/policies", {"owner": self._owner, **rule})["id"])

    def policies(self) -> list[dict[str, Any]]:
        """Return every rule of the policy service that stands, whoever's it is, with how often it has fired."""
        policies: list[dict[str, Any]] = self._control.call("GET", "/policies")
        return policies

    def retract(self, policy: str) -> None:
        """Remove a rule of the policy service."""
        self._control.call("DELETE", f"/policies/{policy}")

    def owners(self) -> list[str]:
        """Return everyone who holds a lease."""
        return list(self._control.call("GET", "/owners"))

    def drop(self, owner: str | None = None) -> None:
        """Give back all leases of an owner (default: this one)."""
        self._control.call("DELETE", f"/owners/{quote(owner or self._owner, safe='')}")
