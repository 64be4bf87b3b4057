"""Unbound: a black box. How a host with one starts, and when it is ready."""

from __future__ import annotations

import re

from lab.servers.brought import Own
from lab.servers.software import Software
from lab.world import extra

WRONG_LINE = re.compile(rb"own\.conf:(?P<line>\d+): error: (?P<problem>[^\n]+)")  # unbound-checkconf(8)


def own(name: str, unbound_conf: str) -> Own:
    """Return what a caching resolver called *name* has of its own: lines of unbound.conf(5), where a later one counts.

    Lines that stand in no clause are those of ``server:``.
    """
    return Own(
        folder="/etc/unbound",
        files={"own.conf": unbound_conf} if unbound_conf else {},
        ready=b"start of service",
        settings="unbound_conf",
        refused=lambda log: [
            f"{name}: unbound_conf: line {each['line'].decode()}: {each['problem'].decode('utf-8', 'replace').strip()}"
            for each in WRONG_LINE.finditer(log)
        ],
        capabilities=extra.CAPABILITIES[extra.RESOLVER],
    )


SOFTWARE = Software(name="unbound", title="resolver", keys=("unbound_conf",), brought=own)
