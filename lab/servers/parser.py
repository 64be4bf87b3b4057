"""Log lines to events, one module for each server: ``parse(host, at, line) -> Event | None``."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from lab.route.events import Event, Unread

Parser = Callable[[str, datetime, str], Event | None]


def read(parser: Parser, host: str, at: datetime, line: str) -> Event | None:
    """Return what *parser* makes of a line of *host*; an event of its own where the parser fails.

    Log lines hold what strangers have chosen. One that breaks a parser must not cost anybody the lines after it.
    """
    try:
        return parser(host, at, line)
    except Exception:  # noqa: BLE001  a mistake in a parser, whatever it is, is this line's alone
        return Unread(host=host, at=at, text=line)
