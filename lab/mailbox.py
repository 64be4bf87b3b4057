"""One user's mailboxes in the lab's mail store, read over IMAP (RFC 9051) as a mail program would."""

from __future__ import annotations

import imaplib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage

from lab.errors import LabError

LIST_LINE = re.compile(
    rb'^\((?P<flags>[^)]*)\) (?:"[^"]*"|NIL) (?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<atom>.+))$'
)


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """One message as it lies in a mailbox: its UID there, and its bytes."""

    mailbox: str
    uid: int
    raw: bytes

    @property
    def message(self) -> EmailMessage:
        """The message, parsed with the modern e-mail policy."""
        return message_from_bytes(self.raw, policy=policy.default)  # type: ignore[return-value]  # the policy's class

    @property
    def message_id(self) -> str | None:
        """Its Message-ID field."""
        value = self.message["Message-ID"]
        return str(value).strip() if value else None


class Mailbox:
    """The mailboxes of *address*. Reading leaves every flag as it is."""

    def __init__(self, address: str, password: str, host: str, port: int) -> None:
        """*host* and *port* are where IMAP is published."""
        self.address = address
        self._password = password
        self._server = (host, port)

    def names(self) -> list[str]:
        """Return the names of the user's mailboxes, sorted."""
        with self._session() as imap:
            return _names(imap)

    def messages(self, mailbox: str = "INBOX", message_id: str | None = None) -> list[StoredMessage]:
        """Return the messages of one mailbox in order of arrival, only those with *message_id* if it is given."""
        with self._session() as imap:
            return list(_fetch(imap, mailbox, message_id))

    def find(self, message_id: str) -> list[StoredMessage]:
        """Return every copy of a message, in whatever mailbox it lies."""
        with self._session() as imap:
            return [message for name in _names(imap) for message in _fetch(imap, name, message_id)]

    @contextmanager
    def _session(self) -> Iterator[imaplib.IMAP4]:
        try:
            with imaplib.IMAP4(*self._server, timeout=10) as imap:
                imap.login(self.address, self._password)
                yield imap
        except (OSError, imaplib.IMAP4.error) as error:
            raise LabError(
                f"cannot read the mailbox of {self.address}: {error}",
                hint="`lab logs mailstore` shows what Dovecot says",
            ) from error


def _names(imap: imaplib.IMAP4) -> list[str]:
    matches = (LIST_LINE.match(line) for line in imap.list()[1] if isinstance(line, bytes))
    return sorted((match["quoted"] or match["atom"]).decode("ascii", "replace") for match in matches if match)


def _fetch(imap: imaplib.IMAP4, mailbox: str, message_id: str | None) -> Iterator[StoredMessage]:
    status, answer = imap.select(f'"{mailbox}"', readonly=True)
    if status != "OK":
        raise LabError(
            f"there is no mailbox {mailbox!r}: {_text(answer)}", hint="names() lists the user's mailboxes"
        )
    criteria = ["HEADER", "Message-ID", f'"{message_id}"'] if message_id else ["ALL"]
    uids = imap.uid("SEARCH", *criteria)[1][0].split()
    for uid in uids:
        for part in imap.uid("FETCH", uid.decode(), "(BODY.PEEK[])")[1]:
            if isinstance(part, tuple):
                yield StoredMessage(mailbox, int(uid), part[1])


def _text(answer: list[bytes | None]) -> str:
    return b" ".join(part for part in answer if part).decode("utf-8", "replace")
