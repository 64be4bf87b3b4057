"""`lab mailbox`: what lies in a user's mailboxes, as IMAP shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from lab.cli import attach, complete, failure
from lab.cli.console import document, say, table, unchanged
from lab.cli.group import example
from lab.cli.options import Json, LabName

if TYPE_CHECKING:
    from lab.mail.mailbox import Mailbox, StoredMessage

INBOX = "INBOX"
HEAD = ("MAILBOX", "UID", "SIZE", "DATE", "FROM", "SUBJECT", "MESSAGE-ID")
SHOWN = ("From", "To", "Cc", "Subject", "Date", "Message-ID")
EXAMPLE = example(
    "$ lab mailbox bia",
    "bia@dest.test: INBOX 1, Junk 0",
    "MAILBOX  UID  SIZE  DATE              FROM           SUBJECT         MESSAGE-ID",
    "INBOX    1    1432  2026-01-01 12:00  ana@home.test  A test message  <20260101.120000...@lab.test>",
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog=EXAMPLE)(mailbox)


def mailbox(
    user: Annotated[
        str,
        typer.Argument(
            metavar="USER", autocompletion=complete.users, show_default=False, help="bia@dest.test, or bia for that."
        ),
    ],
    name: Annotated[
        str | None, typer.Option("--mailbox", metavar="NAME", help="Only this mailbox, such as Junk.")
    ] = None,
    show: Annotated[
        int | None, typer.Option("--show", metavar="UID", help="Show one message (of INBOX, or --mailbox).")
    ] = None,
    raw: Annotated[
        int | None,
        typer.Option(
            "--raw", metavar="UID", help="Print one message, byte by byte as it is; on a terminal safe to print."
        ),
    ] = None,
    lab: LabName = None,
    json: Json = False,
) -> None:
    """List a user's messages, or show one."""
    with attach.lab(str(lab)) as running:
        box = running.mailbox(user)
        if raw is not None:
            unchanged(_one(box, name or INBOX, raw).raw)
        elif show is not None:
            _show(_one(box, name or INBOX, show), json)
        else:
            _list(box, name, json)


def _list(box: Mailbox, name: str | None, json: bool) -> None:
    found = {each: box.messages(each) for each in ([name] if name else box.names())}
    if json:
        mailboxes = {each: [_described(message) for message in messages] for each, messages in found.items()}
        document({"user": box.address, "mailboxes": mailboxes})
        return
    say((box.address, "bold"), ": ", ", ".join(f"{each} {len(messages)}" for each, messages in found.items()))
    described = [_described(message) for messages in found.values() for message in messages]
    if described:
        table(
            HEAD,
            [
                (
                    each["mailbox"],
                    str(each["uid"]),
                    str(each["size"]),
                    (each["date"] or "-")[:16].replace("T", " "),
                    _short(each["from"]),
                    (_short(each["subject"]), "bold"),
                    each["message_id"] or "-",
                )
                for each in described
            ],
        )


def _show(message: StoredMessage, json: bool) -> None:
    body = message.message.get_body(("plain", "html"))
    text = str(body.get_content()) if body is not None else ""
    if json:
        fields = [[name, str(value)] for name, value in message.message.items()]
        document({**_described(message), "header": fields, "text": text})
        return
    for name in SHOWN:
        for value in message.message.get_all(name, []):
            say((f"{name}: ", "cyan"), " ".join(str(value).split()))
    parts = [part.get_content_type() for part in message.message.walk() if not part.is_multipart()]
    if len(parts) > 1:
        say(("Parts: ", "cyan"), ", ".join(parts))
    say()
    say(text.rstrip("\n"))


def _one(box: Mailbox, name: str, uid: int) -> StoredMessage:
    found = [message for message in box.messages(name) if message.uid == uid]
    if not found:
        raise failure.AnswerError(
            f"{name} of {box.address} has no message {uid}", hint="without --show, its messages are listed"
        )
    return found[0]


def _described(message: StoredMessage) -> dict[str, Any]:
    header = message.message
    date = header["Date"]
    moment = getattr(date, "datetime", None)
    return {
        "mailbox": message.mailbox,
        "uid": message.uid,
        "size": len(message.raw),
        "date": moment.isoformat() if moment else date and str(date),
        "from": header["From"] and str(header["From"]),
        "subject": header["Subject"] and str(header["Subject"]),
        "message_id": message.message_id,
    }


def _short(text: str | None, length: int = 28) -> str:
    line = " ".join((text or "-").split())
    return line if len(line) <= length else line[: length - 3] + "..."
