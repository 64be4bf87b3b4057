"""The MUA's act: hands one message to its first hop over SMTP (RFC 5321, RFC 6409), and notes every reply.

In: an address to connect to, an envelope, a message.
Out: a :class:`Receipt`: the reply to each recipient, and to the message. A refusal is a reply and no exception.
"""

from __future__ import annotations

import re
import smtplib
import socket
import uuid
from collections.abc import Sequence
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime
from pathlib import Path
from typing import Literal

from lab import files
from lab.errors import LabError
from lab.mail.dsn import DEFAULT, Dsn
from lab.servers.replies import queue_id
from lab.tls import unchecked, wrap

CLOSING = 421  # the host closes the connection, whatever the command was (RFC 5321 3.8, 4.2.2)
STATUS = re.compile(r"^(?P<status>[245]\.\d{1,3}\.\d{1,3})\b")

Message = str | EmailMessage | bytes | Path
Tls = Literal["starttls", "implicit"]  # RFC 3207; from the first byte on, RFC 8314 3.3


@dataclass(frozen=True, slots=True)
class Reply:
    """One SMTP reply: three digits and the text, lines joined with a blank."""

    code: int
    text: str

    @property
    def positive(self) -> bool:
        """Whether the command was accepted (2xx, or 354)."""
        return self.code < 400

    @property
    def status(self) -> str | None:
        """The enhanced status code (RFC 3463) that the text begins with."""
        match = STATUS.match(self.text)
        return match["status"] if match else None

    def __str__(self) -> str:
        return f"{self.code} {self.text}".rstrip()


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the first hop answered. ``queue_id`` is None when it did not take the message."""

    sender: str
    message_id: str | None
    recipients: tuple[str, ...]
    refused: dict[str, Reply] = field(default_factory=dict)
    final: Reply | None = None
    queue_id: str | None = None


@dataclass(frozen=True, slots=True)
class Server:
    """Where to submit: in the clear, or in TLS; ``login`` is (user, password)."""

    name: str
    host: str
    port: int
    login: tuple[str, str] | None = None
    tls: Tls | None = None
    beyond: tuple[str, int] | None = None  # through the gateway to this address (PROXY protocol, version 1)


def new_message_id() -> str:
    """Return a Message-ID of this moment that no other message has: `lab route` reads the time back from it."""
    return f"<{datetime.now(UTC):%Y%m%d.%H%M%S.%f}.{uuid.uuid4().hex[:8]}@lab.test>"


def sent_at(message_id: str) -> datetime | None:
    """Return the time in a Message-ID of :func:`new_message_id`, None for another's."""
    match = re.match(r"<(\d{8}\.\d{6}\.\d{6})\.[0-9a-f]{8}@lab\.test>$", message_id)
    if match is None:
        return None
    try:
        return datetime.strptime(match[1], "%Y%m%d.%H%M%S.%f").replace(tzinfo=UTC)
    except ValueError:  # looks like ours and has a 13th month
        return None


def compose(body: Message, sender: str, recipients: Sequence[str], subject: str) -> tuple[bytes, str | None]:
    """Return the message as it is sent, and its Message-ID.

    Text becomes a message with header fields. An EmailMessage is sent with the Message-ID and Date it lacks, and is
    itself left as it is. Bytes and files are sent exactly as they are, bare line feeds too, so they have the
    Message-ID that they have, or none.
    """
    if isinstance(body, Path):
        body = files.content(body, files.MESSAGE)
    if not isinstance(body, bytes):
        try:
            body = _composed(body, sender, recipients, subject)
        except ValueError as error:  # of the email package: a line break in a subject, half a surrogate pair
            raise LabError(f"this makes no message: {error}", hint="bytes are sent whatever they are") from error
    return body, _message_id(body)


def _message_id(raw: bytes) -> str | None:
    """Return the Message-ID in the header, which ends at the first empty line (RFC 5322 2.1)."""
    header = re.split(rb"(?m)^\r?\n", raw, maxsplit=1)[0]
    match = re.search(rb"^message-id:\s*(<[^>\s]+>)", header, re.I | re.M)
    return match[1].decode("ascii", "replace") if match else None


def _composed(body: str | EmailMessage, sender: str, recipients: Sequence[str], subject: str) -> bytes:
    if isinstance(body, str):
        message = EmailMessage()
        # The null reverse-path is no address for From; notices, which have it, name their mailer (RFC 5321 4.5.5).
        message["From"] = sender or "MAILER-DAEMON@home.test"
        message["To"], message["Subject"] = ", ".join(recipients), subject
        message.set_content(body)
    elif isinstance(body, EmailMessage):
        # Writing a multipart out gives it a boundary; nothing else is changed by that.
        message = deepcopy(body) if body.is_multipart() else body
    else:
        raise LabError(
            f"a {type(body).__name__} is not a message",
            hint="give text, an EmailMessage, bytes or a Path; bytes(message) is one",
        )
    # What the message lacks stands before its own fields: sent twice, it is two messages, each with its own id.
    added = "" if "Message-ID" in message else f"Message-ID: {new_message_id()}\r\n"
    added += "" if "Date" in message else f"Date: {format_datetime(datetime.now(UTC))}\r\n"
    # An encoded word is no part of an address (RFC 2047 5): with SMTPUTF8 the header has UTF-8 instead (RFC 6532).
    international = getattr(message.policy, "utf8", False) or not "".join([sender, *recipients]).isascii()
    return added.encode() + message.as_bytes(policy=SMTP_POLICY.clone(utf8=international))


def submit(
    server: Server,
    sender: str,
    recipients: Sequence[str],
    data: bytes,
    message_id: str | None,
    timeout: float,
    dsn: Dsn = DEFAULT,
) -> Receipt:
    """Hand *data* over; *timeout* is in seconds, for each reply.

    What goes over the wire is *data* with its dots doubled (RFC 5321 4.5.2) and CRLF at its end, which replaces a bare
    LF there; other bare line feeds stay, and so do 8-bit letters, even where the host does not offer 8BITMIME. Raises
    LabError only when there was no SMTP dialogue to speak of.
    """
    refused: dict[str, Reply] = {}
    try:
        with _Client(server, timeout) as smtp:
            smtp.ehlo_or_helo_if_needed()
            if server.tls == "starttls":
                smtp.starttls(context=unchecked())
                smtp.ehlo_or_helo_if_needed()  # what was said before does not count any more (RFC 3207 4.2)
            if server.login is not None:
                smtp.login(*server.login)
            final = _transaction(smtp, sender, recipients, data, dsn, refused)
    except smtplib.SMTPResponseException as error:  # to the greeting, EHLO, STARTTLS, AUTH or DATA
        said = error.smtp_error
        final = _reply((error.smtp_code, said if isinstance(said, bytes) else said.encode()))
        if final.positive:
            raise LabError(
                f"{server.name} ({server.host}:{server.port}) answered out of turn: {final}",
                hint="what is it that listens there?",
            ) from error
    except (OSError, smtplib.SMTPException) as error:
        raise LabError(
            f"{server.name} ({server.host}:{server.port}) took no message: {error or type(error).__name__}",
            hint=f"is {server.name} up? `lab status` tells, `lab logs {server.name.partition(':')[0]}` shows why",
        ) from error
    except ValueError as error:  # of smtplib: a line break in an address, a password that is not ASCII
        raise LabError(
            f"this cannot be said in SMTP: {error}", hint="look at the sender, the recipients and the login"
        ) from error
    if final is not None and not final.positive:
        refused = {recipient: refused.get(recipient, final) for recipient in recipients}
    queued = queue_id(final.text) if final is not None and final.positive else None
    return Receipt(sender, message_id, tuple(recipients), refused, final, queued)


class _Client(smtplib.SMTP):
    """smtplib's client; through the gateway's door for guests it says first whom it wants."""

    def __init__(self, server: Server, timeout: float) -> None:
        self._server = server
        super().__init__(server.host, server.port, local_hostname="mua.home.test", timeout=timeout)

    def getreply(self) -> tuple[int, bytes]:
        """Return the next reply; what is no reply ends the dialogue (smtplib would go on with code -1)."""
        code, text = super().getreply()
        if code < 0:
            self.close()
            raise smtplib.SMTPServerDisconnected("what it says is not an SMTP reply (RFC 5321 4.2)")
        return code, text

    def __exit__(self, *_: object) -> None:
        """Say QUIT. What is answered, or not, changes nothing about the message (RFC 5321 4.1.1.10)."""
        with suppress(smtplib.SMTPException):
            self.docmd("QUIT")
        self.close()

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        found = connection(replace(self._server, host=host, port=port), timeout)
        return wrap(found) if self._server.tls == "implicit" else found


def connection(server: Server, timeout: float) -> socket.socket:
    """Return a connection to *server*; through the gateway's door for guests it has said whom it wants."""
    found = socket.create_connection((server.host, server.port), timeout)
    if server.beyond is not None:
        address, port = server.beyond
        found.sendall(f"PROXY TCP4 127.0.0.1 {address} 1 {port}\r\n".encode())
    return found


def _transaction(
    smtp: smtplib.SMTP, sender: str, recipients: Sequence[str], data: bytes, dsn: Dsn, refused: dict[str, Reply]
) -> Reply | None:
    """MAIL, RCPT for each, DATA (RFC 5321 3.3).

    Returns the reply that decided for all; None if every RCPT was refused. Addresses are said as they are: smtplib's
    own methods would take "b,c@dest.test" for a list.
    """
    if dsn != DEFAULT and not smtp.has_extn("dsn"):
        raise LabError("this host does not offer DSN (RFC 3461)", hint="ask nothing of notices, or use another host")
    parameters = dsn.mail()
    if not data.isascii() and smtp.has_extn("8bitmime"):
        parameters += " BODY=8BITMIME"  # RFC 6152
    if not "".join([sender, *recipients]).isascii():
        if not smtp.has_extn("smtputf8"):
            raise LabError(
                "an address is not ASCII and this host does not offer SMTPUTF8 (RFC 6531)",
                hint="use an ASCII address",
            )
        parameters += " SMTPUTF8"
        smtp.command_encoding = "utf-8"
    mail = _reply(smtp.docmd("MAIL", f"FROM:<{sender}>{parameters}"))
    if not mail.positive:
        return mail
    for recipient in recipients:
        reply = _reply(smtp.docmd("RCPT", f"TO:<{recipient}>{dsn.rcpt()}"))
        if reply.code == CLOSING:
            return reply
        if not reply.positive:
            refused[recipient] = reply
    if len(refused) == len(set(recipients)):
        return None
    if data.endswith(b"\n") and not data.endswith(b"\r\n"):
        data = data[:-1] + b"\r\n"  # else smtplib ends this line twice
    return _reply(smtp.data(data))


def _reply(answer: tuple[int, bytes]) -> Reply:
    return Reply(answer[0], answer[1].decode("utf-8", "replace").replace("\n", " "))
