"""The fake DNS's log lines to events: one JSON object for each query."""

from __future__ import annotations

from datetime import datetime

from lab.route.events import DnsQuery, Event, Unread
from lab.servers import record


def parse(host: str, at: datetime, line: str) -> Event | None:
    """Return the query that *line* of *host* tells, None for any other line.

    The line's own time is when the query came in; lines are written in batches, so *at* may be later.
    """
    found = record.read(line, ("query",))
    if found is None:
        return None
    _, told = found
    try:
        return DnsQuery(
            host=host,
            at=told.at(at),
            seq=told.number("seq"),
            client=told.text("client"),
            port=told.number("port"),
            transport=told.text("transport"),
            id=told.number("id"),
            name=told.text("name"),
            type=told.text("type"),
            rcode=told.text("rcode"),
            answers=told.texts("answers"),
            flags=told.text("flags"),
            fault=told.maybe("fault"),
        )
    except (TypeError, ValueError):
        return Unread(host=host, at=at, text=line)
