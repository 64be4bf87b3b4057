"""Postfix's log lines to events.

In: one line as ``maillog_file = /dev/stdout`` gives it, and when Docker saw it. Out: an event, None for a
line that says nothing about a message's way. The texts are those of Postfix 3.10; tests/unit/recorded has
real ones.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from lab import events
from lab.events import Event
from lab.logs import failure

LINE = re.compile(
    r"[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \S+ [^\s\[]*?(?P<process>[^\s/\[]+)\[(?P<pid>\d+)\]: "
    r"(?P<severity>(?:warning|error|fatal|panic): )?(?P<text>.*)"
)
# Short ids are hexadecimal; long ones (enable_long_queue_ids) have digits and consonants.
QUEUE_ID = re.compile(r"(?P<id>NOQUEUE|[0-9A-F]{6,16}|[0-9B-DF-HJ-NP-TV-Zb-df-hj-np-tv-z]{10,20}): (?P<rest>.*)")

CLIENT = r"(?P<client>[^\s\[]+)\[(?P<address>[^\]]+)\]"
CONNECT = re.compile(rf"connect from {CLIENT}")
DISCONNECT = re.compile(rf"disconnect from {CLIENT} ?(?P<commands>.*)")
LOST = re.compile(rf"(?P<what>lost connection|timeout) after (?P<stage>.+?) from {CLIENT}")
RECEIVED = re.compile(rf"client={CLIENT}(?:.*?, sasl_username=(?P<sasl>[^,]+))?.*")
ENVELOPE = r"from=<(?P<sender>.*?)>(?: to=<(?P<recipient>.*?)>)?(?: proto=\S+)?(?: helo=<.*?>)?"
REJECT = re.compile(rf"(?:milter-)?reject: (?P<stage>\S+) from {CLIENT}: (?P<reply>.*?); {ENVELOPE}")
# What access(5), a policy server or a milter has done with a message that is not refused.
ACTION = re.compile(rf"(?:milter-)?(?P<action>discard|hold): (?P<stage>\S+) from {CLIENT}: (?P<text>.*?); {ENVELOPE}")
CONTENT = re.compile(
    rf"(?P<action>reject|discard|hold): (?P<stage>(?:header|body|mime).*?) from {CLIENT}; "
    rf"{ENVELOPE}: (?P<text>.*)"
)
PICKUP = re.compile(r"uid=\d+ from=<(?P<sender>.*?)>(?: orig_id=(?P<was>\w+))?")
MESSAGE_ID = re.compile(r"message-id=(?P<id>.*)")
ACTIVE = re.compile(r"from=<(?P<sender>.*)>, size=(?P<size>\d+), nrcpt=(?P<count>\d+) \(queue active\)")
EXPIRED = re.compile(r"from=<(?P<sender>.*)>, status=(?:force-)?expired, returned to sender")
REMOVED = re.compile(r"removed(?: \((?P<how>\w+)\))?")
NOTIFIED = re.compile(
    r"(?P<to>sender|postmaster) (?P<kind>non-delivery|delay|delivery status) notification: (?P<id>\w+)"
)
DELIVERY = re.compile(
    r"to=<(?P<to>.*?)>, (?:orig_to=<(?P<original>.*?)>, )?relay=(?P<relay>.+?), (?:conn_use=(?P<uses>\d+), )?"
    r"delay=(?P<delay>[\d.]+), delays=(?P<delays>[\d./]+), dsn=(?P<dsn>\d\.\d+\.\d+), status=(?P<status>\w+) "
    r"\((?P<text>.*?)\)?"  # a long line is cut (MSG_LOGGER_RECLEN)
)
RELAY = re.compile(r"(?P<name>[^\[]+)\[(?P<address>[^\]]+)\](?::(?P<port>\d+))?")
TLS = re.compile(
    rf"(?P<trust>Anonymous|Untrusted|Trusted|Verified) TLS connection (?:re)?established to {failure.PEER}: "
    r"(?P<protocol>\S+) with cipher (?P<cipher>\S+).*"
)


class Line(NamedTuple):
    """One line, taken apart. ``id`` is None without a queue id."""

    host: str
    at: datetime
    process: str
    pid: int
    id: str | None
    text: str


def queue_id(line: str) -> str | None:
    """Return the queue id that *line* begins with, None for a line without one."""
    head = LINE.fullmatch(line)
    prefix = QUEUE_ID.fullmatch(head["text"]) if head else None
    return prefix["id"] if prefix and prefix["id"] != "NOQUEUE" else None


def parse(host: str, at: datetime, line: str) -> Event | None:
    """Return what *line* of *host* says."""
    head = LINE.fullmatch(line)
    if head is None:
        return None
    prefix = QUEUE_ID.fullmatch(head["text"])
    queue_id = prefix["id"] if prefix and prefix["id"] != "NOQUEUE" else None
    text = prefix["rest"] if prefix else head["text"]
    if head["severity"]:
        return events.Warned(
            host=host, at=at, pid=int(head["pid"]), process=head["process"], queue_id=queue_id, text=text
        )
    reader = READERS.get(head["process"])
    return reader(Line(host, at, head["process"], int(head["pid"]), queue_id, text)) if reader else None


def _smtpd(line: Line) -> Event | None:
    if found := CONNECT.fullmatch(line.text):
        return events.Connected(host=line.host, at=line.at, pid=line.pid, **found.groupdict())
    if found := DISCONNECT.fullmatch(line.text):
        return events.Disconnected(host=line.host, at=line.at, pid=line.pid, **found.groupdict())
    if found := LOST.fullmatch(line.text):
        return events.ClientLost(host=line.host, at=line.at, pid=line.pid, queue_id=line.id, **found.groupdict())
    if line.id and (found := RECEIVED.fullmatch(line.text)):
        return events.Received(
            host=line.host,
            at=line.at,
            pid=line.pid,
            queue_id=line.id,
            client=found["client"],
            address=found["address"],
            sasl_username=found["sasl"],
        )
    if found := REJECT.fullmatch(line.text):
        return events.Rejected(host=line.host, at=line.at, pid=line.pid, queue_id=line.id, **found.groupdict())
    found = ACTION.fullmatch(line.text)
    return _kept(line, found) if found else None


def _cleanup(line: Line) -> Event | None:
    if line.id is None:
        return None
    if found := MESSAGE_ID.fullmatch(line.text):
        return events.MessageId(host=line.host, at=line.at, queue_id=line.id, message_id=found["id"])
    if found := CONTENT.fullmatch(line.text):
        return _content(line, line.id, found)
    return _removed(line) or _smtpd(line)  # a milter's verdict, in the words of smtpd(8)


def _kept(line: Line, found: re.Match[str]) -> Event:
    """Return that a message was put on hold, or thrown away."""
    kind = events.Held if found["action"] == "hold" else events.Discarded
    return kind(
        host=line.host,
        at=line.at,
        pid=line.pid,
        queue_id=line.id,
        sender=found["sender"],
        recipient=found["recipient"],
        reason=found["text"],
    )


def _content(line: Line, queue_id: str, found: re.Match[str]) -> Event:
    """Return what header_checks, body_checks or their like did (header_checks(5))."""
    if found["action"] != "reject":
        return _kept(line, found)
    return events.Rejected(
        host=line.host,
        at=line.at,
        pid=line.pid,
        queue_id=queue_id,
        stage=found["stage"],
        client=found["client"],
        address=found["address"],
        reply=found["text"],
        sender=found["sender"],
        recipient=found["recipient"],
    )


def _removed(line: Line) -> Event | None:
    found = REMOVED.fullmatch(line.text)
    if line.id is None or found is None:
        return None
    how = found["how"] or ("deleted" if line.process == "postsuper" else "done")
    return events.Removed(host=line.host, at=line.at, queue_id=line.id, how=how)


def _pickup(line: Line) -> Event | None:
    found = PICKUP.fullmatch(line.text)
    if line.id is None or found is None:
        return None
    if found["was"]:
        return events.Requeued(host=line.host, at=line.at, queue_id=line.id, sender=found["sender"], was=found["was"])
    return events.PickedUp(host=line.host, at=line.at, queue_id=line.id, sender=found["sender"])


def _qmgr(line: Line) -> Event | None:
    if line.id is None:
        return None
    if found := ACTIVE.fullmatch(line.text):
        return events.Active(
            host=line.host,
            at=line.at,
            queue_id=line.id,
            sender=found["sender"],
            size=int(found["size"]),
            recipients=int(found["count"]),
        )
    if found := EXPIRED.fullmatch(line.text):
        return events.Expired(host=line.host, at=line.at, queue_id=line.id, sender=found["sender"])
    return _removed(line)


def _bounce(line: Line) -> Event | None:
    found = NOTIFIED.fullmatch(line.text)
    if line.id is None or found is None:
        return None
    return events.NotificationSent(
        host=line.host,
        at=line.at,
        queue_id=line.id,
        kind=found["kind"],
        to=found["to"],
        notification=found["id"],
    )


def _postsuper(line: Line) -> Event | None:
    if line.id and line.text == "placed on hold":
        return events.Held(
            host=line.host,
            at=line.at,
            queue_id=line.id,
            recipient=None,
            reason="placed on hold (postsuper -h)",
        )
    if line.id and line.text == "released from hold":
        return events.Released(host=line.host, at=line.at, queue_id=line.id)
    return _removed(line)


def _agent(line: Line) -> Event | None:
    """Read a line of a delivery agent, such as smtp(8), lmtp(8), local(8) or error(8)."""
    if line.id and (found := DELIVERY.fullmatch(line.text)):
        return _delivery(line, line.id, found)
    if found := TLS.fullmatch(line.text):
        return events.TlsEstablished(
            host=line.host,
            at=line.at,
            pid=line.pid,
            agent=line.process,
            relay=found["relay"],
            address=found["address"],
            port=int(found["port"]),
            trust=found["trust"].lower(),
            protocol=found["protocol"],
            cipher=found["cipher"],
        )
    if why := failure.read(line.text):
        return events.AttemptFailed(
            host=line.host,
            at=line.at,
            pid=line.pid,
            agent=line.process,
            queue_id=line.id,
            relay=why.relay,
            address=why.address,
            port=why.port,
            stage=why.stage,
            reply=why.reply,
            reason=why.reason,
        )
    return None


def _delivery(line: Line, queue_id: str, found: re.Match[str]) -> Event:
    relay = RELAY.fullmatch(found["relay"])  # "none", "local" and "virtual" are no hosts
    return events.Delivery(
        host=line.host,
        at=line.at,
        pid=line.pid,
        agent=line.process,
        queue_id=queue_id,
        recipient=found["to"],
        original=found["original"],
        relay=relay and relay["name"],
        address=relay and relay["address"],
        port=int(relay["port"]) if relay and relay["port"] else None,
        uses=int(found["uses"] or 1),
        delay=float(found["delay"]),
        delays=tuple(float(part) for part in found["delays"].split("/")),
        dsn=found["dsn"],
        status=found["status"],
        text=found["text"],
    )


READERS: dict[str, Callable[[Line], Event | None]] = {
    "smtpd": _smtpd,
    "cleanup": _cleanup,
    "pickup": _pickup,
    "qmgr": _qmgr,
    "bounce": _bounce,
    "postsuper": _postsuper,
    **dict.fromkeys(("smtp", "lmtp", "local", "virtual", "error", "discard", "pipe"), _agent),
}
"""Process to reader, by the last part of its name: a service renamed "postfix/relay/smtp" is an smtp(8)."""
