"""The fake DNS's log lines to events: one JSON object for each query."""

from __future__ import annotations

import json
from datetime import datetime

from lab.events import DnsQuery, Event


def parse(host: str, at: datetime, line: str) -> Event | None:
    """Return the query that *line* of *host* tells, None for any other line.

    The line's own time is when the query came in; lines are written in batches, so *at* may be later.
    """
    try:
        data = json.loads(line)
        if data["event"] != "query":
            return None
        return DnsQuery(
            host=host,
            at=datetime.fromisoformat(data.get("at") or at.isoformat()),
            seq=data["seq"],
            client=data["client"],
            port=data["port"],
            transport=data["transport"],
            id=data["id"],
            name=data["name"],
            type=data["type"],
            rcode=data["rcode"],
            answers=tuple(data["answers"]),
            flags=data["flags"] if isinstance(data["flags"], str) else " ".join(data["flags"]),
            fault=data.get("fault"),
        )
    except (
        ValueError,
        TypeError,
        KeyError,
        AttributeError,
    ):  # not JSON, or not a query: the server's other messages
        return None
