# ruff: noqa: E501  a log line stands in one line
"""One line, one event."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import pytest

from lab.route import events
from lab.servers.dns import log as dns
from lab.servers.dovecot import log as dovecot
from lab.servers.postfix import log as postfix
from lab.servers.scripted import log as scripted

from .recordings import RECORDED, read_events, read_lines

AT = datetime(2026, 1, 1, tzinfo=UTC)


def line(text: str) -> events.Event | None:
    return postfix.parse("h", AT, f"Nov 24 12:12:47 h postfix/{text}")


def test_lines_with_every_option() -> None:
    assert line("submission/smtpd[7]: ABCDEF012: client=c.test[192.0.2.9], sasl_method=PLAIN, sasl_username=ana") == (
        events.Received(
            host="h",
            at=AT,
            pid=7,
            queue_id="ABCDEF012",
            client="c.test",
            address="192.0.2.9",
            sasl_username="ana",
        )
    )
    assert line(
        "relay/smtp[7]: 4jYhXH43dxzDPNJ: to=<a,b>c@x.test>, orig_to=<d@x.test>, relay=m.test[2001:db8::1]:587, "
        "conn_use=3, delay=1.2, delays=0.1/0.2/0.3/0.6, dsn=2.0.0, status=sent (250 2.0.0 Ok (a, b): queued as X1)"
    ) == events.Delivery(
        host="h",
        at=AT,
        pid=7,
        agent="smtp",
        queue_id="4jYhXH43dxzDPNJ",
        recipient="a,b>c@x.test",
        original="d@x.test",
        relay="m.test",
        address="2001:db8::1",
        port=587,
        uses=3,
        delay=1.2,
        delays=(0.1, 0.2, 0.3, 0.6),
        dsn="2.0.0",
        status="sent",
        text="250 2.0.0 Ok (a, b): queued as X1",
        reason="250 2.0.0 Ok (a, b): queued as X1",
        reply="250 2.0.0 Ok (a, b): queued as X1",
        how="handed-over",
        next_queue_id="X1",
    )
    assert line("smtpd[7]: warning: hostname a.test does not resolve to address 192.0.2.1") == events.Warned(
        host="h",
        at=AT,
        pid=7,
        process="smtpd",
        queue_id=None,
        text="hostname a.test does not resolve to address 192.0.2.1",
    )
    assert line("qmgr[7]: ABCDEF012: from=<a@x.test>, status=force-expired, returned to sender") == events.Expired(
        host="h", at=AT, queue_id="ABCDEF012", sender="a@x.test"
    )
    assert line(
        "cleanup[7]: ABCDEF012: milter-reject: END-OF-MESSAGE from c[192.0.2.9]: 5.7.1 no; from=<a@b> to=<c@d> proto=SMTP helo=<e>"
    ) == (
        events.Rejected(
            host="h",
            at=AT,
            pid=7,
            queue_id="ABCDEF012",
            stage="END-OF-MESSAGE",
            client="c",
            address="192.0.2.9",
            reply="5.7.1 no",
            dsn="5.7.1",
            sender="a@b",
            recipient="c@d",
        )
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "postfix/postlog: starting the Postfix mail system",
        "Nov 24 12:12:47 h postfix/anvil[7]: statistics: max cache size 1",
        "Nov 24 12:12:47 h postfix/smtpd[7]: NOQUEUE: reject_warning: RCPT from c[192.0.2.9]: 550 no; from=<> to=<a@b>",
        "Nov 24 12:12:47 h postfix/smtp[",
    ],
)
def test_lines_that_say_nothing(text: str) -> None:
    assert postfix.parse("h", AT, text) is None


@pytest.mark.parametrize(
    "text", ["", "no JSON", "[]", "null", "{}", '{"event": "other"}', '{"event": "ready", "at": 1}']
)
def test_servers_also_say_other_things(text: str) -> None:
    assert dns.parse("dns", AT, text) is None
    assert scripted.parse("scripted", AT, text) is None
    assert dovecot.parse("mailstore", AT, text) is None


def test_a_dns_query() -> None:
    text = (
        '{"event": "query", "seq": 5, "at": "2026-01-01T00:00:00.500000Z", "client": "192.0.2.9", "port": 5353, '
        '"transport": "udp", "id": 7, "name": "a.test.", "type": "MX", "rcode": "NOERROR", "flags": "qr aa", '
        '"answers": ["10 m.a.test."], "fault": null}'
    )
    query = dns.parse("dns", AT, text)
    assert isinstance(query, events.DnsQuery)
    assert (query.seq, query.name, query.type, query.answers) == (5, "a.test.", "MX", ("10 m.a.test.",))
    assert query.at == datetime(2026, 1, 1, 0, 0, 0, 500000, tzinfo=UTC)


def test_dovecot_without_sieve() -> None:
    saved = dovecot.parse(
        "mailstore", AT, "Nov 24 12:12:47 lmtp(a@x.test)<21><SESSION>: Info: msgid=<m@x>: saved mail to INBOX"
    )
    assert saved == events.Saved(
        host="mailstore", at=AT, session="SESSION", user="a@x.test", message_id="<m@x>", mailbox="INBOX"
    )


@pytest.mark.parametrize(
    ("text", "action"),
    [
        ("redirect action: forwarded to <c@y.test>", "redirect"),
        ("redirect action: failed to redirect message to <c@y.test>: smtp(m.test:25): RCPT TO failed: 554 no", None),
        ("redirect action: discarded duplicate forward to <c@y.test>", None),
        ("discard action: Marked message to be discarded if not explicitly delivered (discard action)", "discard"),
        ("reject action: rejected message from <a@x.test> (reject)", "reject"),
        ("vacation action: sent vacation response to <a@x.test>", "vacation"),
        ("vacation action: discarding vacation response for message implicitly delivered to <a@x.test>", None),
    ],
)
def test_what_a_script_has_done_and_what_it_has_not(text: str, action: str | None) -> None:
    event = dovecot.parse(
        "mailstore", AT, f"Nov 24 12:12:47 lmtp(a@x.test)<21><SESSION>: Info: sieve: msgid=<m@x>: {text}"
    )
    if action is None:
        assert event is None
    else:
        assert isinstance(event, events.Sieved)
        assert (event.action, event.text) == (action, text.partition(": ")[2])


def test_the_recordings_have_every_kind_of_event() -> None:
    kinds: Counter[str] = Counter()
    for path in RECORDED.glob("*.log"):
        kinds.update(type(event).__name__ for event in read_events(path.stem))
    assert set(kinds) == set(events.KINDS) - {"Unread"}


def test_a_line_that_is_cut_anywhere_is_no_error() -> None:
    for path in RECORDED.glob("*.log"):
        for host, at, text in read_lines(path.stem):
            for end in range(0, len(text), 41):
                for parse in (postfix.parse, dovecot.parse, dns.parse, scripted.parse):
                    parse(host, at, text[:end])
