# ruff: noqa: E501  a log line stands in one line
"""Every sentence with which a delivery agent of Postfix 3.10 ends an attempt or a delivery, read from its source.

The table: the sentence; then the stage, the reply, the reason and the status that it tells; and how the server is found:
"named" in the sentence, in the lines "before", or "none" where no server was asked.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple

import pytest

from lab.route import events
from lab.route.model import UNKNOWN
from lab.servers.postfix import log as postfix
from lab.servers.postfix import sentences

from .recordings import postfix_events
from .test_history import MX1, MX2, attempts, story, to

AT = datetime(2026, 1, 1, tzinfo=UTC)
M = "m.test[192.0.2.1]"
UNIX = "h.test[private/dovecot-lmtp]"


class Row(NamedTuple):
    """One sentence of smtp(8) and lmtp(8)."""

    text: str
    stage: str
    reply: str | None
    reason: str
    status: str | None
    peer: str = "named"


SENTENCES = [
    # smtp_connect.c
    Row(f"connect to {M}:25: Connection refused", "connect", None, "Connection refused", "4.4.1"),
    Row(f"connect to {M}:25: No route to host", "connect", None, "No route to host", "4.4.1"),
    Row(f"connect to {UNIX}: No such file or directory", "connect", None, "No such file or directory", "4.4.1"),
    # smtp_proto.c, smtp_helo()
    Row(f"host {M} refused to talk to me: 454 4.3.2 no", "banner", "454 4.3.2 no", "454 4.3.2 no", "4.3.2"),
    Row(f"host {M} refused to talk to me: 421 no", "banner", "421 no", "421 no", "4.0.0"),
    # A 5xx greeting counts as 4xx (smtp_skip_5xx_greeting); which status that makes, the log does not say.
    Row(f"host {M} refused to talk to me: 554 no", "banner", "554 no", "554 no", None),
    Row(
        "mail for a.test loops back to myself", "ehlo", None, "mail for a.test loops back to myself", "4.4.6", "before"
    ),
    Row("client TLS configuration problem", "ehlo", None, "client TLS configuration problem", "4.7.0", "before"),
    Row(
        f"SMTPUTF8 is required, but was not offered by host {M}",
        "ehlo",
        None,
        "SMTPUTF8 is required, but was not offered",
        "5.6.7",
    ),
    Row(
        f"TLS is required, but host {M} refused to start TLS: 454 4.7.0 no",
        "starttls",
        "454 4.7.0 no",
        "454 4.7.0 no",
        "4.7.0",
    ),
    Row(
        f"TLS is required, but was not offered by host {M}",
        "starttls",
        None,
        "TLS is required, but was not offered",
        "4.7.4",
    ),
    Row(
        "TLS is required, but our TLS engine is unavailable",
        "starttls",
        None,
        "TLS is required, but our TLS engine is unavailable",
        "4.7.5",
        "before",
    ),
    Row("TLS is required, but unavailable", "starttls", None, "TLS is required, but unavailable", "4.7.0", "before"),
    Row(
        "Cannot start TLS: handshake failure",
        "starttls",
        None,
        "Cannot start TLS: handshake failure",
        "4.7.5",
        "before",
    ),
    Row("Server certificate not verified", "starttls", None, "Server certificate not verified", "4.7.5", "before"),
    # smtp_sasl_glue.c, smtp_sasl_proto.c
    Row(
        f"SASL authentication failed; server {M} said: 535 5.7.8 bad", "auth", "535 5.7.8 bad", "535 5.7.8 bad", "5.7.8"
    ),
    Row(
        f"SASL authentication failed; server {M} said: 535-5.7.8 a?535 5.7.8 b",
        "auth",
        "535-5.7.8 a?535 5.7.8 b",
        "535-5.7.8 a?535 5.7.8 b",
        "5.7.8",
    ),
    Row(
        "SASL [CACHED] authentication failed; server m.test said: 535 5.7.8 bad",
        "auth",
        "535 5.7.8 bad",
        "535 5.7.8 bad",
        "5.7.8",
        "name",
    ),
    Row(
        f"SASL authentication failed; cannot authenticate to server {M}: no mechanism available",
        "auth",
        None,
        "SASL authentication failed",
        "4.7.0",
    ),
    Row(
        f"SASL authentication failed; authentication protocol loop with server {M}",
        "auth",
        None,
        "SASL authentication failed; authentication protocol loop",
        "4.3.0",
    ),
    Row(
        f"SASL authentication failed; non-empty initial PLAIN challenge from server {M}: x",
        "auth",
        None,
        "SASL authentication failed; non-empty initial PLAIN challenge",
        "4.7.0",
    ),
    Row(
        f"SASL authentication failed: server {M} offered no compatible authentication mechanisms for this type of connection security",
        "auth",
        None,
        "offered no compatible authentication mechanisms for this type of connection security",
        "4.7.0",
    ),
    # smtp_proto.c, smtp_xfer() and smtp_loop()
    Row(
        f"message size 3772 exceeds size limit 1000 of server {M}",
        "mail",
        None,
        "message size 3772 exceeds size limit 1000",
        "5.3.4",
    ),
    Row("unexpected server message", "mail", None, "unexpected server message", "4.7.0", "before"),
    Row(f"host {M} said: 451 4.3.0 x (in reply to MAIL FROM command)", "mail", "451 4.3.0 x", "451 4.3.0 x", "4.3.0"),
    Row(f"host {M} said: 550 x (y) (in reply to RCPT TO command)", "rcpt", "550 x (y)", "550 x (y)", "5.0.0"),
    Row(
        f"host {M} said: 450-4.7.1 a 450 4.2.0 b (in reply to RCPT TO command)",
        "rcpt",
        "450-4.7.1 a 450 4.2.0 b",
        "450-4.7.1 a 450 4.2.0 b",
        "4.2.0",
    ),
    Row(f"host {M} said: 450 5.1.1 x (in reply to RCPT TO command)", "rcpt", "450 5.1.1 x", "450 5.1.1 x", "4.0.0"),
    Row(f"host {M} said: 451 x (in reply to DATA command)", "data", "451 x", "451 x", "4.0.0"),
    Row(f"host {M} said: 451 x (in reply to end of DATA command)", "end-of-data", "451 x", "451 x", "4.0.0"),
    Row(
        f"Protocol error: host {M} said: 250 2.0.0 x (in reply to DATA command)",
        "data",
        "250 2.0.0 x",
        "250 2.0.0 x",
        "5.5.0",
    ),
    Row(
        f"host {M} said: hello 550 5.1.1 no (in reply to RCPT TO command)",
        "rcpt",
        "550 5.1.1 no",
        "hello 550 5.1.1 no",
        "5.1.1",
    ),
    Row(f"host {M} said: a 450 b 550 c (in reply to RCPT TO command)", "rcpt", "a 450 b 550 c", "a 450 b 550 c", None),
    # A line of 2,000 bytes is cut (MSG_LOGGER_RECLEN), and with it the command that was answered.
    Row(f"host {M} said: 451 4.3.0 and so o", UNKNOWN, "451 4.3.0 and so o", "451 4.3.0 and so o", "4.3.0"),
    Row("unreadable mail queue entry", "data", None, "unreadable mail queue entry", "5.3.0", "before"),
    # mime_state.c
    Row("MIME nesting exceeds safety limit", "data", None, "MIME nesting exceeds safety limit", "5.6.0", "before"),
    Row(
        "message header length exceeds safety limit",
        "data",
        None,
        "message header length exceeds safety limit",
        "5.6.0",
        "before",
    ),
    Row(
        "improper use of 8-bit data in message header",
        "data",
        None,
        "improper use of 8-bit data in message header",
        "5.6.0",
        "before",
    ),
    Row(
        "improper use of 8-bit data in message body",
        "data",
        None,
        "improper use of 8-bit data in message body",
        "5.6.0",
        "before",
    ),
    Row(
        "invalid message/* or multipart/* encoding domain",
        "data",
        None,
        "invalid message/* or multipart/* encoding domain",
        "5.6.0",
        "before",
    ),
    # smtp_trouble.c
    Row(f"local data error while talking to {M}", UNKNOWN, None, "local data error", "4.3.0"),
    *(
        Row(f"lost connection with {M} while {step}", stage, None, f"lost connection while {step}", "4.4.2")
        for step, stage in (
            ("receiving the initial server greeting", "banner"),
            ("performing the EHLO handshake", "ehlo"),
            ("performing the HELO handshake", "ehlo"),
            ("performing the LHLO handshake", "ehlo"),
            ("receiving the STARTTLS response", "starttls"),
            ("sending XFORWARD name/address", "xforward"),
            ("sending XFORWARD protocol/helo_name", "xforward"),
            ("sending MAIL FROM", "mail"),
            ("sending RCPT TO", "rcpt"),
            ("sending DATA command", "data"),
            ("sending message body", "data"),
            ("sending end of data -- message may be sent more than once", "end-of-data"),
        )
    ),
    Row(
        f"conversation with {M} timed out while sending MAIL FROM",
        "mail",
        None,
        "timed out while sending MAIL FROM",
        "4.4.2",
    ),
]

# No server was asked, or none is concerned: what agents say of a recipient without an attempt at a hand-over.
NO_ATTEMPT = [
    (
        "smtp",
        "Host or domain name not found. Name service error for name=a.test type=MX: Host not found, try again",
    ),  # dns_lookup.c
    ("smtp", "Domain a.test does not accept mail (nullMX)"),
    ("smtp", "unable to find primary relay for a.test"),  # smtp_addr.c
    ("smtp", "unable to look up host a.test: No address associated with hostname"),
    ("smtp", "a.test: host not found"),
    ("smtp", "all network protocols are disabled"),  # smtp_connect.c
    ("smtp", "network address conversion failed: Invalid argument"),
    ("smtp", "server configuration error"),
    ("lmtp", "Server configuration error"),
    ("smtp", "server unavailable or unable to receive mail"),
    ("smtp", "Temporary lookup error"),  # smtp_tls_policy.c
    ("smtp", "TLSA lookup error for m.test:25"),
    ("smtp", "mail system configuration error"),  # smtp.c
    ("error", f"delivery temporarily suspended: connect to {M}:25: Connection refused"),  # error(8): qmgr(8)'s reason
    ("error", "mail transport unavailable"),
    ("local", "delivered to mailbox"),
    ("local", "delivered to command: exec /usr/bin/procmail"),
    ("local", "forwarded as 4jYhXH43dxzDPNJ"),
    ("local", 'unknown user: "nobody"'),
    ("local", "mail forwarding loop for a@x.test"),
    ("local", "cannot update mailbox /var/mail/a for user a. error writing message: File too large"),
    ("virtual", "delivered to maildir"),
    ("virtual", 'unknown user: "a@x.test"'),
    ("virtual", "mailbox /var/mail/a: bad uid 0 in virtual_uid_maps"),
    ("pipe", "delivered via filter service (250 ok)"),
    ("pipe", 'Command time limit exceeded: "/bin/x"'),
    ("pipe", "user unknown. Command output: no such user"),
    ("pipe", "message too large"),
    ("discard", "a.test"),
    ("cleanup", "unreasonable virtual_alias_maps map nesting for a@x.test -- message not accepted, try again later"),
    ("qmgr", "undeliverable postmaster notification discarded"),
]

# With the queue id of a message, or the address of a server, and nothing about an attempt.
ASIDE = [
    "smtp[7]: ABCDEF012: enabling PIX workarounds: disable_esmtp delay_dotcrlf for m.test[192.0.2.1]:25",
    "smtp[7]: ABCDEF012: passing <a@x.test> to transport=lmtp",
    "smtp[7]: ABCDEF012: breaking line > 998 bytes with <CR><LF>SPACE",
    "smtp[7]: ABCDEF012: replace: header Subject: x: Subject: y",
    "smtp[7]: Host offered STARTTLS: [m.test]",
    "smtp[7]: discarding EHLO keywords: CHUNKING",
    "smtp[7]: table hash:/x has changed -- restarting",
    "smtp[7]: < m.test[192.0.2.1]:25: 220 m.test ESMTP",
    "smtp[7]: > m.test[192.0.2.1]:25: EHLO h.test",
    "smtp[7]: smtp_parse_destination: a.test smtp",
    'smtp[7]: SMTPS wrappermode (TCP port 465) requires setting "smtp_tls_wrappermode = yes", and "smtp_tls_security_level = encrypt" (or stronger)',
    "local[7]: table hash:/x has changed -- restarting",
]
# What names the server of the next sentence that names none.
NAMED = [
    "smtp[7]: warning: host m.test[192.0.2.1]:25 replied to HELO/EHLO with my own hostname twin.test",
    "smtp[7]: warning: host m.test[192.0.2.1]:25 greeted me with my own hostname twin.test",
    'smtp[7]: warning: m.test[192.0.2.1]:25: Invalid TLS protocol list "x": aborting TLS session',
    "smtp[7]: warning: m.test[192.0.2.1]:25 offered null AUTH mechanism list",
    "smtp[7]: host m.test[192.0.2.1] offers SMTPUTF8 support, but not 8BITMIME",
    "smtp[7]: certificate verification failed for m.test[192.0.2.1]:25: self-signed certificate",
    "smtp[7]: server certificate verification failed for m.test[192.0.2.1]:25: certificate has expired",
    "smtp[7]: SSL_connect error to m.test[192.0.2.1]:25: lost connection",
    "smtp[7]: m.test[192.0.2.1]:25: re-using session with untrusted certificate, look for details earlier in the log",
    "lmtp[7]: setting up TLS connection to m.test[192.0.2.1]:24",
]


@pytest.mark.parametrize("row", SENTENCES, ids=[row.text for row in SENTENCES])
def test_a_sentence_tells_stage_reply_reason_and_status(row: Row) -> None:
    found = sentences.read(row.text)
    assert found is not None
    assert (found.stage, found.reply, found.reason, found.status) == (row.stage, row.reply, row.reason, row.status)
    unix = "private/" in row.text
    server = {
        "named": ("h.test", "private/dovecot-lmtp") if unix else ("m.test", "192.0.2.1"),
        "name": ("m.test", None),
    }
    assert (found.relay, found.address) == server.get(row.peer, (None, None))


@pytest.mark.parametrize("row", SENTENCES, ids=[row.text for row in SENTENCES])
def test_a_sentence_is_an_attempt_at_its_server_when_the_client_goes_on(row: Row) -> None:
    """The lines before it name the server where it does not itself."""
    server = UNIX if "private/" in row.text else M
    named = f"1 direct smtp[20]: Untrusted TLS connection established to {server}:25: TLSv1.3 with cipher X (1/1 bits)"
    stage = "" if row.stage == "connect" else named
    id_ = "" if row.stage == "connect" else "QQQQQQQQQQ1: "
    history = story(f"""
{stage}
1 direct smtp[20]: {id_}{row.text}
2 direct smtp[20]: QQQQQQQQQQ1: {to("a@x.test", MX2, "sent", "250 ok")}
""")
    first, second = history.routes("<m@home.test>")[0].attempts
    host, address = server.rstrip("]").split("[")
    assert (first.target, first.address) == (host.partition(".")[0], address)
    assert (first.stage, first.reply, first.reason, first.dsn) == (row.stage, row.reply, row.reason, row.status)
    assert second.target == "mx2"


@pytest.mark.parametrize("row", SENTENCES, ids=[row.text for row in SENTENCES])
def test_a_sentence_in_the_delivery_line_is_one_attempt_with_the_status_of_that_line(row: Row) -> None:
    server = UNIX if "private/" in row.text else M
    history = story(f"""
2 direct smtp[20]: QQQQQQQQQQ1: to=<a@x.test>, relay={server}:25, delay=1, delays=0/0/0/1, dsn=4.9.9, status=deferred ({row.text})
""")
    [attempt] = history.routes("<m@home.test>")[0].attempts
    assert attempt.address == server.rstrip("]").split("[")[1]
    assert (attempt.stage, attempt.reason, attempt.dsn) == (row.stage, row.reason, "4.9.9")


def test_every_sentence_of_the_table_is_tried() -> None:
    untried = [
        sentence.pattern.pattern
        for sentence in sentences.SENTENCES
        if not any(sentence.pattern.fullmatch(row.text.removeprefix(sentences.PROTOCOL_ERROR)) for row in SENTENCES)
    ]
    assert untried == []


@pytest.mark.parametrize(("agent", "text"), NO_ATTEMPT)
def test_a_delivery_without_an_attempt(agent: str, text: str) -> None:
    [event] = postfix_events(
        f"1 direct {agent}[20]: QQQQQQQQQQ1: to=<a@x.test>, relay=none, delay=1, delays=0/0/0/1, dsn=4.0.0, status=deferred ({text})"
    )
    assert isinstance(event, events.Delivery)
    assert (event.agent, event.text, event.relay) == (agent, text, None)
    history = story(f"1 direct {agent}[20]: QQQQQQQQQQ1: {to('a@x.test', 'none', 'deferred', text)}")
    assert attempts(history) == {"a@x.test": []}


@pytest.mark.parametrize("text", ASIDE)
def test_what_is_beside_the_point_is_no_event(text: str) -> None:
    assert postfix.parse("h", AT, f"Nov 24 12:12:47 h postfix/{text}") is None


@pytest.mark.parametrize("text", NAMED)
def test_what_names_a_server_without_a_result(text: str) -> None:
    event = postfix.parse("h", AT, f"Nov 24 12:12:47 h postfix/{text}")
    assert isinstance(event, events.ServerNamed)
    assert (event.relay, event.address) == ("m.test", "192.0.2.1")


@pytest.mark.parametrize(
    "text",
    [
        "smtp[20]: QQQQQQQQQQ1: something that no Postfix of today says",
        f"smtp[20]: something new about {MX1}:25",
        "local[20]: QQQQQQQQQQ1: something new",
        "pipe[20]: QQQQQQQQQQ1: to=<a@x.test>, relay=filter, delay=1..1, delays=/, dsn=2.0.0, status=sent (x)",
        f"smtp[20]: QQQQQQQQQQ1: to=<a@x.test>, relay={MX1}:25, delay=1, dela",
    ],
)
def test_a_line_that_nobody_understands_is_told_in_the_route(text: str) -> None:
    history = story(f"""
1 direct {text}
2 direct {text.split(":", maxsplit=1)[0]}: QQQQQQQQQQ1: {to("a@x.test", MX2, "deferred", f"host {MX2} said: 450 no (in reply to RCPT TO command)")}
""")
    [route] = history.routes("<m@home.test>")
    assert route.unread == (text.split(": ", 1)[1].removeprefix("QQQQQQQQQQ1: "),)


def test_a_sentence_at_a_server_that_no_line_names_is_told_in_the_route() -> None:
    """smtp_tls_loglevel = 0: nothing says whose certificate it was."""
    history = story(f"""
1 direct smtp[20]: QQQQQQQQQQ1: Server certificate not verified
2 direct smtp[20]: QQQQQQQQQQ1: {to("a@x.test", MX2, "sent", "250 ok")}
""")
    [route] = history.routes("<m@home.test>")
    assert [each.target for each in route.attempts] == ["mx2"]
    assert route.unread == ("Server certificate not verified",)
