"""The doors of a lab: which port of which host the gateway publishes, as compose/gateway/haproxy.cfg says."""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from lab.errors import LabError
from lab.world import bundle

LISTEN = re.compile(r"^listen (?P<host>[a-z0-9-]+)-(?P<port>\d+)\n\s+bind :(?P<inner>\d+)$", re.MULTILINE)


class Door(NamedTuple):
    """One port of one host."""

    host: str
    port: int

    def __str__(self) -> str:
        """Return it as "mx1:25"."""
        return f"{self.host}:{self.port}"


SUBMISSION = 587  # RFC 6409: TLS and a password; port 25 of a smarthost relays for nobody
INSIDE = (Door("mailstore", 24),)
"""What is not published, and reached through the gateway's port for guests all the same: haproxy.cfg says why."""


@cache
def doors() -> dict[Door, int]:
    """Return each door with the gateway's own port for it."""
    path = bundle.compose_folder() / "gateway" / "haproxy.cfg"
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise LabError(f"cannot read the gateway's configuration {path}: {error}", hint="restore the file") from error
    found = {Door(m["host"], int(m["port"])): int(m["inner"]) for m in LISTEN.finditer(text)}
    if not found:
        raise LabError(f"{path} publishes no port", hint="restore the file")
    return found


def at_port(via: str) -> int:
    """Return the port of "host:port", or where the host's clients submit. Raises LabError for what is no number."""
    host, _, given = via.partition(":")
    if given and not (given.isascii() and given.isdigit() and len(given) < 6):
        raise LabError(f"via={via!r} has no port number", hint='"client", "smarthost" or "mx1:25"')
    return int(given) if given else SUBMISSION if host == "smarthost" else 25
