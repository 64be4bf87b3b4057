"""What Postfix's delivery agents log: smtp(8), lmtp(8), local(8), virtual(8), error(8), discard(8), pipe(8).

In: a line taken apart. Out: an event, in which everything stands that is said of an attempt or a delivery; None for a
line that says nothing about a message's way.
"""

from __future__ import annotations

import re
from typing import Any

from lab.route.events import AttemptFailed, Delivery, Event, ServerNamed, TlsEstablished
from lab.servers import replies
from lab.servers.postfix import fields, sentences
from lab.servers.postfix.line import Line

CLIENTS = ("smtp", "lmtp")
AGENTS = (*CLIENTS, "local", "virtual", "error", "discard", "pipe")
RELAY = re.compile(r"(?P<name>[^\[]+)\[(?P<address>[^\]]+)\](?::(?P<port>\d{1,5}))?")
USES = re.compile(r"\d{1,9}", re.ASCII)
SECONDS = r"\d{1,12}(?:\.\d{1,6})?"
DELAYS = re.compile(rf"{SECONDS}(?:/{SECONDS}){{0,9}}", re.ASCII)
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
ANGLES = re.compile(rf"<({fields.ADDRESS})>")
STATUSES = {"SOFTBOUNCE": "deferred"}  # soft_bounce: it stays in the queue
DISCARDED = ("discarded", "undeliverable postmaster notification discarded")  # local(8)'s, virtual(8)'s; qmgr(8)'s
COMMAND = "delivered to command:"  # local(8)'s
FORWARDED = "forwarded as "  # local(8)'s, of what an alias or a .forward file makes a new message of
SUSPENDED = "delivery temporarily suspended"  # the queue manager's, after what other mail met at the destination


def agent(line: Line) -> Event | None:
    """Read a line of a delivery agent.

    What it says about a message, or about a server, and nothing here understands, is an event of its own.
    """
    if (event := delivered(line) or _client(line)) is not None:
        return event
    if line.id is None:
        aside = line.process not in CLIENTS or line.text.startswith(CHAT) or NAMED.search(line.text) is None
    else:
        aside = ASIDE.fullmatch(line.text) is not None
    return None if aside else line.unread()


def named(line: Line) -> Event | None:
    """Return with which server a client talks: the next sentence about the message may name none."""
    found = PEER.fullmatch(line.text) if line.process in CLIENTS and line.id is None else None
    if found is None:
        return None
    return line.tells(
        ServerNamed,
        pid=line.pid,
        agent=line.process,
        relay=found["relay"],
        address=found["address"],
        port=int(found["port"]) if found["port"] else None,
        text=line.text,
    )


def delivered(line: Line) -> Event | None:
    """Read the line with which one recipient's part of a delivery request ends."""
    found = fields.read(line.text, cut=line.cut)
    if line.id is None or found is None:
        return None
    values = found.values
    relay, dsn, uses = values.get("relay"), values.get("dsn", ""), values.get("conn_use", "1")
    delay, delays = values.get("delay", ""), values.get("delays", "")
    if relay is None or not DSN.fullmatch(dsn) or not USES.fullmatch(uses):
        return line.unread()
    if "/" in delay or not DELAYS.fullmatch(delay) or not DELAYS.fullmatch(delays):
        return line.unread()
    server = RELAY.fullmatch(relay)  # "none", "local" and "virtual" are no hosts
    name, address, port = server.groups() if server else (None, None, None)
    return Delivery(
        host=line.host,
        at=line.at,
        pid=line.pid,
        queue_id=line.id,
        agent=line.process,
        recipient=found.to,
        original=found.original,
        relay=name,
        address=address,
        port=int(port) if port else None,
        service=relay if line.process == "pipe" and relay != "none" else None,
        uses=int(uses),
        delay=float(delay),
        delays=tuple(map(float, delays.split("/"))),
        dsn=dsn,
        text=found.text,
        **ended(line.process, found.status, dsn, found.text, met=server is not None, cut=line.cut),
    )


def ended(agent: str, status: str, dsn: str, text: str, *, met: bool, cut: bool = False) -> dict[str, Any]:
    """Return the fields of a Delivery that stand in what is said of it. *met*: there was a session."""
    if status == "sent":
        return {"status": status, "reason": text, **_sent(agent, dsn, text)}
    found: dict[str, Any] = {"status": STATUSES.get(status, status), "reason": text}
    why = sentences.read(text, cut=cut, lmtp=agent == "lmtp")
    if why is None:
        return {**found, "cause": sentences.cause(text), "suspended": text.startswith(SUSPENDED)}
    # EHLO's refusal and the greeting's have one sentence; a 5xx greeting never bounces (smtp_skip_5xx_greeting).
    stage = "ehlo" if why.stage == "banner" and status == "bounced" else why.stage
    found |= {"reason": why.reason, "stage": stage, "cause": why.cause}
    if why.reply:
        found["reply"] = sentences.proper(why.reason, dsn)
    if why.relay is not None and not met:
        found["tried"] = (why.relay, why.address, why.port)
    return found


def addresses(reply: str) -> tuple[str, ...]:
    """Return the addresses that a reply names, in lower case."""
    return tuple(each.casefold() for each in ANGLES.findall(reply))


def _sent(agent: str, dsn: str, text: str) -> dict[str, Any]:
    """Return what became of mail that is sent, and what the next host calls it."""
    if agent in CLIENTS:
        reply = sentences.proper(text, dsn)
        known = {"session": replies.session(text)} if agent == "lmtp" else {}
        return {"how": "handed-over", "reply": reply, "next_queue_id": replies.queue_id(text), **known}
    if text.startswith(FORWARDED) and (forwarded := text.removeprefix(FORWARDED)).isalnum():
        return {"how": "forwarded", "forwarded_as": forwarded}
    if agent == "pipe" or (agent == "local" and text.startswith(COMMAND)):
        return {"how": "command"}
    return {"how": "discarded" if agent == "discard" or text in DISCARDED else "stored"}


def _client(line: Line) -> Event | None:
    """Read what an SMTP or LMTP client says of a server."""
    if line.process not in CLIENTS:
        return None
    if found := TLS.fullmatch(line.text):
        return line.tells(
            TlsEstablished,
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
        return named(line)
    return line.of_process(
        AttemptFailed,
        agent=line.process,
        relay=why.relay,
        address=why.address,
        port=why.port,
        stage=why.stage,
        reply=why.reply,
        reason=why.reason,
        dsn=why.status,
        cause=why.cause,
        alone=why.alone,
        named=addresses(why.reason) if why.alone else (),
    )
