"""What a fault can make of a route that its plan does not allow: departures of :mod:`lab.route.departures`. Pure.

A plan's comparison takes what a tried host does as it comes: a refusal, silence, a lost connection, a reply or a
handshake that fails leads the sender on as planned. So a fault at the host that is tried makes no departure, whatever
its kind. These make some, and of no other kinds than each says in its own module:

- an answer of the DNS that is not what the zone says, at the host that was told it;
- what is done to a host that sends: it is off, or without a network, or a check of its own sends mail elsewhere.
"""

from __future__ import annotations

from lab.route.tries import Kind

Effect = frozenset[Kind]

NONE: Effect = frozenset()
MISSING: Effect = frozenset({"out-of-order", "stopped-early", "not-attempted", "outcome", "excluded-target"})
"""An answer is missing, or says that there is nothing: hosts are passed over, or the domain's own address counts."""
ANOTHER: Effect = MISSING | {"unplanned-target"}
"""The answer has other data."""
MOVED: Effect = frozenset({"out-of-order", "excluded-target", "stopped-early"})
"""The answer has the same data in another order: others are tried first, and the limit cuts others off."""
OFF: Effect = frozenset({"not-attempted", "stopped-early"})
"""The host that sends does nothing for a while."""
KEPT: Effect = frozenset({"not-attempted", "outcome"})
"""The message goes nowhere from here."""
