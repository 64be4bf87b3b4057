"""The kinds of faults at a host as a whole, one module each: a class of :class:`lab.faults.kinds.fault.Fault`.

A module in this folder is registered by being there. From KINDS come the check of scenario files, their JSON Schema and
the template of `lab new`, the help and the completion of `lab fault add`, and the table in docs/faults.md.

A fault is noted in the process's lease before it is applied, so that the next command heals what a killed process
left (:mod:`lab.state.lease`).
"""

from __future__ import annotations

from collections.abc import Mapping

from dnszone.registry import classes
from lab.faults.kinds.fault import Ban, Fault
from lab.faults.kinds.site import Site

KINDS: Mapping[str, type[Fault]] = {
    each.kind: each
    for each in classes(__name__, __path__, Fault)  # type: ignore[type-abstract]  # none is made of it
}
"""Every kind by its name."""
BANS = frozenset(kind.key for kind in KINDS.values() if issubclass(kind, Ban))
"""The keys of those that ban clients."""


def banned(site: Site) -> dict[str, int]:
    """Return whom any fault at a host bans: address to whole seconds that are left."""
    found: dict[str, int] = {}
    for kind in KINDS.values():
        if issubclass(kind, Ban):
            found |= kind.banned(site)
    return found
