"""One line of Postfix's log, taken apart, as ``maillog_file = /dev/stdout`` gives it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

from lab.route.events import Event, Unread

Kind = TypeVar("Kind", bound=Event)
LONGEST = 4096  # characters; Postfix writes no longer line (MSG_LOGGER_RECLEN, and what stands before it)
RECLEN = 2000  # bytes of text in a line, the rest is cut off (MSG_LOGGER_RECLEN, msg_logger.c)
# Short ids are hexadecimal; long ones (enable_long_queue_ids) have digits and consonants.
LINE = re.compile(
    r"[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \S+ (?:[^\s\[]*/)?(?P<process>[^\s/\[]+)\[(?P<pid>\d{1,10})\]: "
    r"(?P<severity>(?:warning|error|fatal|panic): )?"
    r"(?:(?:NOQUEUE|(?P<id>[0-9A-F]{6,16}|[0-9B-DF-HJ-NP-TV-Zb-df-hj-np-tv-z]{10,20})): )?(?P<text>.*)",
    re.ASCII | re.DOTALL,
)


class Line(NamedTuple):
    """One line, taken apart. ``id`` is None without a queue id."""

    host: str
    at: datetime
    process: str
    pid: int
    id: str | None
    severity: str | None  # "warning: "; None for information
    text: str
    cut: bool  # its end is missing

    def tells(self, kind: Callable[..., Kind], /, **values: Any) -> Kind:  # noqa: ANN401  the fields of any kind of event
        """Return the event that the line tells."""
        return kind(host=self.host, at=self.at, **values)

    def of_message(self, kind: Callable[..., Kind], /, **values: Any) -> Kind:  # noqa: ANN401  as above
        """Return the event that the line tells of its message."""
        return kind(host=self.host, at=self.at, queue_id=self.id, **values)

    def of_process(self, kind: Callable[..., Kind], /, **values: Any) -> Kind:  # noqa: ANN401  as above
        """Return the event that the line tells of its message, where it names one, and of the process that wrote it."""
        return kind(host=self.host, at=self.at, queue_id=self.id, pid=self.pid, **values)

    def unread(self) -> Unread:
        """Return that nobody understands the line."""
        return self.of_process(Unread, process=self.process, text=self.text)


def read(host: str, at: datetime, line: str) -> Line | None:
    """Return a line taken apart, None for one that is not of Postfix's form."""
    found = LINE.fullmatch(line)
    if found is None:
        return None
    process, pid, severity, id_, text = found.groups()
    return Line(host, at, process, int(pid), id_, severity, text, len(line) >= RECLEN // 4 and _cut(found))


def queue_id(line: str) -> str | None:
    """Return the queue id that *line* begins with, None for a line without one."""
    found = LINE.fullmatch(line)
    return found and found["id"]


def _cut(found: re.Match[str]) -> bool:
    """Whether the text of a line, its queue id included, is as long as it may be."""
    begins = found.end("severity") if found["severity"] else found.end("pid") + len("]: ")
    return len(found.string[begins:].encode("utf-8", "replace")) >= RECLEN
