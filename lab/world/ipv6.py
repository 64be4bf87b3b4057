"""Whether a lab has IPv6, and what needs it: a text with one of its IPv6 addresses, a variable such as $MX1_V6.

A lab is without IPv6 where the kernel of its engine has none, or where LAB_IPV6=0 says so.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from lab.engine.hosts import Host
from lab.errors import LabError, UnsupportedError

if TYPE_CHECKING:
    from lab.engine.protocol import Engine

SWITCH = "LAB_IPV6"
VARIABLE = re.compile(r"(?<!\\)\$[A-Z][A-Z0-9_]*_V6\b")
KERNEL = Path("/proc/net")  # of this machine; one that is no Linux has its engine in a virtual machine


def wanted(engine: Engine) -> bool:
    """Return whether a lab on *engine* is to have IPv6. An engine elsewhere is taken to have a kernel with it."""
    said = os.environ.get(SWITCH, "")
    if said not in ("", "0", "1"):
        raise LabError(f"{SWITCH}={said} means nothing", hint="0 is a lab without IPv6; unset it for one with IPv6")
    absent = engine.local and KERNEL.exists() and not (KERNEL / "if_inet6").exists()
    return said == "1" or not (said or absent)


def check(texts: Iterable[str], hosts: Mapping[str, Host]) -> None:
    """Raise UnsupportedError where a text has an IPv6 address of the lab, and *hosts* have none."""
    if any(host.address6 for host in hosts.values()):
        return
    needed = sorted({found[0] for text in texts for found in VARIABLE.finditer(text)})
    if needed:
        raise UnsupportedError(
            f"this lab has no IPv6, and so no {', '.join(needed)}",
            hint=f"`lab down`, then `lab up` without {SWITCH}=0, on a kernel with IPv6 (no ipv6.disable=1)",
        )
