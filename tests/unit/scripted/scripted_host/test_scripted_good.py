"""Without a script an address is a good MTA."""

from __future__ import annotations

import smtplib

import pytest

from .host import ADDRESS, Client, Host

OFFERED = [
    *("PIPELINING", "SIZE 10240000", "STARTTLS", "ENHANCEDSTATUSCODES"),
    *("8BITMIME", "DSN", "SMTPUTF8", "CHUNKING", "HELP"),
]


def test_takes_a_message_as_it_came(host: Host, client: Client) -> None:
    client.envelope().send("Message-ID: <one@home.test>\r\n\r\n..dot\r\nbare\nlf\r\n.\r\n")
    assert client.reply() == "250 2.0.0 Ok: queued as S000001"
    assert client.say("QUIT") == "221 2.0.0 Bye"
    assert client.rest() == b""
    assert host.api.messages(ADDRESS) == [b"Message-ID: <one@home.test>\r\n\r\n.dot\r\nbare\nlf\r\n"]
    message = host.control.call("GET", "/messages", address=ADDRESS)[0]
    del message["raw"]
    assert message == {
        "queue_id": "S000001",
        "sender": "ana@home.test",
        "recipients": ["bia@dest.test"],
        "message_id": "<one@home.test>",
        "size": 46,
    }
    assert host.ended()["ended"] == "quit"


def test_only_crlf_dot_crlf_ends_a_message(host: Host, client: Client) -> None:
    client.envelope().send("a\n.\nb\r\n.\nc\n.\r\nd\r\n.\r\n")
    assert client.reply().startswith("250 ")
    # The dot that begins a line is stuffing; the others are text.
    assert host.api.messages(ADDRESS) == [b"a\n.\nb\r\n\nc\n.\r\nd\r\n"]


def test_an_empty_message(host: Host, client: Client) -> None:
    client.envelope().send(".\r\n")
    assert client.reply() == "250 2.0.0 Ok: queued as S000001"
    assert host.api.messages(ADDRESS) == [b""]


def test_the_end_of_data_may_come_in_pieces(host: Host, client: Client) -> None:
    client.envelope()
    for piece in ("hello\r", "\n.", "\r", "\n"):
        client.send(piece)
    assert client.reply().startswith("250 ")
    assert host.api.messages(ADDRESS) == [b"hello\r\n"]


def test_pipelined_commands_are_answered_in_order(client: Client) -> None:
    assert client.reply() == "220 scripted.test ESMTP"
    client.send("EHLO c\r\nMAIL FROM:<>\r\nRCPT TO:<bia@dest.test>\r\nDATA\r\nhi\r\n.\r\nNOOP\r\nQUIT\r\n")
    assert client.reply() == "\n".join(
        [f"250-{line}" for line in ("scripted.test", *OFFERED[:-1])] + [f"250 {OFFERED[-1]}"]
    )
    rest = [
        "250 2.1.0 Ok",
        "250 2.1.5 Ok",
        "354 go",
        "250 2.0.0 Ok: queued as S000001",
        "250 2.0.0 Ok",
        "221 2.0.0 Bye",
    ]
    assert client.rest().decode().splitlines() == rest


@pytest.mark.parametrize(
    ("line", "reply"),
    [
        ("FOO", "500 5.5.2 Error: command not recognized"),
        ("", "500 5.5.2 Error: command not recognized"),
        ("EHLO", "501 5.5.4 Syntax: EHLO hostname"),
        ("RCPT TO:<bia@dest.test>", "503 5.5.1 Error: need MAIL command"),
        ("DATA", "503 5.5.1 Error: need MAIL command"),
        ("MAIL ana@home.test", "501 5.5.4 Syntax: MAIL FROM:<address>"),
        ("MAIL FROM:<ana>", "501 5.1.7 Bad sender address syntax"),
        ("MAIL FROM:<ána@home.test>", "553 5.6.7 Must declare SMTPUTF8 to send unicode address"),
        ("MAIL FROM:<ána@home.test> SMTPUTF8", "250 2.1.0 Ok"),
        ("MAIL FROM:<a\u3000na@home.test> SMTPUTF8", "250 2.1.0 Ok"),  # no blank, but a letter of the address
        ("MAIL FROM:<a@home.test> SIZE=\u0664", "501 5.5.4 Bad value of SIZE: \u0664"),
        ('MAIL FROM:<"a > b"@home.test>', "250 2.1.0 Ok"),
        ("mail from:<@relay.test:ana@home.test> body=8bitmime ret=hdrs envid=7", "250 2.1.0 Ok"),
        ("MAIL FROM:<a@home.test> BODY=9BIT", "501 5.5.4 Bad value of BODY: 9BIT"),
        ("MAIL FROM:<a@home.test> REQUIRETLS", "555 5.5.4 Unsupported option: REQUIRETLS"),
        ("MAIL FROM:<a@home.test> SIZE=10240001", "552 5.3.4 Message size exceeds fixed limit"),
        ("AUTH PLAIN AGEAYg==", "502 5.5.1 Error: command not implemented"),
        ("BDAT x", "501 5.5.4 Syntax: BDAT count [LAST]"),
        ("RSET", "250 2.0.0 Ok"),
        ("RSET now", "501 5.5.4 Syntax: RSET"),
        ("NOOP anything", "250 2.0.0 Ok"),
        ("VRFY ana", "252 2.0.0 ana"),
        ("VRFY", "501 5.5.4 Syntax: VRFY address"),
        ("STARTTLS now", "501 5.5.4 Syntax: no parameters allowed"),
        ("QUIT now", "501 5.5.4 Syntax: QUIT"),
        ("NOOP " + "x" * 3000, "500 5.5.2 Error: line too long"),
        ("NOOP " + "x" * 300000, "500 5.5.2 Error: line too long"),
    ],
)
def test_a_command_after_ehlo(client: Client, line: str, reply: str) -> None:
    assert client.start().say(line) == reply
    assert client.say("NOOP") == "250 2.0.0 Ok"


def test_mail_wants_a_greeting_first(client: Client) -> None:
    client.reply()
    assert client.say("MAIL FROM:<>") == "503 5.5.1 Error: send HELO/EHLO first"
    assert client.say("HELO client.test") == "250 scripted.test"
    assert client.say("MAIL FROM:<>") == "250 2.1.0 Ok"


def test_one_transaction_at_a_time(client: Client) -> None:
    client.start("MAIL FROM:<>")
    assert client.say("MAIL FROM:<>") == "503 5.5.1 Error: nested MAIL command"
    assert client.say("DATA") == "554 5.5.1 Error: no valid recipients"
    assert client.say("RCPT TO:<>") == "501 5.1.3 Bad recipient address syntax"
    assert client.say("RCPT TO:<postmaster> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;a@b.test") == "250 2.1.5 Ok"
    assert client.say("RSET") == "250 2.0.0 Ok"
    assert client.say("RCPT TO:<bia@dest.test>") == "503 5.5.1 Error: need MAIL command"


def test_chunks(host: Host, client: Client) -> None:
    client.start("MAIL FROM:<> BODY=8BITMIME", "RCPT TO:<bia@dest.test>")
    client.send(b"BDAT 5\r\n.a\r\n.BDAT 4 LAST\r\n\r\n.\xe1")
    assert client.reply() == "250 2.0.0 Ok: 5 bytes"
    assert client.reply() == "250 2.0.0 Ok: 9 bytes queued as S000001"
    assert host.api.messages(ADDRESS) == [b".a\r\n.\r\n.\xe1"]  # chunks are not stuffed (RFC 3030 2)


def test_a_chunk_is_taken_in_before_it_is_refused(client: Client) -> None:
    client.start()
    client.send("BDAT 6 LAST\r\nQUIT\r\nNOOP\r\n")
    assert client.reply() == "503 5.5.1 Error: need MAIL command"
    assert client.reply() == "250 2.0.0 Ok"


def test_data_does_not_follow_bdat(client: Client) -> None:
    client.start("MAIL FROM:<>", "RCPT TO:<bia@dest.test>")
    client.send("BDAT 1\r\nx")
    assert client.reply() == "250 2.0.0 Ok: 1 bytes"
    assert client.say("DATA") == "503 5.5.1 Error: need MAIL command"


def test_starttls_forgets_what_came_before(host: Host, client: Client) -> None:
    client.start("MAIL FROM:<>")
    client.send("STARTTLS\r\nRCPT TO:<injected@evil.test>\r\n")  # one segment, as an attacker sends it
    assert client.reply() == "220 2.0.0 Ready to start TLS"
    client.secure()
    assert client.say("MAIL FROM:<>") == "503 5.5.1 Error: send HELO/EHLO first"
    assert "STARTTLS" not in client.say("EHLO client.test")
    assert client.say("STARTTLS") == "503 5.5.1 Error: TLS already active"
    assert client.say("RCPT TO:<bia@dest.test>") == "503 5.5.1 Error: need MAIL command"
    assert client.say("QUIT") == "221 2.0.0 Bye"
    assert host.ended()["tls"] == "TLSv1.3"
    assert "evil" not in str(host.lines())


def test_a_failed_handshake_ends_the_session(host: Host, client: Client) -> None:
    client.start("STARTTLS")
    client.send("EHLO client.test\r\n")
    client.rest()
    assert host.ended()["ended"] == "TLS handshake failed"


def test_a_client_that_leaves(host: Host) -> None:
    with Client(host.ports.smtp) as client:
        client.start()
    assert host.ended()["ended"] == "closed by client"


def test_a_large_message_over_tls(host: Host) -> None:
    text = b"".join(b"%06d %s\r\n" % (number, b"." * (number % 900)) for number in range(5000))
    with smtplib.SMTP(ADDRESS, host.ports.smtp, timeout=20) as smtp:
        smtp.starttls()
        smtp.sendmail("ana@home.test", ["bia@dest.test", "cy@dest.test"], text)
    assert host.api.messages(ADDRESS) == [text]


def test_the_log_tells_each_step(host: Host, client: Client) -> None:
    client.envelope().send("Message-ID: <x@home.test>\r\n\r\n.\r\n")
    client.reply()
    client.say("QUIT")
    host.ended()
    lines = host.lines()
    told = [(each["event"], each.get("stage"), (each.get("text") or "").split("\n")[0]) for each in lines]
    assert told == [
        ("connect", None, ""),
        ("reply", "banner", "220 scripted.test ESMTP"),
        ("command", "ehlo", "EHLO client.test"),
        ("reply", "ehlo", "250-scripted.test"),
        ("command", "mail", "MAIL FROM:<ana@home.test>"),
        ("reply", "mail", "250 2.1.0 Ok"),
        ("command", "rcpt", "RCPT TO:<bia@dest.test>"),
        ("reply", "rcpt", "250 2.1.5 Ok"),
        ("command", "data", "DATA"),
        ("reply", "data", "354 go"),
        ("message", None, ""),
        ("reply", "end-of-data", "250 2.0.0 Ok: queued as S000001"),
        ("command", "quit", "QUIT"),
        ("reply", "quit", "221 2.0.0 Bye"),
        ("close", "quit", "quit"),
    ]
    assert {each["session"] for each in lines} == {1}
    assert {each.get("fault") for each in lines} == {None}
