"""What each kind of fault can make of a route that its plan does not allow: one table. Pure.

A plan's comparison takes what a tried host does as it comes: a refusal, silence, a lost connection, a reply or a
handshake that fails leads the sender on as planned. So a fault at the host that is tried makes no departure, whatever
its kind. These make some, and of no other kinds than are listed:

- an answer of the DNS that is not what the zone says, at the host that was told it;
- what is done to a host that sends: it is off, or without a network, or a check of its own sends mail elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lab.route.tries import Kind

Kinds = frozenset[Kind]

NONE: Kinds = frozenset()
MISSING: Kinds = frozenset({"out-of-order", "stopped-early", "not-attempted", "outcome", "excluded-target"})
"""An answer is missing, or says that there is nothing: hosts are passed over, or the domain's own address counts."""
ANOTHER: Kinds = MISSING | {"unplanned-target"}
"""The answer has other data."""
MOVED: Kinds = frozenset({"out-of-order", "excluded-target", "stopped-early"})
"""The answer has the same data in another order: others are tried first, and the limit cuts others off."""
OFF: Kinds = frozenset({"not-attempted", "stopped-early"})
"""The host that sends does nothing for a while."""
KEPT: Kinds = frozenset({"not-attempted", "outcome"})
"""The message goes nowhere from here."""

DNS: Mapping[str, Kinds] = {
    "rcode": MISSING,
    "drop": MISSING,
    "delay": MISSING,
    "truncate": MISSING,
    "tcp-closed": MISSING,
    "lame": MISSING,
    "wrong-id": MISSING,
    "wrong-question": MISSING,
    "no-question": MISSING,
    "malformed": MISSING,
    "order": MOVED,
    "ttl": NONE,
    "ad": MISSING,  # where TLS asks for DNSSEC: see lab.scenario.run.explained
    "view": ANOTHER,
}
HOST: Mapping[str, Kinds] = {"stopped": OFF, "killed": OFF, "paused": OFF, "cut": MISSING, "disk-full": NONE}
ACTIONS: Mapping[str, Kinds] = {"FILTER": ANOTHER, "REDIRECT": ANOTHER, "DISCARD": KEPT, "HOLD": KEPT}
"""Of access(5), as a reply of a real MX: what they do with a message that has come in."""


def of_dns(table: Mapping[str, Any]) -> Iterator[tuple[str, Kinds]]:
    """Yield (kind, effect) of a DNS fault; of one that flaps, those of its outcomes."""
    kind = table.get("kind")
    if kind == "flap":
        for each in table.get("outcomes", ()):
            yield from of_dns(each) if isinstance(each, Mapping) else ()
    elif isinstance(kind, str):
        yield kind, DNS.get(kind, NONE)


def of_host(table: Mapping[str, Any]) -> Kinds:
    """Return the effect of a fault at a host on what that host sends."""
    found = HOST.get(str(table.get("host")), NONE)
    for value in table.values():
        for rule in value if isinstance(value, list) else [value]:
            reply = rule.get("reply") if isinstance(rule, Mapping) else rule
            found |= ACTIONS.get(str(reply).partition(" ")[0].upper(), NONE)
    return found
