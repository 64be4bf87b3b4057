"""Mailboxes over IMAP, against a small server that has what a test gives it."""

from __future__ import annotations

import re
import socket
from base64 import b64decode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pytest

from lab.errors import LabError
from lab.mail.mailbox import Mailbox, StoredMessage
from lab.mail.submit import Server
from tests.unit.small_servers import SmallServer

ONE = b"Message-ID: <one@home.test>\r\nSubject: one\r\n\r\nhello\r\n"
TWO = b"Message-ID: <two@home.test>\r\n\r\n)\r\n"


@dataclass
class SmallImap:
    """An IMAP server. ``lists`` are the answers to LIST, ``boxes`` the messages by a mailbox's name on the wire."""

    lists: Sequence[bytes] = (rb'(\HasNoChildren) "/" INBOX',)
    boxes: Mapping[bytes, Mapping[int, bytes]] = field(default_factory=dict)
    refuse: Mapping[str, str] = field(default_factory=dict)  # command: "NO why"
    greeting: bytes = b"* OK ready"
    said: list[bytes] = field(default_factory=list)

    def __call__(self, connection: socket.socket) -> None:
        """Hold one session."""
        messages: Mapping[int, bytes] = {}
        connection.sendall(self.greeting + b"\r\n")
        with connection.makefile("rb") as stream:
            while line := stream.readline().rstrip(b"\r\n"):
                tag, _, command = line.partition(b" ")
                self.said.append(command)
                verb = command.removeprefix(b"UID ").partition(b" ")[0].decode()
                if verb == "AUTHENTICATE":
                    connection.sendall(b"+ \r\n")
                    self.said.append(b64decode(stream.readline()))
                if verb in self.refuse:
                    connection.sendall(tag + f" {self.refuse[verb]}\r\n".encode())
                    continue
                answers: list[bytes] = []
                if verb == "LIST":
                    answers = [b"* LIST " + each for each in self.lists]
                elif verb == "EXAMINE":
                    name = re.sub(rb"\\(.)", rb"\1", command[9:-1])
                    if name not in self.boxes:
                        connection.sendall(tag + b" NO [NONEXISTENT] Mailbox doesn't exist\r\n")
                        continue
                    messages = self.boxes[name]
                    answers = [b"* %d EXISTS" % len(messages)]
                elif verb == "SEARCH":
                    wanted = command.partition(b'HEADER Message-ID "')[2][:-1]
                    answers = [
                        b" ".join([b"* SEARCH", *(b"%d" % uid for uid, raw in messages.items() if wanted in raw)])
                    ]
                elif verb == "FETCH":
                    uid = int(command.split()[2])
                    raw = messages[uid]
                    answers = [b"* 1 FETCH (UID %d BODY[] {%d}\r\n%b)" % (uid, len(raw), raw)]
                elif verb == "CAPABILITY":
                    answers = [b"* CAPABILITY IMAP4rev1"]
                connection.sendall(b"".join(each + b"\r\n" for each in [*answers, tag + b" OK done"]))


def opened(port: int, word: str = "x", address: str = "bia@dest.test") -> Mailbox:
    return Mailbox(address, word, Server("mailstore:143", "127.0.0.1", port))


def names(*lists: bytes) -> list[str]:
    with SmallServer(SmallImap(lists)) as server:
        return opened(server.port).names()


@pytest.mark.parametrize(
    ("line", "name"),
    [
        (rb'(\HasNoChildren) "/" INBOX', "INBOX"),
        (rb'(\HasNoChildren \Junk) "/" Junk', "Junk"),
        (rb'() "/" "two words"', "two words"),
        (rb'() "/" "a \"b\" \\ c"', 'a "b" \\ c'),
        (rb'() "\\" "a\\b"', "a\\b"),
        (rb"() NIL INBOX", "INBOX"),
        (b'() "/" {3}\r\na"b', 'a"b'),
        (rb'() "/" "Entw&APw-rfe"', "Entwürfe"),
        (rb'() "/" "&U,BTFw-/&ZeVnLIqe-"', "台北/日本語"),
        (rb'() "/" "&2D3eAA-"', "\N{GRINNING FACE}"),
        (rb'() "/" "R&-D"', "R&D"),
        (rb'() "/" "&broken"', "&broken"),
        (rb'() "/" "&!!!-x"', "&!!!-x"),
        (rb'() "/" "&2D0-"', "&2D0-"),  # half a surrogate pair
    ],
)
def test_names(line: bytes, name: str) -> None:
    assert names(line) == [name]


def test_names_are_sorted_and_mailboxes_only() -> None:
    lists = (
        rb'(\HasChildren \Noselect) "/" Lists',
        rb'() "/" Lists/dev',
        rb'(\NonExistent) "/" Gone',
        rb'() "/" INBOX',
    )
    assert names(*lists) == ["INBOX", "Lists/dev"]
    assert names() == []


def test_messages_in_order_of_arrival() -> None:
    imap = SmallImap(boxes={b"INBOX": {3: ONE, 7: TWO}})
    with SmallServer(imap) as server:
        mailbox = opened(server.port, 'a"b\\c')
        assert mailbox.messages() == [StoredMessage("INBOX", 3, ONE), StoredMessage("INBOX", 7, TWO)]
        assert mailbox.messages(message_id="<two@home.test>") == [StoredMessage("INBOX", 7, TWO)]
        assert mailbox.messages(message_id="<three@home.test>") == []
    assert imap.said[1:6] == [
        b"AUTHENTICATE PLAIN",
        b'\0bia@dest.test\0a"b\\c',
        b'EXAMINE "INBOX"',  # EXAMINE and PEEK: no flag changes
        b"UID SEARCH ALL",
        b"UID FETCH 3 (BODY.PEEK[])",
    ]


def test_names_and_passwords_beyond_ascii() -> None:
    imap = SmallImap()
    with SmallServer(imap) as server:
        assert opened(server.port, "geheimnisträger", "josé@bücher.test").names() == ["INBOX"]
    assert imap.said[2].decode() == "\0josé@bücher.test\0geheimnisträger"


@pytest.mark.parametrize(
    ("name", "wire"),
    [
        ("two words", b"two words"),
        ('a "b" \\ c', rb'a "b" \ c'),
        ("Entwürfe", b"Entw&APw-rfe"),
        ("台北/日本語", b"&U,BTFw-/&ZeVnLIqe-"),
        ("\N{GRINNING FACE}", b"&2D3eAA-"),
        ("R&D", b"R&-D"),
    ],
)
def test_odd_names_of_mailboxes(name: str, wire: bytes) -> None:
    with SmallServer(SmallImap(boxes={wire: {1: ONE}})) as server:
        mailbox = opened(server.port)
        assert mailbox.messages(name) == [StoredMessage(name, 1, ONE)]


def test_copies_are_found_wherever_they_lie() -> None:
    lists = (rb'() "/" INBOX', rb'() "/" "Entw&APw-rfe"', rb'(\Noselect) "/" Lists')
    boxes = {b"INBOX": {1: ONE, 2: TWO}, b"Entw&APw-rfe": {1: ONE, 9: ONE}}
    with SmallServer(SmallImap(lists, boxes)) as server:
        found = opened(server.port).find("<one@home.test>")
    assert [(each.mailbox, each.uid) for each in found] == [("Entwürfe", 1), ("Entwürfe", 9), ("INBOX", 1)]


def test_a_message_id_is_quoted() -> None:
    imap = SmallImap(boxes={b"INBOX": {}})
    with SmallServer(imap) as server:
        opened(server.port).messages(message_id='<"a\\b"@c>')
    assert rb'UID SEARCH HEADER Message-ID "<\"a\\b\"@c>"' in imap.said


@pytest.mark.parametrize("message_id", ["<\ufffd@home.test>", "<a>\r\nx LOGOUT"])
def test_a_message_id_that_imap_cannot_search_for(message_id: str) -> None:
    with SmallServer(SmallImap(boxes={b"INBOX": {}})) as server:
        mailbox = opened(server.port)
        with pytest.raises(LabError, match="IMAP cannot search for the Message-ID"):
            mailbox.messages(message_id=message_id)


@pytest.mark.parametrize("name", ["a\nb", "a\r\nb", "\x00", "\x1b", "\u2028"])
def test_a_name_that_no_mailbox_has_is_not_asked_for(name: str) -> None:
    imap = SmallImap()
    with SmallServer(imap) as server, pytest.raises(LabError, match="no mailbox is called"):
        opened(server.port).messages(name)
    assert not any(b"EXAMINE" in each for each in imap.said)


def test_no_such_mailbox() -> None:
    with SmallServer(SmallImap()) as server:
        mailbox = opened(server.port)
        with pytest.raises(LabError) as caught:
            mailbox.messages("Spam")
    assert str(caught.value) == (
        "there is no mailbox 'Spam': [NONEXISTENT] Mailbox doesn't exist\n  names() lists the user's mailboxes"
    )


@pytest.mark.parametrize(
    ("imap", "cause"),
    [
        (SmallImap(refuse={"AUTHENTICATE": "NO [AUTHENTICATIONFAILED] no"}), "[AUTHENTICATIONFAILED] no"),
        (SmallImap(refuse={"LIST": "NO not now"}), "not now"),
        (SmallImap(refuse={"LIST": "BAD what"}), "LIST command error: BAD [b'what']"),
        (SmallImap(greeting=b"* BYE too many"), "* BYE too many"),
    ],
)
def test_a_server_that_refuses(imap: SmallImap, cause: str) -> None:
    with SmallServer(imap) as server:
        mailbox = opened(server.port)
        with pytest.raises(LabError) as caught:
            mailbox.names()
    assert str(caught.value) == (
        f"cannot read the mailbox of bia@dest.test: {cause}\n  `lab logs mailstore` shows what Dovecot says"
    )


@pytest.mark.parametrize("command", ["SEARCH", "FETCH"])
def test_a_search_or_fetch_that_is_refused(command: str) -> None:
    imap = SmallImap(boxes={b"INBOX": {1: ONE}}, refuse={command: "NO [UNAVAILABLE] later"})
    with SmallServer(imap) as server:
        mailbox = opened(server.port)
        with pytest.raises(LabError, match=r"cannot read the mailbox of bia@dest.test: \[UNAVAILABLE\] later"):
            mailbox.messages()


def test_nothing_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(LabError, match=r"cannot read the mailbox of bia@dest.test: \[Errno 111\] Connection refused"):
        opened(port).names()


@pytest.mark.parametrize(
    ("header", "message_id"),
    [
        (b"Message-ID: <a@b>\r\n", "<a@b>"),
        (b"Message-ID:\r\n <a@b>\r\n", "<a@b>"),
        (b"Message-ID: <a b@c>\r\n", "<a b@c>"),
        (b"Message-ID: <\r\n", "<"),  # the modern policy fails on this one
        (b"Message-ID: <a@[\r\n", "<a@["),
        (b"Message-ID: <a@b\r\n", "<a@b"),
        (b"Message-ID: \r\n", None),
        (b"Subject: x\r\n", None),
    ],
)
def test_message_ids(header: bytes, message_id: str | None) -> None:
    assert StoredMessage("INBOX", 1, header + b"\r\nx").message_id == message_id


def test_the_parsed_message() -> None:
    message = StoredMessage("INBOX", 1, ONE).message
    assert (message["Subject"], message.get_content()) == ("one", "hello\r\n")
