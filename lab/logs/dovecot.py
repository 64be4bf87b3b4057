"""Dovecot's log lines to events: what became of a message after LMTP took it, and in which mailbox it is.

In: lines of Dovecot 2.4 with Pigeonhole's Sieve, as ``log_path = /dev/stderr`` gives them.
"""

from __future__ import annotations

import re
from datetime import datetime

from lab.events import Event, Finished, Saved, Sieved, Submitted

DELIVERY = r".*?lmtp\((?P<user>[^)]*)\)<\d+><(?P<session>[^>]+)>: "
LINE = re.compile(DELIVERY + r"Info: (?:sieve: )?msgid=(?P<id><.*?>|\S+): (?P<text>.*)")
# The two debug lines that log_debug in dovecot.conf asks for. The second one is the reply to the end of the data.
FINISHED = re.compile(DELIVERY + "Debug: Local delivery finished successfully")
SUBMITTED = re.compile(
    DELIVERY + r"Debug: smtp-client: conn (?P<relay>\S+):\d+ \(\[?(?P<address>[^\s\]]+)\]?:(?P<port>\d+)\) \[\d+\]: "
    r"command (?:BDAT|DATA): Got reply \(\d+/\d+\): 250 .*queued as (?P<queue_id>[0-9A-Za-z]+) \(.*"
)
STORED = re.compile(r"(?:.*: )?(?:stored mail into mailbox '(?P<sieve>.*)'|saved mail to (?P<plain>.*))")
ACTION = re.compile(
    r"(?P<redirect>redirect action: forwarded to .*)|(?P<discard>discard action: .*)|"
    r"(?P<reject>reject action: .*)|(?P<vacation>vacation action: sent vacation response to .*)"
)


def parse(host: str, at: datetime, line: str) -> Event | None:
    """Return what *line* of *host* says, None when it is not about a delivery."""
    found = LINE.fullmatch(line)
    if found is None:
        return _debug(host, at, line)
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


def _debug(host: str, at: datetime, line: str) -> Finished | Submitted | None:
    if found := FINISHED.fullmatch(line):
        return Finished(host=host, at=at, session=found["session"], user=found["user"])
    if found := SUBMITTED.fullmatch(line):
        return Submitted(
            host=host,
            at=at,
            session=found["session"],
            user=found["user"],
            relay=found["relay"],
            address=found["address"],
            port=int(found["port"]),
            queue_id=found["queue_id"],
        )
    return None
