"""The scripted SMTP host's log lines to events: one JSON object for each step of a session."""

from __future__ import annotations

from datetime import datetime

from lab.route.events import Dialogue, Event, Stored, Unread
from lab.servers import delivery_status, record
from lab.servers.record import Record

STEPS = ("connect", "command", "reply", "close")


def parse(host: str, at: datetime, line: str) -> Event | None:
    """Return the step that *line* of *host* tells, None for any other line.

    The line's own time is when it happened; *at*, when Docker saw it, may be later.
    """
    found = record.read(line, ("message", *STEPS))
    if found is None:
        return None
    kind, told = found
    try:
        return _stored(host, told.at(at), told) if kind == "message" else _step(host, told.at(at), kind, told)
    except (TypeError, ValueError):
        return Unread(host=host, at=at, text=line)


def _stored(host: str, at: datetime, told: Record) -> Stored:
    return Stored(
        host=host,
        at=at,
        session=str(told.number("session")),
        server=told.text("server"),
        client=told.text("client"),
        client_port=told.number("client_port"),
        queue_id=told.text("queue_id"),
        sender=told.text("sender"),
        recipients=told.texts("recipients"),
        message_id=told.maybe("message_id"),
        size=told.number("size"),
        actions=delivery_status.actions(told.maybe("delivery_status") or ""),
    )


def _step(host: str, at: datetime, kind: str, told: Record) -> Dialogue:
    return Dialogue(
        host=host,
        at=at,
        action=kind,
        session=str(told.number("session")),
        server=told.text("server"),
        client=told.text("client"),
        client_port=told.number("client_port"),
        stage=told.maybe("stage"),
        text=told.maybe("text"),
        fault=told.maybe("fault"),
    )
