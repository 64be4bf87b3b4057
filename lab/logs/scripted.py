"""The scripted SMTP host's log lines to events: one JSON object for each step of a session."""

from __future__ import annotations

import json
from datetime import datetime

from lab.events import Dialogue, Event, Stored


def parse(host: str, at: datetime, line: str) -> Event | None:
    """Return the step that *line* of *host* tells, None for any other line.

    The line's own time is when it happened; *at*, when Docker saw it, may be later.
    """
    try:
        data = json.loads(line)
        when = datetime.fromisoformat(data.get("at") or at.isoformat())
        session, server, client = str(data["session"]), data["server"], data["client"]
        if data["event"] == "message":
            return Stored(
                host=host,
                at=when,
                session=session,
                server=server,
                client=client,
                client_port=data["client_port"],
                queue_id=data["queue_id"],
                sender=data["sender"],
                recipients=tuple(data["recipients"]),
                message_id=data.get("message_id"),
                size=data["size"],
            )
        if data["event"] not in ("connect", "command", "reply", "close"):
            return None
        return Dialogue(
            host=host,
            at=when,
            action=data["event"],
            session=session,
            server=server,
            client=client,
            client_port=data["client_port"],
            stage=data.get("stage"),
            text=data.get("text"),
            fault=data.get("fault"),
        )
    except (ValueError, TypeError, KeyError, AttributeError):  # not JSON, or another kind of line
        return None
