"""The kinds of DNS faults, one module each; a module in this folder is registered by being there."""

from __future__ import annotations

from collections.abc import Mapping

from dnszone.check import Checker
from dnszone.faults.fault import Fault
from dnszone.registry import classes

KINDS: Mapping[str, type[Fault]] = {
    each.kind: each
    for each in classes(__name__, __path__, Fault)  # type: ignore[type-abstract]  # none is made of it
}
"""Every kind by its name."""


def read(checker: Checker) -> Fault | None:
    """Read a fault: its ``kind``, and that kind's parameters. What is wrong is noted in *checker*."""
    kind = checker.choice("kind", KINDS)
    if kind is None:
        checker.ignore_unknown()  # nobody can tell which parameters are right
        return None
    return KINDS[kind].read(checker)
