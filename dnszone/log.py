"""The server's log on stdout: one JSON object a line, written at once, by any thread."""

from __future__ import annotations

import json
import sys
import threading
from datetime import UTC, datetime
from typing import BinaryIO


def now() -> str:
    """Return the time as RFC 3339 in UTC, with microseconds."""
    return datetime.now(UTC).isoformat(timespec="microseconds")[:-6] + "Z"


class Log:
    """Writes lines. They are small enough that one system call each costs less than handing them to another thread."""

    def __init__(self, stream: BinaryIO | None = None) -> None:
        """Write to *stream*; default: stdout."""
        self._stream = stream or sys.stdout.buffer
        self._lock = threading.Lock()

    def write(self, line: str) -> None:
        """Write a line, given without its end."""
        with self._lock:
            self._stream.write(f"{line}\n".encode())
            self._stream.flush()

    def event(self, event: str, **values: object) -> None:
        """Write an event of now."""
        self.write(json.dumps({"event": event, "at": now(), **values}))
