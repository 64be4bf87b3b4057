"""A picture of a lab in plain characters: the ways that mail takes through it, addresses, published ports."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lab.engine.hosts import Host
    from lab.world.doors import Door
    from lab.world.world import Status

# "@host" is its name, behind its MX preference if it has one; "@host_ip" its address. Each fills its place, dots too.
MAP = """\
  home.test                 isp.test                                dest.test

  @client......             @smarthost...                           @mx1...
  @client_ip... ----------> @smarthost_ip ---+            +-------> @mx1_ip...... ---+
  relays everything         587: TLS and     |            |         @mx2...          |  LMTP  @mailstore
  through its smarthost     a password       +- looks up -+-------> @mx2_ip...... ---+------> @mailstore_ip
                                             |  the MX    |         @mx3...          |        Sieve, IMAP
  @direct......                              |            +-------> @mx3_ip...... ---+
  @direct_ip... -----------------------------+
  looks up the MX itself
"""
PLACE = re.compile(r"@(?P<host>[a-z0-9]+)(?P<address>_ip)?\.*")
ASIDE = {
    "dns": "answers for every name of the lab",
    "scripted": "an SMTP server that answers what a test wants, at addresses leased from it",
    "gateway": "publishes the ports below; it is the only way in, and there is no way out",
}
PORTS_A_LINE = 4
ON = "  on 127.0.0.1  "


def draw(status: Status, preferences: Mapping[str, int]) -> str:
    """Return the picture, with a final newline. *preferences*: of dest.test's mail exchangers, by lab name."""

    def fill(place: re.Match[str]) -> str:
        host = status.hosts.get(place["host"])
        return _word(host, place, preferences).ljust(len(place[0]))

    lines = [line.rstrip() for line in PLACE.sub(fill, MAP).splitlines()]
    aside = [
        f"  {name:<13} {status.hosts[name].address:<13}  {told}" for name, told in ASIDE.items() if name in status.hosts
    ]
    return "\n".join([*lines, "", *aside, "", *ports(status.ports)]) + "\n"


def ports(published: Mapping[Door, int]) -> list[str]:
    """Return the published ports, some to a line, in the order of their numbers."""
    cells = [f"{port} {door}" for door, port in sorted(published.items(), key=lambda item: item[1])]
    width = max((len(cell) for cell in cells), default=0) + 3
    lines = []
    for start in range(0, len(cells), PORTS_A_LINE):
        row = "".join(cell.ljust(width) for cell in cells[start : start + PORTS_A_LINE])
        lines.append(f"{'' if start else ON:<{len(ON)}}{row}".rstrip())
    return lines


def _word(host: Host | None, place: re.Match[str], preferences: Mapping[str, int]) -> str:
    if place["address"]:
        return host.address if host else ""
    if host is None:
        return f"{place['host']} is missing"
    preference = preferences.get(host.name)
    return host.name if preference is None else f"{preference} {host.name}"
