"""Kinds of hosts that the world does not have, and a test may bring along: ``like = "resolver"``, ``like = "scanner"``.

Each has an image of its own, a service of compose.yaml in the profile "extra", which is built when it is first wanted.
"""

from __future__ import annotations

from collections.abc import Mapping

FAIL2BAN = "fail2ban"  # no host: what runs beside one (lab.faults.kinds.fail2ban)
RESOLVER, SCANNER = "resolver", "scanner"  # the words of ``like``, the roles, and the services of compose.yaml
SOFTWARE: Mapping[str, str] = {RESOLVER: "unbound", SCANNER: "scanner"}  # label mail-lab.software
CAPABILITIES: Mapping[str, tuple[str, ...]] = {
    RESOLVER: ("NET_BIND_SERVICE",),  # port 53
    SCANNER: ("NET_RAW",),  # raw packets, from its own address: the network is internal
}
"""Every kind, and what its processes may do beyond an ordinary user."""
