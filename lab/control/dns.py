"""The lab's DNS at run time: zones, faults, and the history of every query, through the DNS host's HTTP API."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from dnszone.masterfile import read
from dnszone.zone import Zone
from dnszone.zones import Zones
from lab.control.http import Control
from lab.errors import MachineError
from lab.route.model import stamp

STANDING = "cli"
"""The owner of zones and faults that the command line sets: they outlive the command."""


class Dns:
    """The fake DNS of one lab, as seen by one owner: what the owner adds can be dropped in one go."""

    def __init__(self, control: Control, owner: str) -> None:
        """*owner* names the process and run that zones and faults belong to."""
        self._control = control
        self._owner = owner

    def zones(self) -> list[dict[str, Any]]:
        """Return every zone the DNS serves: origin, owner, number of records."""
        zones: list[dict[str, Any]] = self._control.call("GET", "/zones")
        return zones

    def view(self, owners: Iterable[str]) -> Zones:
        """Return what the zones of some owners say, as the DNS has them now; not to be changed by the caller."""
        served = self._control.call("GET", "/zones", owners=",".join(owners))
        if any("text" not in each for each in served):
            raise MachineError(
                "the lab's DNS is another version than this package", hint="`lab down`, then `lab up`, starts its own"
            )
        return _zones(tuple((each["origin"], each["owner"], each["text"]) for each in served))

    def zone(self, origin: str) -> str:
        """Return one zone as master-file text."""
        return str(self._control.call("GET", f"/zones/{quote(origin, safe='')}")["text"])

    def put(self, origin: str, text: str, variables: Mapping[str, str] | None = None, file: str | None = None) -> None:
        """Add a zone, or replace it as a whole. A zone with errors is refused with all of them, and nothing changes."""
        body = {
            "text": text,
            "variables": dict(variables or {}),
            "owner": self._owner,
            "file": file or f"{origin}zone",
        }
        self._control.call("PUT", f"/zones/{quote(origin, safe='')}", body)

    def remove(self, origin: str) -> None:
        """Remove a zone; one of the world's own goes back to what its file says."""
        self._control.call("DELETE", f"/zones/{quote(origin, safe='')}")

    def fault(self, kind: str, **parameters: object) -> str:
        """Make answers wrong, and return the fault's id.

        For example: ``fault("rcode", name="dest.test.", type="MX", rcode="SERVFAIL")``.
        """
        return str(self._control.call("POST", "/faults", {"kind": kind, "owner": self._owner, **parameters})["id"])

    def faults(self) -> list[dict[str, Any]]:
        """Return every fault in force."""
        faults: list[dict[str, Any]] = self._control.call("GET", "/faults")
        return faults

    def heal(self, fault: str) -> None:
        """Take one fault back."""
        self._control.call("DELETE", f"/faults/{quote(fault, safe='')}")

    def history(self, **filters: object) -> list[dict[str, Any]]:
        """Return the queries and their answers, oldest first. Filters: name, type, client, transport, rcode, since.

        *last*: the newest so many of them.
        """
        entries: list[dict[str, Any]] = self._control.call("GET", "/history", **filters)
        return entries

    def asked(self, names: Iterable[str], since: datetime) -> list[str]:
        """Return the questions about *names* from *since* (aware) on, as "MX dest.test."."""
        wanted = {f"{name.rstrip('.').lower()}." for name in names}
        return [f"{each['type']} {each['name']}" for each in self.history(since=stamp(since)) if each["name"] in wanted]

    def follow(self, **filters: object) -> Generator[dict[str, Any], None, None]:
        """Yield queries as they come; with *since*, a number in the history, those after it first."""
        return self._control.stream("/history", follow=1, **filters)

    def owners(self) -> list[str]:
        """Return everyone who has a zone or fault here, "world" left out."""
        return [owner for owner in self._control.call("GET", "/owners") if owner != "world"]

    def drop(self, owner: str | None = None) -> None:
        """Remove all zones and faults of an owner (default: this one)."""
        self._control.call("DELETE", f"/owners/{quote(owner or self._owner, safe='')}")


@lru_cache(maxsize=64)
def _zones(served: tuple[tuple[str, str, str], ...]) -> Zones:
    """Return zones of (origin, owner, text). Most of them are the world's, which are read once."""
    return Zones(_read(*each) for each in served)


@lru_cache(maxsize=256)
def _read(origin: str, owner: str, text: str) -> Zone:
    return read(text, origin, owner=owner)
