"""Dovecot's log lines to events: what became of a message after LMTP took it, and in which mailbox it is.

In: lines of Dovecot 2.4 with Pigeonhole's Sieve, as ``log_path = /dev/stderr`` gives them.
"""

from __future__ import annotations

import re
from datetime import datetime

from lab.events import Event, Saved, Sieved

LINE = re.compile(
    r".*?lmtp\((?P<user>[^)]*)\)<\d+><(?P<session>[^>]+)>: Info: "
    r"(?:sieve: )?msgid=(?P<id><.*?>|\S+): (?P<text>.*)"
)
STORED = re.compile(r"(?:.*: )?(?:stored mail into mailbox '(?P<sieve>.*)'|saved mail to (?P<plain>.*))")
ACTION = re.compile(
    r"(?P<redirect>redirect action: forwarded to .*)|(?P<discard>discard action: .*)|"
    r"(?P<reject>reject action: .*)"
)


def parse(host: str, at: datetime, line: str) -> Event | None:
    """Return what *line* of *host* says, None when it is not about a message's end."""
    found = LINE.fullmatch(line)
    if found is None:
        return None
    session, user, message_id, text = found["session"], found["user"], found["id"], found["text"]
    if stored := STORED.fullmatch(text):
        mailbox = stored["sieve"] or stored["plain"]
        return Saved(host=host, at=at, session=session, user=user, message_id=message_id, mailbox=mailbox)
    if action := ACTION.fullmatch(text):
        return Sieved(
            host=host,
            at=at,
            session=session,
            user=user,
            message_id=message_id,
            action=str(action.lastgroup),
            text=text.partition(": ")[2],
        )
    return None
