"""Postfix: all that a server software can do here."""

from __future__ import annotations

from lab.servers.postfix import brought, earlier, line, log
from lab.servers.postfix.queue import PostfixQueue
from lab.servers.postfix.queueid import made_at
from lab.servers.software import Software

SOFTWARE = Software(
    name="postfix",
    title="Postfix",
    keys=("main_cf", "master_cf", "files"),
    brought=brought.own,
    parse=log.parse,
    queue_id=line.queue_id,
    made_at=made_at,
    queue=PostfixQueue,
    completed=earlier.completed,
)
