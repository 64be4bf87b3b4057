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

from lab.route import events
from lab.route.events import Event
from lab.servers.postfix import fields, sentences

LONGEST = 4096  # characters; Postfix writes no longer line (MSG_LOGGER_RECLEN, and what stands before it)
RECLEN = 2000  # bytes of text in a line, the rest is cut off (MSG_LOGGER_RECLEN, msg_logger.c)

LINE = re.compile(
    r"[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \S+ (?:[^\s\[]*/)?(?P<process>[^\s/\[]+)\[(?P<pid>\d{1,10})\]: "
    r"(?P<severity>(?:warning|error|fatal|panic): )?(?P<text>.*)",
    re.ASCII | re.DOTALL,
)
# Short ids are hexadecimal; long ones (enable_long_queue_ids) have digits and consonants.
QUEUE_ID = re.compile(
    r"(?P<id>NOQUEUE|[0-9A-F]{6,16}|[0-9B-DF-HJ-NP-TV-Zb-df-hj-np-tv-z]{10,20}): (?P<rest>.*)", re.DOTALL
)

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
RELAY = re.compile(r"(?P<name>[^\[]+)\[(?P<address>[^\]]+)\](?::(?P<port>\d{1,5}))?")
USES = re.compile(r"\d{1,9}", re.ASCII)
SECONDS = re.compile(r"\d{1,12}(?:\.\d{1,6})?", re.ASCII)
DSN = re.compile(r"\d\.\d{1,3}\.\d{1,3}", re.ASCII)
TLS = re.compile(
    rf"(?P<trust>Anonymous|Untrusted|Trusted|Verified) TLS connection (?:established|reused) to {sentences.PEER}: "
    r"(?P<protocol>\S+) with cipher (?P<cipher>\S+).*"
)
# What else an SMTP or LMTP client says of the server that it talks to; it names it, and no result.
PEER = re.compile(
    rf"(?:host |SSL_connect error to |setting up TLS connection to |(?:\w+ )?certificate verification failed for )?"
    rf"{sentences.PEER}(?P<text>\W.*|$)",
    re.DOTALL,
)
NAMED = re.compile(r"[^\s\[]\[(?:[\d.]+|[\da-fA-F:.]*:[\da-fA-F:.]*|/[^\]]*|private/[^\]]*)\]")
# What says nothing about an attempt, with the queue id of a message.
ASIDE = re.compile(
    r"passing <.*> to transport=.*|"  # to best_mx_transport, mailbox_transport and their like (deliver_pass.c)
    r"enabling PIX workarounds: .*|breaking line > \d+ bytes with <CR><LF>SPACE|"
    r"(?:warning|info|replace|prepend|strip): (?:header|body).*",  # smtp_header_checks and its like
    re.DOTALL,
)
CHAT = ("< ", "> ")  # of smtp -v and debug_peer_list


class Line(NamedTuple):
    """One line, taken apart. ``id`` is None without a queue id."""

    host: str
    at: datetime
    process: str
    pid: int
    id: str | None
    text: str
    cut: bool  # its end is missing


def queue_id(line: str) -> str | None:
    """Return the queue id that *line* begins with, None for a line without one."""
    head = LINE.fullmatch(line)
    prefix = QUEUE_ID.fullmatch(head["text"]) if head else None
    return prefix["id"] if prefix and prefix["id"] != "NOQUEUE" else None


def parse(host: str, at: datetime, line: str) -> Event | None:
    """Return what *line* of *host* says."""
    if len(line) > LONGEST:
        return events.Unread(host=host, at=at, text=line[:LONGEST])
    head = LINE.fullmatch(line)
    if head is None:
        return None
    prefix = QUEUE_ID.fullmatch(head["text"])
    queue_id = prefix["id"] if prefix and prefix["id"] != "NOQUEUE" else None
    text = prefix["rest"] if prefix else head["text"]
    cut = len(head["text"].encode("utf-8", "replace")) >= RECLEN
    told = Line(host, at, head["process"], int(head["pid"]), queue_id, text, cut)
    if head["severity"]:
        return _named(told) or events.Warned(
            host=host, at=at, pid=told.pid, process=told.process, queue_id=queue_id, text=text
        )
    reader = READERS.get(told.process)
    return reader(told) if reader else None


def _smtpd(line: Line) -> Event | None:
    if found := CONNECT.fullmatch(line.text):
        return events.Connected(host=line.host, at=line.at, pid=line.pid, **found.groupdict())
    if found := DISCONNECT.fullmatch(line.text):
        return events.Disconnected(host=line.host, at=line.at, pid=line.pid, **found.groupdict())
    if found := LOST.fullmatch(line.text):
        return events.ClientLost(host=line.host, at=line.at, pid=line.pid, queue_id=line.id, **found.groupdict())
    if line.id and (found := RECEIVED.fullmatch(line.text)):
        login = SASL_USERNAME.search(found["more"])
        return events.Received(
            host=line.host,
            at=line.at,
            pid=line.pid,
            queue_id=line.id,
            client=found["client"],
            address=found["address"],
            sasl_username=login and login[1],
        )
    found = ACTION.fullmatch(line.text)
    return _acted(line, found) if found else None


def _cleanup(line: Line) -> Event | None:
    if line.id is None:
        return None
    if found := MESSAGE_ID.fullmatch(line.text):
        return events.MessageId(host=line.host, at=line.at, queue_id=line.id, message_id=found["id"])
    if found := CONTENT.fullmatch(line.text):
        return _acted(line, found)
    # A milter's verdict comes in the words of smtpd(8); a recipient that an alias loop makes impossible bounces here.
    return _removed(line) or _smtpd(line) or _delivered(line)


def _acted(line: Line, found: re.Match[str]) -> Event:
    """Return that a rule or a milter refused something, put a message on hold, or threw it away."""
    if found["action"] != "reject":
        kind = events.Held if found["action"] == "hold" else events.Discarded
        return kind(
            host=line.host,
            at=line.at,
            pid=line.pid,
            queue_id=line.id,
            sender=found["sender"],
            recipient=found["recipient"],
            reason=found["text"] or "",
        )
    return events.Rejected(
        host=line.host,
        at=line.at,
        pid=line.pid,
        queue_id=line.id,
        stage=found["stage"],
        client=found["client"],
        address=found["address"] or "",
        reply=found["text"] or "",
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
    return _removed(line) or _delivered(line)  # of what no delivery agent can be asked for


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
    """Read a line of a delivery agent, such as smtp(8), lmtp(8), local(8) or error(8).

    What it says about a message, or about a server, and nothing here understands, is an event of its own.
    """
    if (event := _delivered(line) or _client(line)) is not None:
        return event
    if line.id is None:
        aside = line.process not in CLIENTS or line.text.startswith(CHAT) or NAMED.search(line.text) is None
    else:
        aside = ASIDE.fullmatch(line.text) is not None
    return None if aside else _unread(line)


def _client(line: Line) -> Event | None:
    """Read what an SMTP or LMTP client says of a server."""
    if line.process not in CLIENTS:
        return None
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
    why = sentences.read(line.text, cut=line.cut, lmtp=line.process == "lmtp")
    if why is None or (why.relay is None and line.id is None):
        return _named(line)
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
        dsn=why.status,
        alone=why.alone,
    )


def _named(line: Line) -> Event | None:
    """Return with which server a client talks: the next sentence about the message may name none."""
    found = PEER.fullmatch(line.text) if line.process in CLIENTS and line.id is None else None
    if found is None:
        return None
    return events.ServerNamed(
        host=line.host,
        at=line.at,
        pid=line.pid,
        agent=line.process,
        relay=found["relay"],
        address=found["address"],
        port=int(found["port"]) if found["port"] else None,
        text=line.text,
    )


def _delivered(line: Line) -> Event | None:
    """Read the line with which one recipient's part of a delivery request ends."""
    found = fields.read(line.text, cut=line.cut)
    if line.id is None or found is None:
        return None
    relay, dsn = found.values.get("relay"), found.values.get("dsn", "")
    delay, uses = found.values.get("delay", ""), found.values.get("conn_use", "1")
    delays = found.values.get("delays", "").split("/")
    if relay is None or not DSN.fullmatch(dsn) or not USES.fullmatch(uses):
        return _unread(line)
    if not all(SECONDS.fullmatch(each) for each in (delay, *delays)):
        return _unread(line)
    server = RELAY.fullmatch(relay)  # "none", "local" and "virtual" are no hosts
    return events.Delivery(
        host=line.host,
        at=line.at,
        pid=line.pid,
        agent=line.process,
        queue_id=line.id,
        recipient=found.to,
        original=found.original,
        relay=server and server["name"],
        address=server and server["address"],
        port=int(server["port"]) if server and server["port"] else None,
        service=relay if line.process == "pipe" and relay != "none" else None,
        uses=int(uses),
        delay=float(delay),
        delays=tuple(float(each) for each in delays),
        dsn=dsn,
        status=found.status,
        text=found.text,
    )


def _unread(line: Line) -> Event:
    return events.Unread(
        host=line.host, at=line.at, pid=line.pid, process=line.process, queue_id=line.id, text=line.text
    )


CLIENTS = ("smtp", "lmtp")
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
