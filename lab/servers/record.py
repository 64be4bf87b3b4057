"""One JSON object a line, as the lab's own servers log: its values, each of the kind that is asked for.

Errors: TypeError for a value that is missing, or of another kind; ValueError for a time that is none.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

LONGEST = 1_000_000  # characters: an answer with every record of a full TCP message is shorter


class Record:
    """The values of one line."""

    def __init__(self, values: dict[str, Any]) -> None:
        self._values = values

    def text(self, key: str) -> str:
        """Return a text. Half a surrogate pair, which JSON can write, cannot be written again: it is replaced."""
        value = self._values.get(key)
        if not isinstance(value, str):
            raise TypeError(f"{key} is not a text")
        return value.encode("utf-8", "replace").decode()

    def maybe(self, key: str) -> str | None:
        """Return a text, None where there is none."""
        return None if self._values.get(key) is None else self.text(key)

    def number(self, key: str) -> int:
        """Return a whole number."""
        value = self._values.get(key)
        if not isinstance(value, int):
            raise TypeError(f"{key} is not a number")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of texts."""
        value = self._values.get(key)
        if not isinstance(value, list):
            raise TypeError(f"{key} is not a list")
        return tuple(Record({"each": each}).text("each") for each in value)

    def at(self, seen: datetime) -> datetime:
        """Return when it happened; *seen* is when Docker saw it, which may be later."""
        at = datetime.fromisoformat(self.text("at")) if "at" in self._values else seen
        if at.tzinfo is None:
            raise ValueError("at has no time zone")
        return at


def read(line: str, kinds: tuple[str, ...]) -> tuple[str, Record] | None:
    """Return the kind of event of a line and its values; None for a line that tells none of *kinds*."""
    if len(line) > LONGEST:
        return None
    try:
        values = json.loads(line)
    except (ValueError, RecursionError):  # the server's other messages; "[[[[..." is none either
        return None
    kind = values.get("event") if isinstance(values, dict) else None
    return (kind, Record(values)) if isinstance(kind, str) and kind in kinds else None
