"""The MUA's act: hands one message to its first hop over SMTP (RFC 5321, RFC 6409), and notes every reply.

In: an address to connect to, an envelope, a message.
Out: a :class:`Receipt`: the reply to each recipient, and to the message. A refusal is a reply and no exception.
"""

from __future__ import annotations

import re
import smtplib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime
from pathlib import Path

from lab.errors import LabError

QUEUED = re.compile(r"queued as (?P<queue_id>[0-9A-Za-z]+)$")
STATUS = re.compile(r"^(?P<status>[245]\.\d{1,3}\.\d{1,3})\b")

Message = str | EmailMessage | bytes | Path


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
    """Where to submit. ``login`` is (user, password): then STARTTLS and AUTH come first."""

    name: str
    host: str
    port: int
    login: tuple[str, str] | None = None
    starttls: bool = False


def new_message_id() -> str:
    """Return a Message-ID of this moment that no other message has: `lab route` reads the time back from it."""
    return f"<{datetime.now(UTC):%Y%m%d.%H%M%S.%f}.{uuid.uuid4().hex[:8]}@lab.test>"


def sent_at(message_id: str) -> datetime | None:
    """Return the time in a Message-ID of :func:`new_message_id`, None for another's."""
    match = re.match(r"<(\d{8}\.\d{6}\.\d{6})\.[0-9a-f]{8}@lab\.test>$", message_id)
    return datetime.strptime(match[1], "%Y%m%d.%H%M%S.%f").replace(tzinfo=UTC) if match else None


def compose(body: Message, sender: str, recipients: Sequence[str], subject: str) -> tuple[bytes, str | None]:
    """Return the message as it is sent, and its Message-ID.

    Text becomes a message with header fields; an EmailMessage gets the Message-ID and Date it lacks; bytes and files are
    sent exactly as they are, so they have the Message-ID that they have, or none.
    """
    if isinstance(body, Path):
        try:
            body = body.read_bytes()
        except OSError as error:
            raise LabError(
                f"cannot read the message {body}: {error.strerror}", hint="give the path of a file"
            ) from error
    if isinstance(body, bytes):
        match = re.search(
            rb"^message-id:\s*(<[^>\s]+>)", re.split(rb"\r?\n\r?\n", body, maxsplit=1)[0], re.I | re.M
        )
        return body, match[1].decode("ascii", "replace") if match else None
    if isinstance(body, str):
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = sender, ", ".join(recipients), subject
        message.set_content(body)
    else:
        message = body
    if "Message-ID" not in message:
        message["Message-ID"] = new_message_id()
    if "Date" not in message:
        message["Date"] = format_datetime(datetime.now(UTC))
    policy = SMTP_POLICY if message.policy.utf8 is False else SMTP_POLICY.clone(utf8=True)
    return message.as_bytes(policy=policy), str(message["Message-ID"])


def submit(
    server: Server,
    sender: str,
    recipients: Sequence[str],
    data: bytes,
    message_id: str | None,
    timeout: float,
) -> Receipt:
    """Hand *data* over; raises LabError only when there was no SMTP dialogue to speak of."""
    refused: dict[str, Reply] = {}
    try:
        with smtplib.SMTP(server.host, server.port, local_hostname="mua.home.test", timeout=timeout) as smtp:
            smtp.ehlo_or_helo_if_needed()
            if server.starttls:
                smtp.starttls()  # the lab's certificate is self-signed, and the connection stays on this machine
                smtp.ehlo()
            if server.login is not None:
                smtp.login(*server.login)
            final = _transaction(smtp, sender, recipients, data, refused)
    except smtplib.SMTPAuthenticationError as error:
        final = _reply((error.smtp_code, error.smtp_error if isinstance(error.smtp_error, bytes) else b""))
    except (OSError, smtplib.SMTPException) as error:
        raise LabError(
            f"{server.name} ({server.host}:{server.port}) took no message: {error or type(error).__name__}",
            hint=f"is {server.name} up? `lab status` tells, `lab logs {server.name.partition(':')[0]}` shows why",
        ) from error
    if final is not None and not final.positive:
        refused = {recipient: refused.get(recipient, final) for recipient in recipients}
    queued = QUEUED.search(final.text) if final is not None and final.positive else None
    return Receipt(
        sender, message_id, tuple(recipients), refused, final, queued["queue_id"] if queued else None
    )


def _transaction(
    smtp: smtplib.SMTP, sender: str, recipients: Sequence[str], data: bytes, refused: dict[str, Reply]
) -> Reply | None:
    """MAIL, RCPT for each, DATA (RFC 5321 3.3). Returns the reply that decided for all; None if every RCPT was refused."""
    options = []
    if not data.isascii() and smtp.has_extn("8bitmime"):
        options.append("BODY=8BITMIME")  # RFC 6152
    if not "".join([sender, *recipients]).isascii():
        if not smtp.has_extn("smtputf8"):
            raise LabError(
                "an address is not ASCII and this host does not offer SMTPUTF8 (RFC 6531)",
                hint="use an ASCII address",
            )
        options.append("SMTPUTF8")
        smtp.command_encoding = "utf-8"
    mail = _reply(smtp.mail(sender, options))
    if not mail.positive:
        return mail
    for recipient in recipients:
        reply = _reply(smtp.rcpt(recipient))
        if not reply.positive:
            refused[recipient] = reply
    if len(refused) == len(set(recipients)):
        return None
    try:
        return _reply(smtp.data(data))
    except smtplib.SMTPDataError as error:
        return _reply(
            (
                error.smtp_code,
                error.smtp_error if isinstance(error.smtp_error, bytes) else error.smtp_error.encode(),
            )
        )


def _reply(answer: tuple[int, bytes]) -> Reply:
    return Reply(answer[0], answer[1].decode("utf-8", "replace").replace("\n", " "))
