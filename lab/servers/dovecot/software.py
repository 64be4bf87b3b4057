"""Dovecot: it stores what it is handed over LMTP, and has no queue."""

from __future__ import annotations

from lab.servers.dovecot import brought, log
from lab.servers.software import Software

SOFTWARE = Software(
    name="dovecot",
    title="Dovecot",
    keys=("dovecot_conf", "users", "files"),
    brought=brought.own,
    parse=log.parse,
)
