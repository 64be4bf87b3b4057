"""The host's log on stdout: one JSON object a line."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from typing import TextIO


def now() -> str:
    """Return the time as RFC 3339 in UTC, with microseconds."""
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


class Log:
    """Writes events as they happen; whoever follows the log sees each at once."""

    def __init__(self, stream: TextIO = sys.stdout) -> None:
        """Write to *stream*."""
        self._stream = stream

    def write(self, event: str, at: str, **values: object) -> None:
        """Write one line."""
        self._stream.write(json.dumps({"event": event, "at": at, **values}) + "\n")
        self._stream.flush()
