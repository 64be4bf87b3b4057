"""The hosts of the world, each once: what it is called, what it is for, and whom it hands mail to. Pure.

Who needs to know them asks here: what is started and missed, the variables of zones and scenarios, and which hosts a
run uses together with others. compose.yaml has what runs; a test holds the two to each other.
"""

from __future__ import annotations

from dataclasses import dataclass

from lab.engine.hosts import MAIL_ROLES


@dataclass(frozen=True, slots=True)
class Member:
    """One host. ``exchanges``: the domain whose MX records name it; ``relays_to``: the host that gets all its mail."""

    name: str
    role: str  # what it is for: label mail-lab.role
    software: str  # what runs there: label mail-lab.software, a folder of lab/servers
    exchanges: str | None = None
    relays_to: str | None = None


MEMBERS = (
    Member("dns", "dns", "dns"),
    Member("gateway", "gateway", "haproxy"),
    Member("mailstore", "mailstore", "dovecot"),
    Member("scripted", "scripted", "scripted"),
    Member("mx1", "mx", "postfix", exchanges="dest.test"),
    Member("mx2", "mx", "postfix", exchanges="dest.test"),
    Member("mx3", "mx", "postfix", exchanges="dest.test"),
    Member("client", "client", "postfix", relays_to="smarthost"),
    Member("direct", "client", "postfix"),
    Member("smarthost", "smarthost", "postfix"),
)
ADDRESSEE = ("client", "mailstore")  # where mail to ana@home.test, and so every notice, ends


def names() -> tuple[str, ...]:
    """Return the names of all."""
    return tuple(member.name for member in MEMBERS)


def variables() -> tuple[str, ...]:
    """Return the variables with their addresses that compose.yaml gives to the DNS host; with _V6 behind, IPv6 ones."""
    return tuple(member.name.upper() for member in MEMBERS)


def mtas() -> tuple[str, ...]:
    """Return the names of those that route mail."""
    return tuple(member.name for member in MEMBERS if member.role in MAIL_ROLES)


def role(name: str) -> str | None:
    """Return the role of the one called *name*; None where there is none."""
    return next((member.role for member in MEMBERS if member.name == name), None)


def exchangers(domain: str) -> frozenset[str]:
    """Return the names of those that the MX records of *domain* name."""
    return frozenset(member.name for member in MEMBERS if member.exchanges == domain)


def behind(name: str) -> frozenset[str]:
    """Return the host that takes all mail of the one called *name*, if there is one."""
    return frozenset(member.relays_to for member in MEMBERS if member.name == name and member.relays_to)


def software(kind: str) -> str | None:
    """Return what runs on the host called *kind*, or on those with that role; None where there is no such host."""
    return next((member.software for member in MEMBERS if kind in (member.name, member.role)), None)
