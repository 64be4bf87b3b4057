"""Dovecot's log lines to events: what became of a message after LMTP took it, and in which mailbox it is.

In: lines of Dovecot 2.4 with Pigeonhole's Sieve, as ``log_path = /dev/stderr`` gives them.
"""

from __future__ import annotations

import re
from datetime import datetime

from lab.route.events import Event, Finished, Reported, Saved, Sieved, Submitted
from lab.servers import delivery_status

LONGEST = 20_000  # characters; Dovecot writes no longer line
# "Nov 24 12:12:46 " stands before it. A user's name may hold anything.
DELIVERY = r"[^(]{0,40}?lmtp\((?P<user>.{0,1000}?)\)<\d+><(?P<session>[^>\s]+)>: "
# What a stranger has chosen, the Message-ID, may imitate what follows it: the last text of this kind is Dovecot's own.
LINE = re.compile(
    DELIVERY + r"Info: (?:sieve: )?msgid=(?P<id>.*): (?:"
    r"stored mail into mailbox '(?P<sieve>.*)'|saved mail to (?P<plain>.*)|"
    r"(?P<action>redirect(?= action: forwarded to )|discard|reject|vacation(?= action: sent vacation response to ))"
    r" action: (?P<text>.*))",
    re.DOTALL,
)
# What before.sieve makes of a notice, with every odd character as %XX.
REPORTED = re.compile(
    DELIVERY + r"Info: sieve: (?:[^\s%]{1,200}: )?DEBUG: delivery-status (?P<status>[\w.~%-]*)", re.ASCII | re.DOTALL
)
# The two debug lines that log_debug in dovecot.conf asks for. The second one is the reply to the end of the data.
FINISHED = re.compile(DELIVERY + "Debug: Local delivery finished successfully", re.DOTALL)
SUBMITTED = re.compile(
    DELIVERY + r"Debug: smtp-client: conn (?P<relay>\S+):\d+ "
    r"\(\[?(?P<address>[^\s\]]+)\]?:(?P<port>\d{1,5})\) \[\d+\]: "
    r"command (?:BDAT|DATA): Got reply \(\d+/\d+\): 250 .*queued as (?P<queue_id>[0-9A-Za-z]+) \(.*",
    re.DOTALL,
)


def parse(host: str, at: datetime, line: str) -> Event | None:
    """Return what *line* of *host* says, None when it is not about a delivery."""
    if len(line) > LONGEST:
        return None
    found = LINE.fullmatch(line)
    if found is None:
        return _debug(host, at, line)
    session, user, message_id = found["session"], found["user"], found["id"].partition(": ")[0]
    if found["action"] is None:
        mailbox = found["sieve"] or found["plain"] or ""
        return Saved(host=host, at=at, session=session, user=user, message_id=message_id, mailbox=mailbox)
    return Sieved(
        host=host,
        at=at,
        session=session,
        user=user,
        message_id=message_id,
        action=found["action"],
        text=found["text"],
    )


def _debug(host: str, at: datetime, line: str) -> Finished | Reported | Submitted | None:
    if found := FINISHED.fullmatch(line):
        return Finished(host=host, at=at, session=found["session"], user=found["user"])
    if found := REPORTED.fullmatch(line):
        actions = delivery_status.actions(delivery_status.unescaped(found["status"]))
        return Reported(host=host, at=at, session=found["session"], user=found["user"], actions=actions)
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
