"""One resource record, and the text form of names that the whole package uses."""

from __future__ import annotations

import re
from dataclasses import dataclass

_FIRST = re.compile(r"(?:[^.\\]|\\.)*\.(.*)", re.DOTALL)  # the first label; a dot may be escaped (RFC 1035 5.1)

_ESCAPED = re.compile(r"\\(?:[0-9]{3}|.)", re.DOTALL)
LONGEST_NAME = 255  # bytes (RFC 1035 2.3.4)


@dataclass(frozen=True, slots=True)
class Record:
    """A resource record of class IN.

    *name* is absolute, lower case, with its final dot; *ttl* in seconds; *type* a mnemonic ("MX", "TYPE65280");
    *data* presentation text whose names are absolute ("10 mx1.dest.test.").
    """

    name: str
    ttl: int
    type: str
    data: str


def parent(name: str) -> str:
    """Return the name one label up; that of the root is the root."""
    if "\\" in name:
        found = _FIRST.match(name)
        return (found[1] if found else "") or "."
    return name.partition(".")[2] or "."


def size(name: str) -> int:
    """Return how many bytes an absolute name has in a message: each label and its length, and the root's."""
    return len(_ESCAPED.sub("x", name)) + 1


def within(name: str, origin: str) -> bool:
    """Return whether *name* is *origin* or below it."""
    while name not in (origin, "."):
        name = parent(name)
    return name == origin


def matches(name: str, pattern: str) -> bool:
    """Return whether *name* is *pattern*, or is below X where the pattern is ``*.X``."""
    if pattern.startswith("*.") and name != pattern:
        return within(parent(name), pattern[2:] or ".") and name != "."
    return name == pattern
