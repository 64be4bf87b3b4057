"""Why an SMTP or LMTP client of Postfix did not get a message through: its sentences, taken apart.

The same sentence stands alone in a log line when the client goes on to the next address, and in the parentheses of the
delivery line when it gives up. The table has every one of smtp(8) and lmtp(8), Postfix 3.10 (smtp_connect.c,
smtp_proto.c, smtp_trouble.c, smtp_sasl_glue.c, smtp_sasl_proto.c), each with the stage and the enhanced status that
stand beside it in that source. Where the server has answered, the status is the server's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

from lab.route.model import UNKNOWN

PEER = r"(?P<relay>[^\s\[\]]+)\[(?P<address>[^\]\s]+)\](?::(?P<port>\d{1,5}))?"
CACHED = "SASL [CACHED] authentication failed; server "  # the one sentence with a server's name and no address


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence. ``stage`` None: its own words tell it; ``status`` None: the server's reply has it."""

    stage: str | None
    status: str | None
    pattern: re.Pattern[str]

    @property
    def first_word(self) -> str:
        """The word that it begins with."""
        return self.pattern.pattern.removeprefix("(?P<reason>").partition(" ")[0].removesuffix("\\")


def _sentence(stage: str | None, status: str | None, pattern: str) -> Sentence:
    return Sentence(stage, status, re.compile(pattern, re.DOTALL | re.ASCII))


SENTENCES = (
    _sentence("connect", "4.4.1", rf"connect to {PEER}: (?P<reason>.*)"),
    _sentence("banner", None, rf"host {PEER} refused to talk to me: (?P<reply>.*)"),  # EHLO's and HELO's too
    _sentence(None, None, rf"host {PEER} said: (?P<reply>.*)"),
    _sentence(None, "4.4.2", rf"(?P<reason>lost connection) with {PEER} while (?P<step>.*)"),
    _sentence(None, "4.4.2", rf"conversation with {PEER} (?P<reason>timed out) while (?P<step>.*)"),
    _sentence(UNKNOWN, "4.3.0", rf"(?P<reason>local data error) while talking to {PEER}"),
    _sentence("starttls", "4.7.5", r"(?P<reason>Cannot start TLS: handshake failure)"),
    _sentence("starttls", "4.7.5", r"(?P<reason>Server certificate not verified)"),
    _sentence("starttls", None, rf"TLS is required, but host {PEER} refused to start TLS: (?P<reply>.*)"),
    _sentence("starttls", "4.7.4", rf"(?P<reason>TLS is required, but was not offered) by host {PEER}"),
    _sentence("starttls", "4.7.5", r"(?P<reason>TLS is required, but our TLS engine is unavailable)"),
    _sentence("starttls", "4.7.0", r"(?P<reason>TLS is required, but unavailable)"),
    _sentence("auth", None, rf"SASL authentication failed; server {PEER} said: (?P<reply>.*)"),
    _sentence("auth", None, rf"{re.escape(CACHED)}(?P<relay>\S+) said: (?P<reply>.*)"),
    _sentence("auth", "4.7.0", rf"(?P<reason>SASL authentication failed); cannot authenticate to server {PEER}: .*"),
    _sentence(
        "auth", "4.3.0", rf"(?P<reason>SASL authentication failed; authentication protocol loop) with server {PEER}"
    ),
    _sentence(
        "auth",
        "4.7.0",
        rf"(?P<reason>SASL authentication failed; non-empty initial \S+ challenge) from server {PEER}: .*",
    ),
    _sentence(
        "auth",
        "4.7.0",
        rf"SASL authentication failed: server {PEER} "
        r"(?P<reason>offered no compatible authentication mechanisms for this type of connection security)",
    ),
    # At the best MX it is 5.4.6, and the end: its delivery line says so.
    _sentence("ehlo", "4.4.6", r"(?P<reason>mail for .* loops back to myself)"),
    _sentence("ehlo", "4.7.0", r"(?P<reason>client TLS configuration problem)"),
    _sentence("ehlo", "5.6.7", rf"(?P<reason>SMTPUTF8 is required, but was not offered) by host {PEER}"),
    _sentence("mail", "4.7.0", r"(?P<reason>unexpected server message)"),
    _sentence("mail", "5.3.4", rf"(?P<reason>message size \d+ exceeds size limit \d+) of server {PEER}"),
    _sentence("data", "5.3.0", r"(?P<reason>unreadable mail queue entry)"),
    _sentence("data", "5.6.0", r"(?P<reason>MIME nesting exceeds safety limit)"),  # mime_state.c, here and below
    _sentence("data", "5.6.0", r"(?P<reason>message header length exceeds safety limit)"),
    _sentence("data", "5.6.0", r"(?P<reason>improper use of 8-bit data in message (?:header|body))"),
    _sentence("data", "5.6.0", r"(?P<reason>invalid message/\* or multipart/\* encoding domain)"),
)
BY_FIRST_WORD = {
    word: tuple(each for each in SENTENCES if each.first_word == word)
    for word in {each.first_word for each in SENTENCES}
}
STEPS = {
    "receiving the initial server greeting": "banner",
    "performing the EHLO handshake": "ehlo",
    "performing the HELO handshake": "ehlo",
    "performing the LHLO handshake": "ehlo",
    "receiving the STARTTLS response": "starttls",
    "sending XFORWARD name/address": "xforward",
    "sending XFORWARD protocol/helo_name": "xforward",
    "sending MAIL FROM": "mail",
    "sending RCPT TO": "rcpt",
    "sending DATA command": "data",
    "sending message body": "data",
    "sending end of data -- message may be sent more than once": "end-of-data",
    "MAIL FROM command": "mail",
    "RCPT TO command": "rcpt",
    "DATA command": "data",
    "end of DATA command": "end-of-data",
}
"""What the client was doing, or the command that was answered, to the stage."""

# Why there was no reply, as Postfix, or the kernel (errno(3)), says it.
CAUSE = re.compile(
    r"(?P<refused>connection refused)|(?P<timeout>timed out|timeout)|"
    r"(?P<unreachable>no route to host|network is unreachable)|(?P<lost>lost connection|connection reset)",
    re.IGNORECASE,
)

PROTOCOL_ERROR = "Protocol error: "  # before the sentence, when a reply of the wrong class is made a 5.5.0
CODE = re.compile(r"[2-5]\d\d(?=[ -]|$)", re.ASCII)
LATER_CODE = re.compile(r"(?<=[ ?])[2-5]\d\d(?= |$)", re.ASCII)  # a line break is logged as one of the two
STATUS = re.compile(r"[2-5]\d\d[ -]+([245]\.\d{1,3}\.\d{1,3})(?!\S)", re.ASCII)


class Failure(NamedTuple):
    """One attempt that was not accepted.

    ``relay`` is None where the sentence names no server; ``reply`` when the server said nothing; ``status`` where
    nothing tells it. ``alone``: one recipient was refused; else all that were left have failed together.
    """

    relay: str | None
    address: str | None
    port: int | None
    stage: str
    reply: str | None
    reason: str
    status: str | None
    alone: bool = False

    @property
    def cause(self) -> str | None:
        """Why the server said nothing (:func:`cause`); None where it said something."""
        return cause(self.reason) if self.reply is None else None


def cause(reason: str) -> str | None:
    """Return which cause a reason is: refused, timeout, unreachable or lost; None for another one."""
    found = CAUSE.search(reason)
    return found and found.lastgroup


def read(text: str, *, cut: bool = False, lmtp: bool = False) -> Failure | None:
    """Return the failure that *text* tells, None when it is about something else.

    *cut*: the line ended before the sentence did (MSG_LOGGER_RECLEN), so what would be at its end is not known.
    """
    text, error = text.removeprefix(PROTOCOL_ERROR), text.startswith(PROTOCOL_ERROR)
    for sentence in BY_FIRST_WORD.get(text.partition(" ")[0], ()):
        if match := sentence.pattern.fullmatch(text):
            return _failure(sentence, match.groupdict(), error=error, cut=cut, lmtp=lmtp)
    return None


def _failure(sentence: Sentence, found: dict[str, str | None], *, error: bool, cut: bool, lmtp: bool) -> Failure:
    said, step, stage = found.get("reply"), found.get("step"), sentence.stage
    if said is not None and stage is None and not cut:
        before, _, after = said.rpartition(" (in reply to ")
        if after.endswith(")") and after[:-1] in STEPS:
            said, step = before, after[:-1]
    stage = stage or STEPS.get(step or "", UNKNOWN)
    # A time-out's or a loss's sentence goes on: the moment it happened is part of the reason.
    reason = said or " while ".join(filter(None, (found.get("reason"), step)))
    reply = proper(said) if said else None
    own = sentence.status if reply is None else status(reply, greeting=stage == "banner", cut=cut)
    port = found.get("port")
    return Failure(
        relay=found.get("relay"),
        address=found.get("address"),
        port=int(port) if port else None,
        stage=stage,
        reply=reply,
        reason=reason,
        status="5.5.0" if error else own,
        alone=reply is not None and (stage == "rcpt" or (lmtp and stage == "end-of-data")),  # RFC 2033 4.2
    )


def proper(said: str, dsn: str | None = None) -> str:
    """Return the reply in what a server has *said*, without the lines before it that are none (smtp_chat.c).

    Lines stand behind each other, so a number in such a line may look like a code: the one that fits *dsn* is it, and
    where that is not certain all of what was said is returned.
    """
    if CODE.match(said):
        return said
    found = [said[match.start() :] for match in LATER_CODE.finditer(said)]
    if dsn is not None:
        found = [each for each in found if each[0] == dsn[0]]
        exact = [each for each in found if each[4:].startswith(dsn)]
        found = exact[:1] or found
    return found[0] if len(found) == 1 else said


def status(reply: str, *, greeting: bool = False, cut: bool = False) -> str | None:
    """Return the enhanced status code (RFC 3463) that Postfix takes from a reply (smtp_chat.c); None if not certain.

    It is the last line's, and X.0.0 where that line has none, or one of another class. A greeting of 5xx counts as
    4xx (smtp_skip_5xx_greeting), and the log does not tell.
    """
    lines = [reply]
    if reply[3:4] == "-":
        lines = [reply[match.start() :] for match in LATER_CODE.finditer(reply) if match[0] == reply[:3]]
    if len(lines) != 1 or not CODE.match(reply):
        said = {match[1] for match in STATUS.finditer(reply) if match[1][0] == reply[0]}
        return said.pop() if len(said) == 1 else None
    own = STATUS.match(lines[0])
    if own and own[1][0] == reply[0]:
        return own[1]
    return None if cut or (greeting and reply[0] == "5") else f"{reply[0]}.0.0"
