"""One user's mailboxes in a mail store of the lab, read over IMAP (RFC 3501) as a mail program would.

In: an address, a password, where IMAP is reached. Out: names of mailboxes and :class:`StoredMessage`.
Errors: LabError with what the server said.
"""

from __future__ import annotations

import binascii
import imaplib
import re
import socket
from base64 import b64decode, b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.header import Header
from email.message import EmailMessage
from typing import Any

from lab.errors import LabError
from lab.mail.submit import Server, connection

TIMEOUT = 10.0  # seconds, for each answer
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")  # "Control characters not allowed in new mailbox names"
LIST_LINE = re.compile(
    rb'^\((?P<flags>[^)]*)\) (?:"(?:[^"\\]|\\.)*"|NIL) (?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<other>.+))$'
)
NO_MAILBOX = {rb"\noselect", rb"\nonexistent"}  # a name with children and nothing in it (RFC 3501 7.2.2, RFC 5258 3)


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """One message as it lies in a mailbox: its UID there, and its bytes."""

    mailbox: str
    uid: int
    raw: bytes

    @property
    def message(self) -> EmailMessage:
        """The message, parsed with the modern e-mail policy."""
        return message_from_bytes(self.raw, policy=policy.default)

    @property
    def message_id(self) -> str | None:
        """Its Message-ID field as it came: the modern policy would mend a broken one, or fail on it."""
        value: str | Header | None = message_from_bytes(self.raw)["Message-ID"]
        return str(value).strip() or None if value is not None else None


class Mailbox:
    """The mailboxes of *address*. Reading leaves every flag as it is."""

    def __init__(self, address: str, password: str, server: Server) -> None:
        """*server* is where IMAP is reached, with "mailstore:143" as its name."""
        self.address = address
        self._password = password
        self._server = server

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
            with _Client(self._server) as imap:
                # Not LOGIN: a name or a password may have letters beyond ASCII (RFC 4616 2).
                imap.authenticate("PLAIN", lambda _: f"\0{self.address}\0{self._password}".encode())
                yield imap
        except (OSError, imaplib.IMAP4.error) as error:
            said = error.args[0] if error.args and isinstance(error.args[0], bytes) else str(error).encode()
            raise LabError(
                f"cannot read the mailbox of {self.address}: {said.decode('utf-8', 'replace')}",
                hint=f"`lab logs {self._server.name.partition(':')[0]}` shows what Dovecot says",
            ) from error


class _Client(imaplib.IMAP4):
    """imaplib's client; through the gateway's door for guests it says first whom it wants."""

    def __init__(self, server: Server) -> None:
        self._server = server
        super().__init__(server.host, server.port, timeout=TIMEOUT)

    def _create_socket(self, timeout: float | None) -> socket.socket:
        return connection(self._server, TIMEOUT if timeout is None else timeout)


def _names(imap: imaplib.IMAP4) -> list[str]:
    answer = _completed(imap.list())
    return sorted(name for name in map(_listed, answer) if name is not None)


def _listed(item: bytes | tuple[bytes, bytes] | None) -> str | None:
    """Return the name in one answer to LIST, None where there is no mailbox. A tuple has the name as a literal."""
    line = item[0] if isinstance(item, tuple) else item
    match = LIST_LINE.match(line or b"")
    if match is None or NO_MAILBOX & set(match["flags"].lower().split()):
        return None
    if isinstance(item, tuple):
        return _decoded(item[1])
    return _decoded(re.sub(rb"\\(.)", rb"\1", match["quoted"]) if match["quoted"] is not None else match["other"])


def _fetch(imap: imaplib.IMAP4, mailbox: str, message_id: str | None) -> Iterator[StoredMessage]:
    if CONTROL.search(mailbox):  # the answer would repeat it, and a line break ends an answer
        raise LabError(f"no mailbox is called {mailbox!r}", hint="Dovecot allows no control characters in names")
    status, answer = imap.select(_quoted(_encoded(mailbox)), readonly=True)
    if status != "OK":
        raise LabError(f"there is no mailbox {mailbox!r}: {_text(answer)}", hint="names() lists the user's mailboxes")
    criteria = ["ALL"]
    if message_id is not None:
        if not (message_id.isascii() and message_id.isprintable()):
            raise LabError(f"IMAP cannot search for the Message-ID {message_id!r}", hint="look through messages()")
        criteria = ["HEADER", "Message-ID", _quoted(message_id)]
    uids = _completed(imap.uid("SEARCH", *criteria))[0] or b""
    for uid in uids.split():
        for part in _completed(imap.uid("FETCH", uid.decode(), "(BODY.PEEK[])")):
            if isinstance(part, tuple):
                yield StoredMessage(mailbox, int(uid), part[1])


def _completed(response: tuple[str, list[Any]]) -> list[Any]:
    """Return a command's answer; imaplib raises for BAD, but not for NO."""
    status, answer = response
    if status != "OK":
        raise imaplib.IMAP4.error(_text(answer))
    return answer


def _text(answer: list[Any]) -> str:
    return b" ".join(part for part in answer if isinstance(part, bytes)).decode("utf-8", "replace")


def _quoted(text: str) -> str:
    """Return a quoted string of RFC 3501 4.3."""
    return '"' + re.sub(r'(["\\])', r"\\\1", text) + '"'


def _encoded(name: str) -> str:
    """Return a mailbox name in modified UTF-7 (RFC 3501 5.1.3)."""

    def shifted(match: re.Match[str]) -> str:
        coded = b64encode(match[0].encode("utf-16-be", "surrogatepass")).rstrip(b"=").replace(b"/", b",")
        return f"&{coded.decode()}-"

    return re.sub(r"[^\x20-\x7e]+", shifted, name.replace("&", "&-"))


def _decoded(name: bytes) -> str:
    """Return a mailbox name from modified UTF-7; what is not in it stays as it is."""

    def plain(match: re.Match[str]) -> str:
        coded = match[1].replace(",", "/")
        try:
            return b64decode(coded + "=" * (-len(coded) % 4), validate=True).decode("utf-16-be") if coded else "&"
        except (binascii.Error, UnicodeDecodeError):
            return match[0]

    return re.sub(r"&([^-]*)-", plain, name.decode("utf-8", "replace"))
