"""Whatever stands in a log: a line gives an event or None, a history takes it, and it costs no more than its length."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from time import process_time

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from lab.route import events
from lab.route.history import History
from lab.servers.dns import log as dns
from lab.servers.dovecot import log as dovecot
from lab.servers.parser import Parser, read
from lab.servers.postfix import log as postfix
from lab.servers.scripted import log as scripted

from .recordings import HOSTS, RECORDED, read_events, read_lines
from .test_history import SUBMITTED, story

AT = datetime(2026, 1, 1, tzinfo=UTC)
PARSERS: dict[str, Parser] = {
    "postfix": postfix.parse,
    "dovecot": dovecot.parse,
    "dns": dns.parse,
    "scripted": scripted.parse,
}
HEADS = [
    "",
    "Nov 24 12:12:47 h ",
    *(
        f"Nov 24 12:12:47 h postfix/{process}[7]: {id_}"
        for process in ("smtp", "lmtp", "local", "smtpd", "cleanup", "qmgr", "bounce", "pickup", "postsuper", "smtpd")
        for id_ in ("", "ABCDEF012: ", "warning: ")
    ),
    "Nov 24 12:12:46 lmtp(bia@dest.test)<18><C5pFDD5/BWsSAAAA30uvqA>: Info: sieve: msgid=",
    '{"event": "query", "name": ',
    '{"event": "reply", "session": 1, "server": ',
]
PIECES = [
    *("to=<", "orig_to=<", ">, ", '"', "\\", "relay=", "none", "m.test[192.0.2.1]:25", ", delay=1", ", delays=0/0/0/1"),
    *(
        ", dsn=2.0.0",
        ", tls=may",
        ", conn_use=2",
        ", status=sent (",
        "250 ok)",
        "from=<",
        "; from=<",
        " to=<",
        " proto=ESMTP",
    ),
    *(" helo=<", ": ", "reject: RCPT from c[192.0.2.9]: ", "hold: header Subject: x from c[192.0.2.9];", "client=c[1]"),
    *(
        "host m.test[192.0.2.1] said: 550",
        " (in reply to RCPT TO command)",
        "lost connection with ",
        " while ",
        "[",
        "]",
    ),
    *(
        "connect to m.test[192.0.2.1]:25: ",
        "size=1, nrcpt=1 (queue active)",
        "message-id=<",
        "status=",
        "9" * 30,
        "٣",
        "\x85",
    ),
    *(
        "lmtp(",
        ")<1><S>: ",
        "stored mail into mailbox '",
        "\u2028",
        "\x0b",
        "\x00",
        "\ud800",
        "é",
        "{",
        "}",
        "NaN",
        "1e999",
        "null",
    ),
]
LINES = st.one_of(
    st.text(max_size=200),
    st.builds("".join, st.lists(st.sampled_from([*HEADS, *PIECES]), max_size=24)),
    st.builds(
        lambda head, rest: head + "".join(rest), st.sampled_from(HEADS), st.lists(st.sampled_from(PIECES), max_size=24)
    ),
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda each: st.lists(each, max_size=3),
)
KEYS = (
    "seq",
    "at",
    "client",
    "port",
    "transport",
    "id",
    "name",
    "type",
    "rcode",
    "answers",
    "flags",
    "fault",
    "session",
)
OBJECTS = st.builds(
    lambda kind, values: json.dumps({"event": kind, **values}),
    st.sampled_from(["query", "message", "connect", "reply", "close", "command"]),
    st.dictionaries(
        st.sampled_from(
            [*KEYS, "server", "client_port", "queue_id", "sender", "recipients", "message_id", "size", "stage", "text"]
        ),
        VALUES,
    ),
)
RECORDINGS = [(name, read_lines(name)) for name in sorted(path.stem for path in RECORDED.glob("*.log"))]
EXAMPLE = '"a>, relay=x, delay=1..1, delays=/, dsn=2.0.0, status=sent (x)"@dest.test'
MANY = settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.parametrize("server", PARSERS)
@MANY
@given(line=st.one_of(LINES, OBJECTS))
@example(line="[" * 100_000)
@example(line=HEADS[3] + f"to=<{EXAMPLE}>, relay=none, delay=1..1, delays=0/0/0/0, dsn=2.0.0, status=sent (x)")
@example(line="Nov 24 12:12:47 h postfix/smtp[" + "9" * 5_000 + "]: x")
def test_any_line_gives_an_event_or_none(server: str, line: str) -> None:
    event = PARSERS[server]("h", AT, line)
    if event is not None:
        written = json.dumps(event.to_json())
        assert events.from_json(json.loads(written)).to_json() == json.loads(written)


@MANY
@given(lines=st.lists(st.one_of(LINES, OBJECTS), max_size=6))
def test_any_lines_make_a_history_that_can_be_asked(lines: list[str]) -> None:
    history = story(SUBMITTED)
    for line in lines:
        for parse in PARSERS.values():
            event = read(parse, "direct", AT, line.replace("ABCDEF012", "QQQQQQQQQQ1"))
            if event is not None:
                history.add(event)
    assert history.routes("<m@home.test>", ["a@x.test"])
    history.awaited("<m@home.test>", ["a@x.test"])
    history.events_of("<m@home.test>")
    list(history.contacts(AT))


@MANY
@given(data=st.data())
def test_a_line_that_nobody_can_read_is_nobody_else_s(data: st.DataObject) -> None:
    """Garbage of other processes between the lines of a story changes nothing of it."""
    name, lines = data.draw(st.sampled_from(RECORDINGS))
    place = data.draw(st.integers(0, len(lines)))
    garbage = data.draw(LINES).replace("[7]", "[999999]")
    mixed = [*lines[:place], (lines[0][0], lines[min(place, len(lines) - 1)][1], garbage), *lines[place:]]
    parsers = {"dns": dns.parse, "mailstore": dovecot.parse, "scripted": scripted.parse}
    read_all = [read(parsers.get(host, postfix.parse), host, at, line) for host, at, line in mixed]
    history = History(HOSTS, [event for event in read_all if event is not None])
    expected = History(HOSTS, read_events(name))
    assert history.routes(f"<{name}@home.test>") == expected.routes(f"<{name}@home.test>")


def test_a_parser_that_fails_costs_its_own_line_only() -> None:
    def broken(host: str, at: datetime, line: str) -> events.Event | None:
        raise ZeroDivisionError(f"{host} {at} {line}")

    assert read(broken, "h", AT, "x") == events.Unread(host="h", at=AT, text="x")


@pytest.mark.parametrize(
    ("recipient", "original"),
    [
        (EXAMPLE, None),
        ('"a>, orig_to=<b"@dest.test', None),
        ("bia@dest.test", '"a>, relay=x, delay=1"@dest.test'),
        ('"a\\">, relay=x"@dest.test', None),
        ('"\\\\"@dest.test', '">, relay="@dest.test'),
        ("bia@[x>, relay=y]", None),
        ("bia@[198.18.0.1]", None),
        ("a>b@dest.test", None),  # as info_log_address_format = internal has it
        ("", None),
    ],
)
def test_addresses_that_imitate_the_grammar_are_read_right(recipient: str, original: str | None) -> None:
    before = f", orig_to=<{original}>" if original else ""
    event = postfix.parse(
        "h",
        AT,
        f"Nov 24 12:12:47 h postfix/smtp[7]: ABCDEF012: to=<{recipient}>{before}, relay=m.test[192.0.2.1]:25, "
        "conn_use=2, delay=0.2, delays=0/0/0.1/0.1, dsn=5.1.1, status=bounced (host m.test[192.0.2.1] said: 550 5.1.1 "
        f"<{recipient}>, status=sent (250 ok) (in reply to RCPT TO command))",
    )
    assert isinstance(event, events.Delivery)
    assert (event.recipient, event.original, event.relay, event.uses) == (recipient, original, "m.test", 2)
    assert (event.dsn, event.status) == ("5.1.1", "bounced")
    assert event.text.endswith("(in reply to RCPT TO command)")


@pytest.mark.parametrize("more", ["tls=may", "tls=[encrypt, dane]", "a=b, c=d"])
def test_fields_that_are_not_known_yet_are_passed_over(more: str) -> None:
    event = postfix.parse(
        "h",
        AT,
        "Nov 24 12:12:47 h postfix/smtp[7]: ABCDEF012: to=<a@x.test>, relay=m.test[192.0.2.1]:25, delay=0.2, "
        f"delays=0/0/0.1/0.1, {more}, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as X1)",
    )
    assert isinstance(event, events.Delivery)
    assert (event.delays, event.dsn, event.text) == ((0, 0, 0.1, 0.1), "2.0.0", "250 2.0.0 Ok: queued as X1")


@pytest.mark.parametrize(
    ("text", "sender", "recipient", "reply"),
    [
        (
            'reject: RCPT from c[192.0.2.9]: 550 5.1.1 <"x; from=<e> to=<v> proto=SMTP helo=<"@d>: no; from=<a@b> '
            'to=<"x; from=<e> to=<v> proto=SMTP helo=<"@d> proto=ESMTP helo=<h>',
            "a@b",
            '"x; from=<e> to=<v> proto=SMTP helo=<"@d',
            '550 5.1.1 <"x; from=<e> to=<v> proto=SMTP helo=<"@d>: no',
        ),
        ("reject: CONNECT from c[192.0.2.9]: 554 5.7.1 no; proto=SMTP", None, None, "554 5.7.1 no"),
        ("reject: HELO from c[192.0.2.9]: 504 5.5.2 <x>: no; proto=SMTP helo=<x>", None, None, "504 5.5.2 <x>: no"),
        (
            "reject: RCPT from c[192.0.2.9]: 554 5.7.1 no; a; from=<a@b> to=<c@d> proto=ESMTP helo=<h> "
            "sasl_method=PLAIN sasl_username=ana",
            "a@b",
            "c@d",
            "554 5.7.1 no; a",
        ),
    ],
)
def test_a_refusal_with_addresses_that_imitate_it(
    text: str, sender: str | None, recipient: str | None, reply: str
) -> None:
    event = postfix.parse("h", AT, f"Nov 24 12:12:47 h postfix/smtpd[7]: NOQUEUE: {text}")
    assert isinstance(event, events.Rejected)
    assert (event.sender, event.recipient, event.reply) == (sender, recipient, reply)


def test_dovecot_s_own_words_are_behind_those_of_a_stranger() -> None:
    event = dovecot.parse(
        "mailstore",
        AT,
        "Nov 24 12:12:46 lmtp(bia@dest.test)<18><SESSION>: Info: sieve: msgid=<a>: redirect action: forwarded to "
        "<x@y>: fileinto action: stored mail into mailbox 'Work'",
    )
    assert isinstance(event, events.Saved)
    assert (event.session, event.mailbox) == ("SESSION", "Work")


@pytest.mark.parametrize("server", PARSERS)
def test_a_line_costs_no_more_than_its_length(server: str) -> None:
    """Lines with every piece of the grammar again and again, ten times as long as any log's, behind every beginning.

    A parser that goes back over what it has read takes seconds, or for ever, for one of them; all of them together take
    a few hundredths of a second.
    """
    before = process_time()
    for head in HEADS:
        for piece in PIECES:
            for size in (3_000, 20_000):
                PARSERS[server]("h", AT, (head + piece * (size // len(piece)))[:size])
    assert process_time() - before < 2
