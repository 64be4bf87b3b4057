"""The MUA's act, against small SMTP servers on this machine."""

from __future__ import annotations

import socket
import ssl
from base64 import b64encode
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.mime.text import MIMEText
from pathlib import Path

import pytest

from lab.errors import LabError
from lab.mail.dsn import DEFAULT, Dsn
from lab.mail.submit import Receipt, Reply, Server, Tls, compose, new_message_id, sent_at, submit
from tests.unit.small_servers import CLOSE, HANG, SmallServer, SmallSmtp

ANA, BIA, CAI = "ana@home.test", "bia@dest.test", "cai@dest.test"
RAW = b"Message-ID: <one@home.test>\r\n\r\nhello\r\n"
ENVELOPE = [f"MAIL FROM:<{ANA}>", f"RCPT TO:<{BIA}>"]


def hand_over(
    smtp: SmallSmtp,
    *,
    sender: str = ANA,
    to: Sequence[str] = (BIA,),
    data: bytes = RAW,
    login: tuple[str, str] | None = None,
    tls: Tls | None = None,
    beyond: tuple[str, int] | None = None,
    timeout: float = 10,
    dsn: Dsn = DEFAULT,
) -> Receipt:
    with SmallServer(smtp) as server:
        where = Server("mx1:25", "127.0.0.1", server.port, login, tls, beyond)
        return submit(where, sender, to, data, "<one@home.test>", timeout, dsn)


# What is sent


def test_text_becomes_a_message() -> None:
    raw, message_id = compose("Grüße\n", ANA, [BIA, CAI], "Späße")
    message = message_from_bytes(raw, policy=policy.default)
    assert message["From"] == ANA
    assert message["To"] == f"{BIA}, {CAI}"
    assert message["Subject"] == "Späße"
    assert message["Message-ID"] == message_id
    assert abs(message["Date"].datetime - datetime.now(UTC)).total_seconds() < 3600
    assert message.get_content() == "Grüße\r\n"
    assert raw.count(b"\n") == raw.count(b"\r\n")


def test_an_email_message_gets_what_it_lacks_and_is_left_as_it_is() -> None:
    message = EmailMessage()
    message["Subject"] = "twice"
    message.set_content("hello")
    before = message.as_bytes()
    (one, first), (two, second) = (compose(message, ANA, [BIA], "not this") for _ in range(2))
    assert message.as_bytes() == before
    assert first != second
    for raw, message_id in ((one, first), (two, second)):
        sent = message_from_bytes(raw, policy=policy.default)
        assert sent["Message-ID"] == message_id
        assert sent["Subject"] == "twice"
        assert "Date" in sent


def test_an_email_message_keeps_what_it_has() -> None:
    message = EmailMessage()
    message["Message-ID"] = "<mine@home.test>"
    message["Date"] = "Thu, 01 Jan 2026 00:00:00 +0000"
    raw, message_id = compose(message, ANA, [BIA], "x")
    assert message_id == "<mine@home.test>"
    assert raw == b"Message-ID: <mine@home.test>\r\nDate: Thu, 01 Jan 2026 00:00:00 +0000\r\n\r\n"


def test_a_broken_message_id_is_neither_mended_nor_an_error() -> None:
    message = message_from_bytes(b"Message-ID: <\r\n\r\n", policy=policy.default)
    assert isinstance(message, EmailMessage)
    raw, message_id = compose(message, ANA, [BIA], "x")
    assert message_id is None
    assert b"Message-ID: <\r\n" in raw


def test_addresses_beyond_ascii_stand_in_the_header_as_utf_8() -> None:
    raw, _ = compose("x", ANA, ["bía@dest.test"], "x")
    assert "To: bía@dest.test\r\n".encode() in raw


def test_the_null_sender_is_no_from_address() -> None:
    raw, _ = compose("x", "", [BIA], "x")
    assert b"From: MAILER-DAEMON@home.test\r\n" in raw


@pytest.mark.parametrize(
    ("raw", "message_id"),
    [
        (b"Message-ID: <a@b>\r\n\r\n", "<a@b>"),
        (b"message-id:<a@b>\n\nbody", "<a@b>"),
        (b"Subject: x\r\nMessage-ID:\r\n <a@b>\r\n\r\n", "<a@b>"),
        (b"Message-ID: <a@b>", "<a@b>"),
        (b"Message-ID: a@b\r\n\r\n", None),
        (b"Subject: x\r\n\r\nMessage-ID: <in@body>\r\n", None),
        (b"\r\nMessage-ID: <in@body>\r\n\r\n", None),
        (b"\nMessage-ID: <in@body>\n\n", None),
        (b"X-Message-ID: <a@b>\r\n\r\n", None),
        (b"", None),
        (b"\x00\xff no header at all", None),
    ],
)
def test_bytes_and_files_are_as_they_are(raw: bytes, message_id: str | None, tmp_path: Path) -> None:
    file = tmp_path / "message.eml"
    file.write_bytes(raw)
    assert compose(raw, ANA, [BIA], "x") == (raw, message_id)
    assert compose(file, ANA, [BIA], "x") == (raw, message_id)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(LabError) as caught:
        compose(tmp_path / "none.eml", ANA, [BIA], "x")
    assert str(caught.value) == (f"cannot read {tmp_path}/none.eml: No such file or directory\n  give a file's path")


def test_a_line_break_in_the_subject() -> None:
    with pytest.raises(LabError) as caught:
        compose("x", ANA, [BIA], "one\ntwo")
    assert str(caught.value) == (
        "this makes no message: Header values may not contain linefeed or carriage return characters\n"
        "  bytes are sent whatever they are"
    )


def test_a_message_of_the_old_api() -> None:
    with pytest.raises(LabError) as caught:
        compose(MIMEText("x"), ANA, [BIA], "x")  # type: ignore[arg-type]
    assert str(caught.value) == (
        "a MIMEText is not a message\n  give text, an EmailMessage, bytes or a Path; bytes(message) is one"
    )


def test_a_message_id_tells_when_it_was_made() -> None:
    before = datetime.now(UTC)
    made = sent_at(new_message_id())
    assert made is not None
    assert before <= made <= datetime.now(UTC)
    assert new_message_id() != new_message_id()


@pytest.mark.parametrize(
    "message_id",
    ["<a@b>", "<20260101.000000.000000.0123abcd@home.test>", "<20261301.000000.000000.0123abcd@lab.test>", ""],
)
def test_another_message_id_tells_no_time(message_id: str) -> None:
    assert sent_at(message_id) is None


@pytest.mark.parametrize(
    ("reply", "status", "positive", "text"),
    [
        (Reply(250, "2.0.0 Ok"), "2.0.0", True, "250 2.0.0 Ok"),
        (Reply(354, "go on"), None, True, "354 go on"),
        (Reply(450, "4.2.0 later"), "4.2.0", False, "450 4.2.0 later"),
        (Reply(550, "5.1.1000 no"), None, False, "550 5.1.1000 no"),
        (Reply(550, ""), None, False, "550"),
    ],
)
def test_replies(reply: Reply, status: str | None, positive: bool, text: str) -> None:
    assert (reply.status, reply.positive, str(reply)) == (status, positive, text)


# The dialogue


def test_accepted() -> None:
    smtp = SmallSmtp()
    receipt = hand_over(smtp, to=(BIA, CAI))
    assert receipt == Receipt(
        ANA, "<one@home.test>", (BIA, CAI), {}, Reply(250, "2.0.0 Ok: queued as 4ABC"), queue_id="4ABC"
    )
    assert smtp.said[:5] == ["ehlo mua.home.test", *ENVELOPE, f"RCPT TO:<{CAI}>", "data"]
    assert smtp.data == [RAW]


@pytest.mark.parametrize(
    ("stage", "reply"),
    [
        ("banner", "554 5.3.2 not today"),
        ("banner", "421 4.3.2 too many"),
        ("STARTTLS", "454 4.7.0 no TLS now"),
        ("AUTH", "535 5.7.8 bad password"),
        ("AUTH", "454 4.7.0 later"),
        ("MAIL", "550 5.7.1 not you"),
        ("MAIL", "421 4.7.0 too fast"),
        ("DATA", "451 4.3.0 no room"),
        (".", "554 5.7.1 spam"),
        (".", "452 4.3.1 full"),
        (".", "421 4.3.0 going down"),
    ],
)
def test_refused_as_a_whole(stage: str, reply: str) -> None:
    session = stage in ("STARTTLS", "AUTH")
    smtp = SmallSmtp({stage: reply}, keywords=("STARTTLS", "AUTH PLAIN"))
    receipt = hand_over(
        smtp, to=(BIA, CAI), tls="starttls" if stage == "STARTTLS" else None, login=("u", "p") if session else None
    )
    expected = Reply(int(reply[:3]), reply[4:])
    assert receipt.final == expected
    assert receipt.refused == {BIA: expected, CAI: expected}
    assert receipt.queue_id is None
    assert len(smtp.data) == (stage == ".")


def test_ehlo_refused_and_helo_too() -> None:
    receipt = hand_over(SmallSmtp({"EHLO": "502 5.5.1 what", "HELO": "550 5.7.1 go away"}))
    assert receipt.final == Reply(550, "5.7.1 go away")


def test_ehlo_refused_helo_taken() -> None:
    smtp = SmallSmtp({"EHLO": "502 5.5.1 what"})
    assert hand_over(smtp, data="ü\r\n".encode()).queue_id == "4ABC"
    assert smtp.said[1:3] == ["helo mua.home.test", ENVELOPE[0]]


def test_every_recipient_refused() -> None:
    smtp = SmallSmtp({"RCPT": ["550 5.1.1 nobody", "450 4.2.0 later"]})
    receipt = hand_over(smtp, to=(BIA, CAI))
    assert receipt.final is None
    assert receipt.refused == {BIA: Reply(550, "5.1.1 nobody"), CAI: Reply(450, "4.2.0 later")}
    assert "data" not in smtp.said


def test_some_recipients_refused() -> None:
    smtp = SmallSmtp({"RCPT": ["550 5.1.1 nobody", "250 ok"]})
    receipt = hand_over(smtp, to=(BIA, CAI))
    assert receipt.refused == {BIA: Reply(550, "5.1.1 nobody")}
    assert receipt.queue_id == "4ABC"


def test_some_recipients_refused_and_then_the_message() -> None:
    smtp = SmallSmtp({"RCPT": ["550 5.1.1 nobody", "250 ok"], ".": "554 5.7.1 spam"})
    receipt = hand_over(smtp, to=(BIA, CAI))
    assert receipt.refused == {BIA: Reply(550, "5.1.1 nobody"), CAI: Reply(554, "5.7.1 spam")}


def test_421_in_the_middle_decides_for_all() -> None:
    smtp = SmallSmtp({"RCPT": ["250 ok", "421 4.7.0 too many errors"]})
    receipt = hand_over(smtp, to=(BIA, CAI, "dora@dest.test"))
    closing = Reply(421, "4.7.0 too many errors")
    assert receipt.final == closing
    assert receipt.refused == dict.fromkeys((BIA, CAI, "dora@dest.test"), closing)
    assert smtp.said.count("RCPT TO:<dora@dest.test>") == 0


def test_a_reply_of_several_lines() -> None:
    receipt = hand_over(SmallSmtp({"MAIL": "550-5.7.1 not\r\n550-5.7.1 you\r\n550 5.7.1 at all"}))
    assert receipt.final == Reply(550, "5.7.1 not 5.7.1 you 5.7.1 at all")
    assert receipt.final.status == "5.7.1"


@pytest.mark.parametrize("reply", ["250 2.0.0 Ok", "250 queued as 4ABC for later"])
def test_accepted_without_a_queue_id(reply: str) -> None:
    receipt = hand_over(SmallSmtp({".": reply}))
    assert receipt.final is not None
    assert receipt.final.positive
    assert receipt.queue_id is None
    assert receipt.refused == {}


@pytest.mark.parametrize("quit_reply", [CLOSE, "500 what", "not SMTP", "421 4.0.0 going down"])
def test_what_is_answered_to_quit_changes_nothing(quit_reply: str) -> None:
    assert hand_over(SmallSmtp({"QUIT": quit_reply})).queue_id == "4ABC"


@pytest.mark.parametrize("stage", ["banner", "EHLO", "MAIL", "RCPT", "DATA", "."])
def test_the_connection_is_lost(stage: str) -> None:
    with pytest.raises(LabError) as caught:
        hand_over(SmallSmtp({stage: CLOSE}))
    cause, hint = str(caught.value).split("\n")
    assert cause.startswith("mx1:25 (127.0.0.1:")
    assert cause.endswith(") took no message: Connection unexpectedly closed")
    assert hint == "  is mx1:25 up? `lab status` tells, `lab logs mx1` shows why"


@pytest.mark.parametrize("stage", ["banner", "EHLO", "MAIL", "."])
def test_nothing_is_said_before_the_deadline(stage: str) -> None:
    with pytest.raises(LabError, match=r"took no message: .*timed out"):
        hand_over(SmallSmtp({stage: HANG}), timeout=0.2)


@pytest.mark.parametrize("stage", ["banner", "EHLO", "MAIL", "RCPT", "DATA", "."])
def test_what_is_no_reply_is_no_success(stage: str) -> None:
    with pytest.raises(LabError, match=r"took no message: what it says is not an SMTP reply \(RFC 5321 4\.2\)"):
        hand_over(SmallSmtp({stage: "HTTP/1.1 400 Bad Request"}))


def test_a_reply_that_cannot_be_there() -> None:
    with pytest.raises(LabError, match="answered out of turn: 250 hello"):
        hand_over(SmallSmtp({"banner": "250 hello"}))


def test_nothing_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(LabError, match=r"took no message: \[Errno 111\] Connection refused"):
        submit(Server("mx1:25", "127.0.0.1", port), ANA, [BIA], RAW, None, 10)


# Extensions


@pytest.mark.parametrize(
    ("keywords", "data", "sender", "to", "mail"),
    [
        (("8BITMIME",), RAW, ANA, BIA, f"MAIL FROM:<{ANA}>"),
        (("8BITMIME",), b"\xff\r\n", ANA, BIA, f"MAIL FROM:<{ANA}> BODY=8BITMIME"),
        (("SIZE",), b"\xff\r\n", ANA, BIA, f"MAIL FROM:<{ANA}>"),
        (("SMTPUTF8",), RAW, ANA, "bía@dest.test", f"MAIL FROM:<{ANA}> SMTPUTF8"),
        (("SMTPUTF8",), RAW, "ána@home.test", BIA, "MAIL FROM:<ána@home.test> SMTPUTF8"),
        (
            ("8BITMIME", "SMTPUTF8"),
            b"\xff\r\n",
            ANA,
            "bia@dést.test",
            f"MAIL FROM:<{ANA}> BODY=8BITMIME SMTPUTF8",
        ),
    ],
)
def test_parameters_of_mail(keywords: tuple[str, ...], data: bytes, sender: str, to: str, mail: str) -> None:
    smtp = SmallSmtp(keywords=keywords)
    assert hand_over(smtp, sender=sender, to=[to], data=data).queue_id == "4ABC"
    assert smtp.said[1:3] == [mail, f"RCPT TO:<{to}>"]
    assert smtp.data == [data]


def test_what_is_asked_of_notices() -> None:
    smtp = SmallSmtp(keywords=("DSN",))
    hand_over(smtp, to=(BIA, CAI), dsn=Dsn(("success", "failure"), "full", "42", "rfc822;team@home.test"))
    more = " NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;team@home.test"
    assert smtp.said[1:4] == [
        f"MAIL FROM:<{ANA}> RET=FULL ENVID=42",
        f"RCPT TO:<{BIA}>{more}",
        f"RCPT TO:<{CAI}>{more}",
    ]


def test_dsn_not_offered() -> None:
    smtp = SmallSmtp()
    with pytest.raises(LabError, match="this host does not offer DSN"):
        hand_over(smtp, dsn=Dsn(("never",)))
    assert not [command for command in smtp.said if command.startswith("MAIL")]


def test_smtputf8_not_offered() -> None:
    smtp = SmallSmtp(keywords=("8BITMIME",))
    with pytest.raises(LabError) as caught:
        hand_over(smtp, to=["bía@dest.test"])
    assert str(caught.value) == (
        "an address is not ASCII and this host does not offer SMTPUTF8 (RFC 6531)\n  use an ASCII address"
    )
    assert not any(line.startswith("MAIL") for line in smtp.said)


def test_starttls_and_auth(tls: ssl.SSLContext) -> None:
    smtp = SmallSmtp(keywords=("STARTTLS", "AUTH LOGIN PLAIN"), tls=tls)
    assert hand_over(smtp, tls="starttls", login=("customer", "secret")).queue_id == "4ABC"
    credentials = b64encode(b"\0customer\0secret").decode()
    assert smtp.said[:4] == ["ehlo mua.home.test", "STARTTLS", "ehlo mua.home.test", f"AUTH PLAIN {credentials}"]


def test_tls_from_the_first_byte_on(tls: ssl.SSLContext) -> None:
    smtp = SmallSmtp(keywords=("AUTH PLAIN",))

    def wrapped(connection: socket.socket) -> None:
        with tls.wrap_socket(connection, server_side=True) as secured:
            smtp(secured)

    with SmallServer(wrapped) as server:
        where = Server("mx1:465", "127.0.0.1", server.port, ("customer", "secret"), "implicit")
        assert submit(where, ANA, [BIA], RAW, None, 10).queue_id == "4ABC"
    assert smtp.said[1].startswith("AUTH PLAIN ")
    assert "STARTTLS" not in smtp.said


def test_tls_where_nobody_speaks_it_is_told() -> None:
    def plain(connection: socket.socket) -> None:
        connection.sendall(b"220 small.test ESMTP\r\n")

    with SmallServer(plain) as server, pytest.raises(LabError, match=r"mx1:465 .* took no message: .*SSL"):
        submit(Server("mx1:465", "127.0.0.1", server.port, tls="implicit"), ANA, [BIA], RAW, None, 10)


@pytest.mark.parametrize(
    ("keywords", "cause"),
    [
        (("AUTH PLAIN",), "STARTTLS extension not supported by server."),
        (("STARTTLS",), "SMTP AUTH extension not supported by server."),
        (("STARTTLS", "AUTH GSSAPI"), "No suitable authentication method found."),
    ],
)
def test_what_is_needed_is_not_offered(keywords: tuple[str, ...], cause: str, tls: ssl.SSLContext) -> None:
    smtp = SmallSmtp(keywords=keywords, tls=tls)
    with pytest.raises(LabError, match=rf"took no message: {cause}"):
        hand_over(smtp, tls="starttls", login=("customer", "secret"))
    assert not any(line.startswith(("AUTH", "MAIL")) for line in smtp.said)


def test_a_guest_is_reached_through_the_gateway() -> None:
    heard: list[bytes] = []
    smtp = SmallSmtp()

    def gateway(connection: socket.socket) -> None:
        header = b""
        while not header.endswith(b"\r\n"):
            header += connection.recv(1)
        heard.append(header)
        smtp(connection)

    with SmallServer(gateway) as server:
        where = Server("guest:25", "127.0.0.1", server.port, beyond=("198.18.0.77", 2525))
        assert submit(where, ANA, [BIA], RAW, None, 10).queue_id == "4ABC"
    assert heard == [b"PROXY TCP4 127.0.0.1 198.18.0.77 1 2525\r\n"]


# What goes over the wire


@pytest.mark.parametrize(
    ("data", "wire"),
    [
        (b"a: b\r\n\r\n.dot\r\n..two\r\n", b"a: b\r\n\r\n..dot\r\n...two\r\n"),
        (b"bare\nlf\r\n", b"bare\nlf\r\n"),
        (b"bare\n.lf\r\n", b"bare\n..lf\r\n"),  # Postfix takes LF for a line's end, and the dot off again
        (b"bare\rcr\r\n", b"bare\rcr\r\n"),
        (b"unix\nfile\n", b"unix\nfile\r\n"),
        (b"no end", b"no end\r\n"),
        (b"\x00\xff\r\n", b"\x00\xff\r\n"),
        (b"", b"\r\n"),
        (b"x" * 5000 + b"\r\n", b"x" * 5000 + b"\r\n"),
    ],
)
def test_bytes_on_the_wire(data: bytes, wire: bytes) -> None:
    smtp = SmallSmtp()
    assert hand_over(smtp, data=data).queue_id == "4ABC"
    assert smtp.data == [wire]


@pytest.mark.parametrize(
    "address",
    ["", "postmaster", "a(b)c@dest.test", "b,c@dest.test", "b;c@dest.test", '"b c"@dest.test', "@a.test:b@c.test"],
)
def test_addresses_are_said_as_they_are(address: str) -> None:
    smtp = SmallSmtp()
    hand_over(smtp, sender=address, to=[address])
    assert smtp.said[1:3] == [f"MAIL FROM:<{address}>", f"RCPT TO:<{address}>"]


@pytest.mark.parametrize(
    "wrong", [{"to": ["bia@dest.test>\r\nRCPT TO:<x@y"]}, {"sender": "a\n"}, {"login": ("u", "pä")}]
)
def test_what_cannot_be_said(wrong: Mapping[str, object]) -> None:
    with pytest.raises(LabError, match=r"this cannot be said in SMTP: .*\n  look at the sender, the recip"):
        hand_over(SmallSmtp(keywords=("AUTH PLAIN",)), **wrong)  # type: ignore[arg-type]
