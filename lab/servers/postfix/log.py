"""Postfix's log lines to events.

In: one line as ``maillog_file = /dev/stdout`` gives it, and when Docker saw it. Out: an event, None for a
line that says nothing about a message's way. The texts are those of Postfix 3.10; tests/unit/recorded has
real ones.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime

from lab.route import events
from lab.route.events import Event
from lab.servers.postfix import agents, fields
from lab.servers.postfix.line import LONGEST, Line, read

CLIENT = r"(?P<client>[^\s\[]+)\[(?P<address>[^\]]+)\]"
CONNECT = re.compile(rf"connect from {CLIENT}")
DISCONNECT = re.compile(rf"disconnect from {CLIENT} ?(?P<commands>.*)")
LOST = re.compile(rf"(?P<what>lost connection|timeout) after (?P<stage>[A-Z][^\[]*) from {CLIENT}")
RECEIVED = re.compile(rf"client={CLIENT}(?P<more>.*)")
SASL_USERNAME = re.compile(r", sasl_username=([^,]+)")
ADDRESS = fields.ADDRESS
SENDER, RECIPIENT = rf"(?: from=<(?P<sender>{ADDRESS})>)?+", rf"(?: to=<(?P<recipient>{ADDRESS})>)?+"
# What access(5), a policy server or a milter does, and the reply; an address that it begins with is passed over whole.
ACTION = re.compile(
    rf"(?:milter-)?(?P<action>reject|discard|hold): (?P<stage>\S+(?: content)?) from {CLIENT}: "
    rf"(?P<text>(?:\d{{3}} )?+(?:\d\.\d+\.\d+ )?+(?:<{ADDRESS}>)?+[^;]*+(?:;[^;]*+)*?);{SENDER}{RECIPIENT}"
    r"(?: proto=\S+)?+(?: helo=<.*>)?(?: sasl_\w+=\S*)*+",
    re.DOTALL,
)
# What header_checks(5) and its like do. A header has at most 200 bytes here; mail of the host itself has no client.
CONTENT = re.compile(
    r"(?:milter-(?:header|body)-)?(?P<action>reject|discard|hold): (?P<stage>(?:header|body|mime).{0,220}?) "
    rf"from (?P<client>[^\s\[;]+)(?:\[(?P<address>[^\]]+)\])?;{SENDER}{RECIPIENT}"
    r"(?: proto=\S+?)?(?: helo=<.*?>)?(?:: (?P<text>.*))?",
    re.DOTALL,
)
PICKUP = re.compile(rf"uid=\d+ from=<(?P<sender>{ADDRESS})>(?: orig_id=(?P<was>\w+))?")
MESSAGE_ID = re.compile(r"message-id=(?P<id>.*)")
ACTIVE = re.compile(
    rf"from=<(?P<sender>{ADDRESS})>, size=(?P<size>\d{{1,18}}), nrcpt=(?P<count>\d{{1,9}}) \(queue active\)"
)
EXPIRED = re.compile(rf"from=<(?P<sender>{ADDRESS})>, status=(?:force-)?expired, returned to sender")
REMOVED = re.compile(r"removed(?: \((?P<how>\w+)\))?")
NOTIFIED = re.compile(
    r"(?P<to>sender|postmaster) (?P<kind>non-delivery|delay|delivery status) notification: (?P<id>\w+)"
)
NOTICES = {"non-delivery": "failed", "delay": "delayed", "delivery status": "success"}  # to the kind of the event
STATUS = re.compile(r"(?:\d{3}[ -])?(\d\.\d{1,3}\.\d{1,3})\b")  # header_checks(5) log no reply code


def parse(host: str, at: datetime, line: str) -> Event | None:
    """Return what *line* of *host* says."""
    if len(line) > LONGEST:
        return events.Unread(host=host, at=at, text=line[:LONGEST])
    told = read(host, at, line)
    if told is None:
        return None
    if told.severity:
        return agents.named(told) or told.of_process(events.Warned, process=told.process, text=told.text)
    reader = READERS.get(told.process)
    return reader(told) if reader else None


def _smtpd(line: Line) -> Event | None:
    if line.id is None:
        if found := CONNECT.fullmatch(line.text):
            return line.tells(events.Connected, pid=line.pid, **found.groupdict())
        if found := DISCONNECT.fullmatch(line.text):
            return line.tells(events.Disconnected, pid=line.pid, **found.groupdict())
    elif found := RECEIVED.fullmatch(line.text):
        client, address, more = found.groups()
        login = SASL_USERNAME.search(more)
        return line.of_process(events.Received, client=client, address=address, sasl_username=login and login[1])
    if found := LOST.fullmatch(line.text):
        return line.of_process(events.ClientLost, **found.groupdict())
    found = ACTION.fullmatch(line.text)
    return _acted(line, found) if found else None


def _cleanup(line: Line) -> Event | None:
    if line.id is None:
        return None
    if found := MESSAGE_ID.fullmatch(line.text):
        return line.of_message(events.MessageId, message_id=found["id"])
    if found := CONTENT.fullmatch(line.text):
        return _acted(line, found)
    # A milter's verdict comes in the words of smtpd(8); a recipient that an alias loop makes impossible bounces here.
    return _removed(line) or _smtpd(line) or agents.delivered(line)


def _acted(line: Line, found: re.Match[str]) -> Event:
    """Return that a rule or a milter refused something, put a message on hold, or threw it away."""
    said, envelope = found["text"] or "", {"sender": found["sender"], "recipient": found["recipient"]}
    if found["action"] != "reject":
        kind = events.Held if found["action"] == "hold" else events.Discarded
        return line.of_process(kind, reason=said, **envelope)
    return line.of_process(
        events.Rejected,
        stage=found["stage"],
        client=found["client"],
        address=found["address"] or "",
        reply=said,
        dsn=status(said),
        **envelope,
    )


def status(reply: str) -> str | None:
    """Return the enhanced status code (RFC 3463) of a refusal, None where it has none."""
    found = STATUS.match(reply)
    return found and found[1]


def _removed(line: Line) -> Event | None:
    found = REMOVED.fullmatch(line.text)
    if line.id is None or found is None:
        return None
    return line.of_message(events.Removed, how=found["how"] or ("deleted" if line.process == "postsuper" else "done"))


def _pickup(line: Line) -> Event | None:
    found = PICKUP.fullmatch(line.text)
    if line.id is None or found is None:
        return None
    if found["was"]:
        return line.of_message(events.Requeued, sender=found["sender"], was=found["was"])
    return line.of_message(events.PickedUp, sender=found["sender"])


def _qmgr(line: Line) -> Event | None:
    if line.id is None:
        return None
    if found := ACTIVE.fullmatch(line.text):
        size, count = int(found["size"]), int(found["count"])
        return line.of_message(events.Active, sender=found["sender"], size=size, recipients=count)
    if found := EXPIRED.fullmatch(line.text):
        return line.of_message(events.Expired, sender=found["sender"])
    return _removed(line) or agents.delivered(line)  # of what no delivery agent can be asked for


def _bounce(line: Line) -> Event | None:
    found = NOTIFIED.fullmatch(line.text)
    if line.id is None or found is None:
        return None
    kind = NOTICES[found["kind"]]
    return line.of_message(events.NotificationSent, kind=kind, to=found["to"], notification=found["id"])


def _postsuper(line: Line) -> Event | None:
    if line.id and line.text == "placed on hold":
        return line.of_message(events.Held, recipient=None, reason="placed on hold (postsuper -h)")
    if line.id and line.text == "released from hold":
        return line.of_message(events.Released)
    return _removed(line)


READERS: dict[str, Callable[[Line], Event | None]] = {
    "smtpd": _smtpd,
    "cleanup": _cleanup,
    "pickup": _pickup,
    "qmgr": _qmgr,
    "bounce": _bounce,
    "postsuper": _postsuper,
    **dict.fromkeys(agents.AGENTS, agents.agent),
}
"""Process to reader, by the last part of its name: a service renamed "postfix/relay/smtp" is an smtp(8)."""
