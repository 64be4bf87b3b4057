"""Why an SMTP or LMTP client of Postfix did not get a message through: its sentences, taken apart.

The same sentence stands alone in a log line when the client goes on to the next address, and in the
parentheses of the delivery line when it gives up (smtp_trouble.c, smtp_connect.c, smtp_proto.c).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

PEER = r"(?P<relay>[^\s\[]+)\[(?P<address>[^\]]+)\](?::(?P<port>\d+))?"
SENTENCES = tuple(
    (stage, re.compile(pattern, re.DOTALL))
    for stage, pattern in (
        ("connect", rf"connect to {PEER}: (?P<reason>.*)"),
        ("banner", rf"host {PEER} refused to talk to me: (?P<reply>.*)"),
        ("", rf"host {PEER} said: (?P<reply>.*?)(?: \(in reply to (?P<step>[^()]*)\))?"),
        ("", rf"(?P<reason>lost connection) with {PEER} while (?P<step>.*)"),
        ("", rf"conversation with {PEER} (?P<reason>timed out) while (?P<step>.*)"),
        ("starttls", rf"(?P<reason>SSL_connect error) to {PEER}: .*"),
        ("starttls", rf"TLS is required, but host {PEER} refused to start TLS: (?P<reply>.*)"),
        ("starttls", rf"(?P<reason>TLS is required, but was not offered) by host {PEER}"),
        ("auth", rf"SASL authentication failed; server {PEER} said: (?P<reply>.*)"),
        ("auth", rf"(?P<reason>SASL authentication failed); cannot authenticate to server {PEER}.*"),
        ("mail", rf"(?P<reason>message size \d+ exceeds size limit \d+) of server {PEER}"),
        ("ehlo", rf"(?P<reason>\S+ is required, but was not offered) by host {PEER}"),
    )
)
STEPS = (
    ("greeting", "banner"),
    ("EHLO", "ehlo"),
    ("HELO", "ehlo"),
    ("TLS", "starttls"),
    ("AUTH", "auth"),
    ("MAIL", "mail"),
    ("RCPT", "rcpt"),
    (
        "end of",
        "end-of-data",
    ),  # "end of DATA command", "sending end of data -- message may be sent more than once"
    ("DATA", "data"),
    ("message body", "data"),
)
STATUS = re.compile(r"\d{3}[ -](\d\.\d{1,3}\.\d{1,3})\b")
BY_STAGE = {"connect": "4.4.1", "starttls": "4.7.5", "auth": "4.7.0"}  # what Postfix makes of no reply


@dataclass(frozen=True, slots=True)
class Failure:
    """One attempt that was not accepted. ``reply`` is None when the server said nothing."""

    relay: str
    address: str
    port: int | None
    stage: str
    reply: str | None
    reason: str


def read(text: str) -> Failure | None:
    """Return the failure that *text* tells, None when it is about something else."""
    for stage, sentence in SENTENCES:
        if match := sentence.fullmatch(text):
            found = match.groupdict()
            step = found.get("step") or ""
            reply = found.get("reply")
            # A time-out's or a loss's sentence goes on: the moment it happened is part of the reason.
            reason = reply or f"{found['reason']} while {step}".removesuffix(" while ")
            return Failure(
                relay=found["relay"],
                address=found["address"],
                port=int(found["port"]) if found["port"] else None,
                stage=stage or next((name for word, name in STEPS if word in step), "ehlo"),
                reply=reply,
                reason=reason,
            )
    return None


def status(stage: str, reply: str | None, reason: str) -> str:
    """Return the enhanced status code (RFC 3463) of a failure: the server's own, else Postfix's."""
    if reply is not None:
        return own[1] if (own := STATUS.match(reply)) else f"{reply[:1]}.0.0"
    return "4.4.2" if reason.startswith(("lost connection", "timed out")) else BY_STAGE.get(stage, "4.4.2")
