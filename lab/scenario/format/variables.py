"""The variables of a scenario: $DOMAIN, one for each table of [zones], addresses of hosts, $SCRIPTED_1 and so on.

An address has a second variable with _V6 behind, the IPv6 address of the same.
A variable is a dollar sign and capital letters, so that Postfix's own $myhostname stays what it is; ``\\$NAME`` is
no variable. Before a run each stands for something of its kind, so that a file can be checked without a lab.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from ipaddress import IPv4Address

from lab.control.domains import LEASED, PLACES
from lab.world import roster

VARIABLE = re.compile(r"(?P<escape>\\)?\$(?P<name>[A-Z][A-Z0-9_]*)")
WORLD = roster.names()
"""The hosts of the world."""
SCRIPTED = IPv4Address("198.18.8.0")
STORE = "mailstore"
"""The one that has mailboxes."""
MAIL = roster.mtas()
"""Those that are MTAs."""


def variable(name: str) -> str:
    """Return the variable of a host or a zone called *name*: "mx-a" has $MX_A."""
    return name.upper().replace("-", "_")


def zone_key(name: str) -> str:
    """Return by what a scenario has the zone called *name*: its variable, or the name itself where it is written."""
    return name if name.endswith(".") else variable(name)


def substitute(value: object, values: Mapping[str, str]) -> object:
    """Return *value* with the variables in all its strings replaced; one that has no value stays as it is."""
    if isinstance(value, str):
        return replaced(value, values)
    if isinstance(value, Mapping):
        return {key: substitute(each, values) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [substitute(each, values) for each in value]
    return value


def replaced(text: str, values: Mapping[str, str]) -> str:
    """Return *text* with its variables replaced."""

    def value(found: re.Match[str]) -> str:
        if found["escape"]:
            return found[0][1:]
        return values.get(found["name"], found[0])

    return VARIABLE.sub(value, text)


def unknown(text: str, values: Mapping[str, str]) -> Iterator[tuple[int, str]]:
    """Yield (line from 1, name) of each variable in *text* that has no value."""
    for found in VARIABLE.finditer(text):
        if not found["escape"] and found["name"] not in values:
            yield text.count("\n", 0, found.start()) + 1, found["name"]


def placeholders(zones: Iterable[str], texts: Iterable[str], hosts: Iterable[str]) -> dict[str, str]:
    """Return a value for each variable of a scenario.

    *zones*: variables of its domains; *texts*: all that zones have in the course of it; *hosts*: those of its own.
    """
    values = {name: f"{name.lower().replace('_', '-')}.test" for name in zones}
    named = [*roster.variables(), *(variable(host) for host in hosts)]
    for number, name in enumerate(named, start=2):
        values |= {name: f"198.18.0.{number}", f"{name}_V6": f"2001:2::{number}"}
    numbers = {int(number) for text in texts for number in LEASED.findall(text) if int(number) <= PLACES}
    for number in numbers:
        values |= {f"SCRIPTED_{number}": str(SCRIPTED + number), f"SCRIPTED_{number}_V6": f"2001:2:0:1::{number}"}
    return values
