# ruff: noqa: E501  a log line stands in one line
"""What is told apart: whose attempt a line is, what proves a hop, what is still awaited, and what it costs."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from types import FrameType
from typing import Any

import pytest

from lab.route.events import (
    Active,
    AttemptFailed,
    Delivery,
    Dialogue,
    DnsQuery,
    Event,
    Finished,
    MessageId,
    NotificationSent,
    Received,
    Removed,
    Saved,
    Stored,
)
from lab.route.history import History, Origin

from .recordings import HOSTS, postfix_events, read_events

MX1, MX2, DIRECT = (
    "mx1.dest.test[198.18.77.11]",
    "mx2.dest.test[198.18.77.12]",
    "direct.home.test[198.18.77.22]",
)
SUBMITTED = """
0 direct smtpd[10]: QQQQQQQQQQ1: client=gateway.lab.test[198.18.77.3]
0 direct cleanup[11]: QQQQQQQQQQ1: message-id=<m@home.test>
0 direct qmgr[12]: QQQQQQQQQQ1: from=<ana@home.test>, size=300, nrcpt=1 (queue active)
"""


def to(recipient: str, relay: str, status: str, text: str, dsn: str = "2.0.0") -> str:
    where = relay if relay == "none" else f"{relay}:25"
    return f"to=<{recipient}>, relay={where}, delay=1, delays=0/0/0/1, dsn={dsn}, status={status} ({text})"


def story(text: str) -> History:
    return History(HOSTS, postfix_events(SUBMITTED.strip() + "\n" + text.strip()))


def attempts(history: History) -> dict[str, list[str]]:
    """Return recipient to attempts as "target stage outcome"."""
    return {
        route.recipient: [f"{each.target} {each.stage} {each.outcome}" for each in route.attempts]
        for route in history.routes("<m@home.test>")
    }


def saved_in(history: History, session: str) -> None:
    """Let Dovecot store the message in an LMTP session."""
    at = history.events_of("<m@home.test>")[-1].at
    common: dict[str, Any] = {"host": "mailstore", "at": at, "session": session, "user": "a@x.test"}
    history.add(Saved(**common, message_id="<m@home.test>", mailbox="INBOX"))
    history.add(Finished(**common))


def test_two_requests_of_one_process_are_told_apart() -> None:
    history = story(f"""
1 direct smtp[20]: connect to {MX1}:25: Connection refused
2 direct smtp[20]: QQQQQQQQQQ1: {to("a@x.test", MX2, "deferred", f"host {MX2} said: 450 wait (in reply to RCPT TO command)")}
3 direct smtp[20]: connect to y.test[198.18.77.130]:25: No route to host
4 direct smtp[20]: QQQQQQQQQQ1: {to("b@y.test", "none", "deferred", "connect to y.test[198.18.77.130]:25: No route to host", "4.4.1")}
""")
    assert attempts(history) == {
        "a@x.test": ["mx1 connect failed", "mx2 rcpt deferred"],
        "b@y.test": ["y connect failed"],
    }


def test_what_happens_to_a_whole_session_happens_to_every_recipient_left() -> None:
    history = story(f"""
1 direct smtp[20]: QQQQQQQQQQ1: lost connection with {MX1} while sending RCPT TO
2 direct smtp[20]: QQQQQQQQQQ1: {to("a@x.test", MX2, "deferred", f"host {MX2} said: 450 wait (in reply to RCPT TO command)")}
2 direct smtp[20]: QQQQQQQQQQ1: {to("b@x.test", MX2, "deferred", f"host {MX2} said: 450 wait (in reply to RCPT TO command)")}
""")
    assert attempts(history) == {
        "a@x.test": ["mx1 rcpt failed", "mx2 rcpt deferred"],
        "b@x.test": ["mx1 rcpt failed", "mx2 rcpt deferred"],
    }


def test_a_reply_that_names_a_recipient_is_that_recipient_s() -> None:
    history = story(f"""
1 direct smtp[20]: QQQQQQQQQQ1: host {MX1} said: 450 4.2.0 <a@x.test>: full (in reply to RCPT TO command)
1 direct smtp[20]: QQQQQQQQQQ1: host {MX1} said: 451 4.3.0 <b@x.test>: later (in reply to RCPT TO command)
2 direct smtp[20]: QQQQQQQQQQ1: {to("b@x.test", "none", "deferred", f"connect to {MX2}:25: Connection refused", "4.4.1")}
2 direct smtp[20]: QQQQQQQQQQ1: {to("a@x.test", "none", "deferred", f"connect to {MX2}:25: Connection refused", "4.4.1")}
""")
    replies = {route.recipient: route.attempts[0].reply for route in history.routes("<m@home.test>")}
    assert replies == {"b@x.test": "451 4.3.0 <b@x.test>: later", "a@x.test": "450 4.2.0 <a@x.test>: full"}


REFUSED = "(in reply to RCPT TO command)"
TWO = SUBMITTED.replace("nrcpt=1", "nrcpt=2")


def test_one_recipient_refused_twice_by_one_host_has_made_two_attempts() -> None:
    history = story(f"""
1 direct smtp[20]: QQQQQQQQQQ1: host {MX1} said: 450 a {REFUSED}
2 direct smtp[20]: QQQQQQQQQQ1: host {MX1} said: 450 b {REFUSED}
3 direct smtp[20]: QQQQQQQQQQ1: {to("a@x.test", MX2, "sent", "250 ok")}
""")
    [route] = history.routes("<m@home.test>")
    assert [(each.target, each.reply) for each in route.attempts] == [
        ("mx1", "450 a"),
        ("mx1", "450 b"),
        ("mx2", "250 ok"),
    ]


def test_a_host_that_is_tried_twice_and_last_has_two_attempts() -> None:
    """The delivery line has the last one."""
    history = story(f"""
1 direct smtp[20]: QQQQQQQQQQ1: host {MX1} said: 450 a {REFUSED}
2 direct smtp[20]: QQQQQQQQQQ1: {to("a@x.test", MX1, "deferred", f"host {MX1} said: 450 a {REFUSED}")}
""")
    assert attempts(history) == {"a@x.test": ["mx1 rcpt deferred", "mx1 rcpt deferred"]}


def test_two_recipients_refused_in_one_session_have_made_one_attempt_each() -> None:
    history = History(
        HOSTS,
        postfix_events(f"""{TWO.strip()}
1 direct smtp[20]: QQQQQQQQQQ1: host {MX1} said: 450 a {REFUSED}
1 direct smtp[20]: QQQQQQQQQQ1: host {MX1} said: 450 b {REFUSED}
2 direct smtp[20]: QQQQQQQQQQ1: {to("a@x.test", MX2, "sent", "250 ok")}
2 direct smtp[20]: QQQQQQQQQQ1: {to("b@x.test", MX2, "sent", "250 ok")}
"""),
    )
    replies = {route.recipient: [each.reply for each in route.attempts] for route in history.routes("<m@home.test>")}
    assert replies == {"a@x.test": ["450 a", "250 ok"], "b@x.test": ["450 b", "250 ok"]}


def test_two_recipients_refused_in_two_sessions_with_one_host_have_made_two_attempts_each() -> None:
    history = History(
        HOSTS,
        postfix_events(f"""{TWO.strip()}
1 direct smtp[20]: QQQQQQQQQQ1: host {MX1} said: 450 <a@x.test> one {REFUSED}
1 direct smtp[20]: QQQQQQQQQQ1: host {MX1} said: 450 <b@x.test> one {REFUSED}
2 direct smtp[20]: QQQQQQQQQQ1: host {MX1} said: 450 <a@x.test> two {REFUSED}
2 direct smtp[20]: QQQQQQQQQQ1: host {MX1} said: 450 <b@x.test> two {REFUSED}
3 direct smtp[20]: QQQQQQQQQQ1: {to("b@x.test", MX2, "sent", "250 ok")}
3 direct smtp[20]: QQQQQQQQQQ1: {to("a@x.test", MX2, "sent", "250 ok")}
"""),
    )
    replies = {route.recipient: [each.reply for each in route.attempts] for route in history.routes("<m@home.test>")}
    assert replies == {
        "b@x.test": ["450 <b@x.test> one", "450 <b@x.test> two", "250 ok"],
        "a@x.test": ["450 <a@x.test> one", "450 <a@x.test> two", "250 ok"],
    }


def test_one_recipient_that_was_taken_is_not_in_the_next_session() -> None:
    history = History(
        HOSTS,
        postfix_events(f"""{TWO.strip()}
1 direct smtp[20]: QQQQQQQQQQ1: host {MX1} said: 450 a {REFUSED}
1 direct smtp[20]: QQQQQQQQQQ1: {to("b@x.test", MX1, "sent", "250 ok")}
2 direct smtp[20]: QQQQQQQQQQ1: {to("a@x.test", MX1, "deferred", f"host {MX1} said: 450 c {REFUSED}")}
"""),
    )
    replies = {route.recipient: [each.reply for each in route.attempts] for route in history.routes("<m@home.test>")}
    assert replies == {"b@x.test": ["250 ok"], "a@x.test": ["450 a", "450 c"]}


@pytest.mark.parametrize("last", ["none", MX2])
def test_what_the_delivery_line_repeats_is_no_attempt_of_its_own(last: str) -> None:
    """Without a session its text is the one of the last failure, which has a line of its own."""
    refused = f"connect to {MX2}:25: Connection refused"
    text = refused if last == "none" else f"host {MX2} said: 450 b {REFUSED}"
    history = story(f"""
1 direct smtp[20]: connect to {MX1}:25: Connection refused
1 direct smtp[20]: {refused}
2 direct smtp[20]: QQQQQQQQQQ1: {to("a@x.test", last, "deferred", text, "4.4.1")}
""")
    more = [] if last == "none" else ["mx2 rcpt deferred"]
    assert attempts(history) == {"a@x.test": ["mx1 connect failed", "mx2 connect failed", *more]}


def test_a_certificate_that_is_not_wanted_is_an_attempt_at_the_host_of_the_line_before() -> None:
    tls = "TLS connection established to"
    history = story(f"""
1 direct smtp[20]: certificate verification failed for {MX1}:25: self-signed certificate
1 direct smtp[20]: Untrusted {tls} {MX1}:25: TLSv1.3 with cipher X (256/256 bits)
1 direct smtp[20]: QQQQQQQQQQ1: Server certificate not verified
2 direct smtp[20]: Verified {tls} {MX2}:25: TLSv1.2 with cipher X (256/256 bits)
2 direct smtp[20]: QQQQQQQQQQ1: {to("a@x.test", MX2, "sent", "250 ok")}
""")
    [route] = history.routes("<m@home.test>")
    assert [(each.target, each.stage, each.dsn, each.tls, each.trust, each.port) for each in route.attempts] == [
        ("mx1", "starttls", "4.7.5", "TLSv1.3", "untrusted", 25),
        ("mx2", "end-of-data", "2.0.0", "TLSv1.2", "verified", 25),
    ]


def test_an_attempt_of_a_process_that_was_killed_is_told_as_unread() -> None:
    """Nothing says which recipient it was for; while the process lives, the line with that may come."""
    began = f"1 direct smtp[20]: QQQQQQQQQQ1: host {MX1} said: 450 a {REFUSED}"
    assert [route.unread for route in story(began).routes("<m@home.test>")] == []
    history = story(f"""
{began}
8 direct qmgr[12]: QQQQQQQQQQ1: from=<ana@home.test>, size=300, nrcpt=1 (queue active)
9 direct smtp[21]: QQQQQQQQQQ1: {to("a@x.test", MX2, "sent", "250 ok")}
""")
    assert [route.unread for route in history.routes("<m@home.test>")] == [("450 a",)]


def test_ports_that_differ_are_not_mixed() -> None:
    history = story(f"""
1 direct smtp[20]: connect to {MX1}:587: Connection refused
1 direct smtp[20]: QQQQQQQQQQ1: host {MX1} said: 450 a {REFUSED}
2 direct smtp[20]: QQQQQQQQQQ1: {to("a@x.test", MX2, "sent", "250 ok")}
""")
    [route] = history.routes("<m@home.test>")
    assert [each.port for each in route.attempts] == [587, None, 25]


def test_after_a_failed_handshake_the_same_host_is_tried_in_the_clear() -> None:
    history = story(f"""
1 direct smtp[20]: SSL_connect error to {MX1}:25: -1
1 direct smtp[20]: QQQQQQQQQQ1: Cannot start TLS: handshake failure
2 direct smtp[20]: QQQQQQQQQQ1: {to("a@x.test", MX1, "deferred", f"host {MX1} said: 450 wait (in reply to RCPT TO command)")}
""")
    assert attempts(history) == {"a@x.test": ["mx1 starttls failed", "mx1 rcpt deferred"]}


def test_a_failed_handshake_at_the_last_host_is_one_attempt() -> None:
    history = story(f"""
1 direct smtp[20]: SSL_connect error to {MX1}:25: -1
2 direct smtp[20]: QQQQQQQQQQ1: {to("a@x.test", MX1, "deferred", "Cannot start TLS: handshake failure", "4.7.5")}
""")
    assert attempts(history) == {"a@x.test": ["mx1 starttls failed"]}


def test_a_line_that_a_killed_process_left_is_nobody_s() -> None:
    lines = (
        f"0 direct smtp[20]: connect to {MX2}:25: Connection timed out\n" + SUBMITTED.replace("\n0 ", "\n5 ").strip()
    )
    lines += f"\n6 direct smtp[20]: QQQQQQQQQQ1: {to('a@x.test', 'none', 'deferred', f'connect to {MX1}:25: Connection refused', '4.4.1')}"
    assert attempts(History(HOSTS, postfix_events(lines))) == {"a@x.test": ["mx1 connect failed"]}


def test_both_sides_must_say_that_the_message_is_theirs() -> None:
    sent = f"1 direct smtp[20]: QQQQQQQQQQ1: {to('a@x.test', MX1, 'sent', '250 2.0.0 Ok: queued as RRRRRRRRRR1')}"
    history = story(sent + "\n1 direct qmgr[12]: QQQQQQQQQQ1: removed")
    (route,) = history.routes("<m@home.test>")
    assert (route.outcome, route.hops, route.attempted) == ("unknown", ["direct"], ["mx1"])
    assert history.awaited("<m@home.test>") == ("mx1 took it as RRRRRRRRRR1, says direct; mx1's own log does not yet",)

    history.add(postfix_events("1 mx1 cleanup[31]: RRRRRRRRRR1: message-id=<m@home.test>")[0])
    assert history.routes("<m@home.test>")[0].hops == ["direct"]
    history.add(postfix_events(f"1 mx1 smtpd[30]: RRRRRRRRRR1: client={DIRECT}")[0])
    (route,) = history.routes("<m@home.test>")
    assert route.hops == ["direct", "mx1"]
    assert history.awaited("<m@home.test>") == ("mx1 has it as RRRRRRRRRR1; no delivery line yet",)


def test_another_message_s_queue_id_proves_nothing() -> None:
    sent = f"1 direct smtp[20]: QQQQQQQQQQ1: {to('a@x.test', MX1, 'sent', '250 2.0.0 Ok: queued as RRRRRRRRRR1')}"
    other_host = f"1 mx2 smtpd[30]: RRRRRRRRRR1: client={DIRECT}"
    (route,) = story(f"{sent}\n{other_host}").routes("<m@home.test>")
    assert (route.outcome, route.hops) == ("unknown", ["direct"])


def test_a_host_that_took_it_and_could_not_say_so_delivers_a_second_copy() -> None:
    saved = "250 2.0.0 <a@x.test> SESSION{} Saved"
    lines = f"""
1 mx1 smtpd[30]: RRRRRRRRRR1: client={DIRECT}
1 mx1 cleanup[31]: RRRRRRRRRR1: message-id=<m@home.test>
1 mx1 lmtp[32]: RRRRRRRRRR1: to=<a@x.test>, relay=mailstore.lab.test[198.18.77.4]:24, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent ({saved.format(1)})
1 mx1 qmgr[33]: RRRRRRRRRR1: removed
2 direct smtp[20]: QQQQQQQQQQ1: lost connection with {MX1} while sending end of data -- message may be sent more than once
2 mx2 smtpd[30]: RRRRRRRRRR2: client={DIRECT}
2 mx2 cleanup[31]: RRRRRRRRRR2: message-id=<m@home.test>
3 direct smtp[20]: QQQQQQQQQQ1: {to("a@x.test", MX2, "sent", "250 2.0.0 Ok: queued as RRRRRRRRRR2")}
3 direct qmgr[12]: QQQQQQQQQQ1: removed
3 mx2 lmtp[32]: RRRRRRRRRR2: to=<a@x.test>, relay=mailstore.lab.test[198.18.77.4]:24, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent ({saved.format(2)})
3 mx2 qmgr[33]: RRRRRRRRRR2: removed
"""
    history = story(lines)
    for session in ("SESSION1", "SESSION2"):
        saved_in(history, session)
    (route,) = history.routes("<m@home.test>")
    assert (route.outcome, route.mailbox, route.copies, route.accepted_by) == ("delivered", "INBOX", 2, "mx2")
    assert route.hops == ["direct", "mx2"]
    assert attempts(history) == {"a@x.test": ["mx1 end-of-data failed", "mx2 end-of-data accepted"]}
    assert history.settled("<m@home.test>")


def test_a_recipient_refused_before_the_first_accepted_one_belongs_to_the_message() -> None:
    refused = "550 5.1.1 <no@x.test>: Recipient address rejected: User unknown"
    reject = f"reject: RCPT from gateway.lab.test[198.18.77.3]: {refused}; from=<ana@home.test> to=<no@x.test> proto=ESMTP helo=<me>"
    lines = f"0 direct smtpd[10]: NOQUEUE: {reject}\n" + SUBMITTED.strip()
    history = History(HOSTS, postfix_events(lines))
    (route,) = history.routes("<m@home.test>")
    assert (route.recipient, route.outcome, route.status, route.reason) == (
        "no@x.test",
        "rejected",
        "5.1.1",
        refused,
    )
    assert (route.hops, route.accepted_by, route.attempted) == ([], None, [])


def test_a_refusal_of_an_earlier_session_does_not() -> None:
    reject = "reject: RCPT from g[198.18.77.3]: 550 no; from=<ana@home.test> to=<no@x.test> proto=ESMTP helo=<me>"
    lines = f"0 direct smtpd[10]: NOQUEUE: {reject}\n0 direct smtpd[10]: disconnect from g[198.18.77.3] rcpt=0/1\n"
    assert History(HOSTS, postfix_events(lines + SUBMITTED.strip())).routes("<m@home.test>") == ()


def test_routes_come_in_the_order_asked_for_and_unseen_recipients_are_unknown() -> None:
    history = History(HOSTS, read_events("mixed"))
    asked = ["BIA@mixed.run.test", "nobody@x.test", "r550@mixed.run.test"]
    found = [(route.recipient, route.outcome) for route in history.routes("<mixed@home.test>", asked)]
    assert found == [
        ("bia@mixed.run.test", "delivered"),
        ("nobody@x.test", "unknown"),
        ("r550@mixed.run.test", "bounced"),
        ("r450@mixed.run.test", "deferred"),
    ]
    assert history.awaited("<mixed@home.test>", asked) == ("no log line names nobody@x.test yet",)


@pytest.mark.parametrize(
    ("name", "kind", "missing"),
    [
        ("direct", Finished, "Dovecot took it (LMTP session C5pFDD5/BWsSAAAA30uvqA), and is not done with it yet"),
        ("direct", Removed, "direct is done with 4jYhXG17tRzDPLn, but has not removed it yet"),
    ],
)
def test_what_is_awaited_has_a_name(name: str, kind: type[Event], missing: str) -> None:
    events = [event for event in read_events(name) if not isinstance(event, kind)]
    awaited = History(HOSTS, events).awaited(f"<{name}@home.test>")
    assert missing.split(maxsplit=1)[0] in {text.split()[0] for text in awaited}
    assert missing.split("4jY", maxsplit=1)[0] in "\n".join(awaited)


def test_a_recipient_that_a_milter_has_replaced_is_followed_where_that_can_only_be_one() -> None:
    handed = "\n".join(
        f"1 direct smtp[20]: QQQQQQQQQQ1: {to(each, MX1, 'sent', '250 2.0.0 Ok: queued as RRRRRRRRRR1')}"
        for each in ("a@x.test", "b@x.test")
    )
    taken = f"""
1 mx1 smtpd[30]: RRRRRRRRRR1: client={DIRECT}
1 mx1 cleanup[31]: RRRRRRRRRR1: message-id=<m@home.test>
2 mx1 discard[32]: RRRRRRRRRR1: {to("a@x.test", "none", "sent", "discarded")}
2 mx1 discard[32]: RRRRRRRRRR1: {to("c@x.test", "none", "sent", "discarded")}
3 mx1 qmgr[33]: RRRRRRRRRR1: removed"""
    found = {route.recipient: route for route in story(handed + taken).routes("<m@home.test>")}
    assert found["a@x.test"].final_recipient == "a@x.test"
    assert (found["b@x.test"].outcome, found["b@x.test"].final_recipient) == ("discarded", "c@x.test")
    both = {
        route.recipient: route for route in story(handed + taken.replace("to=<a@", "to=<d@")).routes("<m@home.test>")
    }
    assert [route.outcome for route in both.values()] == ["unknown", "unknown"]


def test_a_reply_that_the_log_cuts_off_is_a_hop_all_the_same() -> None:
    """MSG_LOGGER_RECLEN: 2000 bytes of a line, and the queue id of the next host stands at its end."""
    long = "250 2.0.0 " + "x" * 1800
    history = story(f"""
1 direct smtp[20]: QQQQQQQQQQ1: to=<a@x.test>, relay={MX1}:25, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent ({long}
1 mx1 smtpd[30]: RRRRRRRRRR1: client={DIRECT}
1 mx1 cleanup[31]: RRRRRRRRRR1: message-id=<m@home.test>
1 mx1 virtual[32]: RRRRRRRRRR1: to=<a@x.test>, relay=virtual, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (delivered to maildir)
""")
    (route,) = history.routes("<m@home.test>")
    assert (route.hops, route.outcome, route.reason) == (
        ["direct", "mx1"],
        "delivered",
        "delivered to maildir",
    )


def test_a_message_refused_as_a_whole_is_refused_for_every_recipient() -> None:
    history = History(HOSTS, read_events("canceled-id"))
    asked = ["bia@good.run.test", "cai@good.run.test"]
    found = [(each.recipient, each.outcome, each.reason) for each in history.routes("<canceled-id@home.test>", asked)]
    assert found == [(recipient, "rejected", "5.7.1 forbidden words") for recipient in asked]
    assert history.settled("<canceled-id@home.test>", asked)


def test_a_message_on_hold_is_held_until_it_is_released() -> None:
    outcomes = []
    history = History(HOSTS)
    for event in read_events("hold"):
        history.add(event)
        outcomes += [(route.outcome, route.reason) for route in history.routes("<hold@home.test>")]
    assert ("held", "please wait") in outcomes
    assert outcomes[-1][0] == "delivered"


def test_a_message_that_a_rule_keeps_or_drops_as_it_comes_in_ends_so_for_every_recipient() -> None:
    asked = ["bia@dest.test", "cai@dest.test"]
    expected = {
        ("hold-rcpt", Origin("direct", "4jYxCr40fxzFW0K")): (
            "held",
            "eva@home.test",
            "<bia@dest.test>: Recipient address please look at it",
            ["direct", "mx1"],
        ),
        ("hold-data", Origin("mx1", "4jYxCx5Z4mzFW1C")): (
            "held",
            "ana@home.test",
            "<DATA>: Data command triggers HOLD action",
            ["mx1"],
        ),
        ("milter-hold", Origin("mx1", "4jYxCB132YzFhdk")): ("held", "ana@home.test", "looks odd", ["mx1"]),
        ("discard-rcpt", Origin("mx1", "4jYxD35SWqzFW1J")): (
            "discarded",
            "ana@home.test",
            "<bia@dest.test>: Recipient address triggers DISCARD action",
            ["mx1"],
        ),
    }
    for (name, origin), (outcome, sender, reason, hops) in expected.items():
        history = History(HOSTS, read_events(name))
        found = [
            (each.recipient, each.outcome, each.sender, each.reason, each.hops)
            for each in history.routes(origin, asked)
        ]
        assert found == [(recipient, outcome, sender, reason, hops) for recipient in asked]
        assert history.settled(origin, asked)


def test_a_hold_without_a_queue_id_is_of_that_client_s_next_message_until_the_queue_manager_has_it() -> None:
    hold = "NOQUEUE: hold: RCPT from a.test[198.18.77.9]: <a@x.test>: held; from=<b@y.test> to=<a@x.test> proto=SMTP"
    came = "1 direct smtpd[30]: QQQQQQQQQQ1: client=a.test[198.18.77.9]\n1 direct cleanup[31]: QQQQQQQQQQ1: message-id=<m@y>"
    connected = "1 direct smtpd[30]: connect from a.test[198.18.77.9]"
    active = "2 direct qmgr[12]: QQQQQQQQQQ1: from=<b@y.test>, size=300, nrcpt=1 (queue active)"

    def outcomes(*lines: str) -> list[str]:
        history = History(HOSTS, postfix_events("\n".join(lines)))
        return [route.outcome for route in history.routes(Origin("direct", "QQQQQQQQQQ1"), ["a@x.test"])]

    assert outcomes(f"1 direct smtpd[30]: {hold}", came) == ["held"]
    assert outcomes(f"1 direct smtpd[30]: {hold}", connected, came) == ["unknown"]
    assert outcomes(f"1 direct smtpd[30]: {hold}", came, active) == ["unknown"]
    assert outcomes(f"1 direct smtpd[30]: {hold}", came, "2 direct cleanup[31]: QQQQQQQQQQ1: removed (canceled)") == [
        "unknown"
    ]


NOTICE = """
3 {host} bounce[33]: RRRRRRRRRR1: sender delivery status notification: NNNNNNNNNN1
3 {host} cleanup[31]: NNNNNNNNNN1: message-id=<n@mx1.dest.test>
3 {host} qmgr[12]: RRRRRRRRRR1: removed
"""


def notice_of(actions: tuple[str, ...], original: str | None = None) -> str:
    """Return the kind of a notice of success that ends at the scripted host, and says *actions* there."""
    delivered = to("b@y.test" if original else "a@x.test", "store.test[198.18.77.4]:24", "sent", "250 Saved")
    history = story(f"""
1 direct smtp[20]: QQQQQQQQQQ1: {to("a@x.test", MX1, "sent", "250 2.0.0 Ok: queued as RRRRRRRRRR1")}
1 mx1 smtpd[30]: RRRRRRRRRR1: client={DIRECT}
1 mx1 cleanup[31]: RRRRRRRRRR1: message-id=<m@home.test>
1 mx1 qmgr[12]: RRRRRRRRRR1: from=<ana@home.test>, size=300, nrcpt=1 (queue active)
2 mx1 lmtp[32]: RRRRRRRRRR1: {delivered.replace(",", f", orig_to=<{original}>,", 1) if original else delivered}
{NOTICE.format(host="mx1").strip()}
4 mx1 smtp[34]: NNNNNNNNNN1: {to("ana@home.test", "mx-a.home.test[198.18.77.130]", "sent", "250 Ok: queued as S1")}
""")
    at = history.events_of("<m@home.test>")[-1].at
    told: dict[str, Any] = {"session": "1", "client": "198.18.77.11", "client_port": 1, "sender": "", "size": 9}
    told |= {"server": "198.18.77.130", "queue_id": "S1", "message_id": "<n@mx1.dest.test>"}
    history.add(Stored(host="scripted", at=at, recipients=("ana@home.test",), actions=actions, **told))
    (notice,) = history.routes("<m@home.test>")[0].notifications
    return notice.kind


def test_the_kind_of_a_notice_of_success_is_the_action_that_it_names_for_the_recipient() -> None:
    """lmtp(8) says the same in all these cases: flags=X, NOTIFY and aliases decide (smtp_rcpt.c, cleanup_out_recipient.c)."""
    assert notice_of(("relayed a@x.test",)) == "relayed"
    assert notice_of(("delivered A@x.test",)) == "delivered"
    assert notice_of(("delivered c@x.test", "relayed a@x.test")) == "relayed"
    assert notice_of(("expanded a@x.test",), original="a@x.test") == "expanded"
    assert notice_of(("relayed other@x.test",)) == "relayed"  # of one recipient, under another name


def test_a_notice_of_success_that_nobody_has_read_has_no_kind() -> None:
    assert notice_of(()) == "unknown"
    assert notice_of(("delivered c@x.test", "relayed d@x.test")) == "unknown"
    unread = story(f"""
2 direct smtp[20]: QQQQQQQQQQ1: {to("a@x.test", MX2, "sent", "250 Ok")}
{NOTICE.format(host="direct").replace("RRRRRRRRRR1", "QQQQQQQQQQ1").strip()}
""")
    assert [each.kind for each in unread.routes("<m@home.test>")[0].notifications] == ["unknown"]


def test_a_thousand_recipients_are_followed_at_the_cost_of_each() -> None:
    def cost(count: int) -> int:
        people = [f"u{number}@x.test" for number in range(count)]
        sent = [
            f"1 direct smtp[20]: QQQQQQQQQQ1: {to(each, MX1, 'sent', '250 2.0.0 Ok: queued as RRRRRRRRRR1')}"
            for each in people
        ]
        kept = [
            f"2 mx1 smtp[40]: RRRRRRRRRR1: {to(each, 'none', 'deferred', f'connect to {MX2}:25: Connection refused', '4.4.1')}"
            for each in people
        ]
        history = story("\n".join([*sent, f"1 mx1 smtpd[30]: RRRRRRRRRR1: client={DIRECT}", *kept]))
        counter = LineCounter()
        with counter:
            assert len(history.routes("<m@home.test>")) == count
        return counter.lines

    assert cost(1000) < 12 * cost(100)


def test_a_retry_begins_anew() -> None:
    """Of two hosts of equal preference the second try may ask another one first."""
    history = story(f"""
1 direct smtp[20]: connect to {MX2}:25: Connection refused
1 direct smtp[20]: QQQQQQQQQQ1: {to("a@x.test", MX1, "deferred", f"host {MX1} said: 450 wait (in reply to RCPT TO command)")}
5 direct qmgr[12]: QQQQQQQQQQ1: from=<ana@home.test>, size=300, nrcpt=1 (queue active)
6 direct smtp[20]: QQQQQQQQQQ1: {to("a@x.test", MX1, "deferred", f"host {MX1} said: 450 wait (in reply to RCPT TO command)")}
""")
    assert attempts(history) == {"a@x.test": ["mx2 connect failed", "mx1 rcpt deferred", "mx1 rcpt deferred"]}


def test_each_reply_to_a_recipient_is_one_recipient_s() -> None:
    history = story(f"""
1 direct smtp[20]: connect to m.test[198.18.77.130]:587: Connection refused
1 direct smtp[20]: QQQQQQQQQQ1: host {MX1} said: 450 first (in reply to RCPT TO command)
1 direct smtp[20]: QQQQQQQQQQ1: host {MX1} said: 450 second (in reply to RCPT TO command)
2 direct smtp[20]: QQQQQQQQQQ1: {to("a@x.test", "none", "deferred", f"connect to {MX2}:587: Connection refused", "4.4.1")}
2 direct smtp[20]: QQQQQQQQQQ1: {to("b@x.test", "none", "deferred", f"connect to {MX2}:587: Connection refused", "4.4.1")}
""")
    found = {
        route.recipient: [(each.reply, each.port) for each in route.attempts]
        for route in history.routes("<m@home.test>")
    }
    assert found == {
        "a@x.test": [(None, 587), ("450 first", 587), (None, 587)],
        "b@x.test": [(None, 587), ("450 second", 587), (None, 587)],
    }


def test_a_log_that_goes_round_in_circles_comes_to_an_end() -> None:
    history = story(f"""
1 direct smtp[20]: QQQQQQQQQQ1: {to("a@x.test", MX1, "sent", "250 2.0.0 Ok: queued as RRRRRRRRRR1")}
1 mx1 smtpd[30]: RRRRRRRRRR1: client={DIRECT}
1 mx1 smtp[31]: RRRRRRRRRR1: {to("a@x.test", DIRECT, "sent", "250 2.0.0 Ok: queued as QQQQQQQQQQ1")}
""")
    (route,) = history.routes("<m@home.test>")
    assert (route.outcome, route.attempted) == ("unknown", ["mx1", "direct"])


def test_hold_release_and_delete_by_hand() -> None:
    outcomes: list[str] = []
    history = History(HOSTS)
    for event in read_events("postsuper-id"):
        history.add(event)
        now = [route.outcome for route in history.routes("<postsuper-id@home.test>")]
        outcomes += now if now != outcomes[-1:] else []
    assert outcomes == ["deferred", "held", "deferred", "discarded"]


def test_a_bounce_without_its_notice_is_awaited_even_while_others_stay_in_the_queue() -> None:
    events = [event for event in read_events("mixed") if not isinstance(event, NotificationSent)]
    assert History(HOSTS, events).awaited("<mixed@home.test>") == (
        "direct bounced r550@mixed.run.test; its notice is not written yet",
    )


def test_old_refusals_by_the_same_host_say_nothing_of_this_one() -> None:
    events = read_events("ehlo4")
    refusal = next(event for event in events if isinstance(event, Dialogue) and event.fault)
    own = [event for event in events if event is not refusal]
    costs = []
    for count in (1, 1000):
        old = [replace(refusal, at=refusal.at - timedelta(hours=1))] * count
        history = History(HOSTS, [*old, *own])
        counter = LineCounter()
        with counter:
            (route,) = history.routes("<ehlo4@home.test>")
        costs.append(counter.lines)
        assert route.attempts[0].stage == "banner"  # what Postfix's sentence says when nobody knows better
    assert costs[0] == costs[1]


def test_nothing_is_known_of_an_unknown_message() -> None:
    history = History(HOSTS)
    assert history.routes("<x@y>") == ()
    assert history.awaited("<x@y>", ["a@x.test"]) == (
        "no log line has the Message-ID <x@y> yet",
        "no log line names a@x.test yet",
    )
    assert history.events_of("<x@y>") == []


def test_a_message_in_its_next_try_is_awaited() -> None:
    events = read_events("retry")
    first = next(index for index, event in enumerate(events) if isinstance(event, Delivery))
    history = History(HOSTS, events[: first + 1])
    assert history.routes("<retry@home.test>")[0].outcome == "deferred"
    assert history.settled("<retry@home.test>")
    history.add(events[first + 1])
    assert "tries" in history.awaited("<retry@home.test>")[0]


def test_scripted_addresses_have_the_names_that_a_run_gives_them() -> None:
    history = History(HOSTS, read_events("mixed-next"))
    history.hosts |= {"198.18.77.134": "first", "198.18.77.129": "second"}
    (route,) = [each for each in history.routes("<mixed-next@home.test>") if each.recipient.startswith("r450")]
    assert route.attempted == ["first", "second"]
    assert route.hops == ["direct", "second"]


def test_a_host_without_a_name_goes_by_its_address() -> None:
    history = History(HOSTS)
    assert history.name("198.18.77.11", "anything.test", "direct") == "mx1"
    assert history.name("198.18.77.200", "mx-a.run.test", "direct") == "mx-a"
    assert history.name("198.18.77.200", "198.18.77.200", "direct") == "198.18.77.200"


@pytest.mark.parametrize(
    ("address", "logged"), [("127.0.0.1", "127.0.0.1"), ("127.0.0.1", "localhost"), ("::1", "ip6-localhost")]
)
def test_the_loopback_is_the_host_itself(address: str, logged: str) -> None:
    assert History(HOSTS).name(address, logged, "mx1") == "mx1"


def test_adding_and_asking_cost_the_same_after_five_thousand_other_messages() -> None:
    own = read_events("relay")
    small, large = History(HOSTS), History(HOSTS)
    for number in range(5_000):
        for event in other_message(number):
            large.add(event)
    costs = []
    for history in (small, large):
        counter = LineCounter()
        with counter:
            for event in own:
                history.add(event)
            history.routes("<relay@home.test>")
            history.awaited("<relay@home.test>", ["bia@dest.test"])
        answered = counter.lines
        with counter:
            history.events_of("<relay@home.test>")
        costs.append((answered, counter.lines - answered))
    assert costs[0][0] == costs[1][0]
    assert costs[0][1] <= costs[1][1] < costs[0][1] + 200  # the DNS queries of its time are found by bisection


def other_message(number: int) -> list[Event]:
    """Return the events of a message that the same processes of the same hosts handled before."""
    said: dict[str, Any] = {"host": "client", "at": read_start() - timedelta(hours=1)}
    queue_id = f"QQQQQQQQQQ{number}"
    key: dict[str, Any] = {**said, "queue_id": queue_id}
    place: dict[str, Any] = {"relay": "smarthost.isp.test", "address": "198.18.77.31", "port": 587}
    return [
        Received(**key, pid=110, client="gateway.lab.test", address="198.18.77.3", sasl_username=None),
        MessageId(**key, message_id=f"<{number}@home.test>"),
        Active(**key, sender="ana@home.test", size=300, recipients=1),
        DnsQuery(
            **{**said, "host": "dns"},
            seq=number,
            client="198.18.77.21",
            port=5353,
            transport="udp",
            id=1,
            name="smarthost.isp.test.",
            type="A",
            rcode="NOERROR",
            answers=("198.18.77.31",),
            flags="qr aa",
            fault=None,
        ),
        AttemptFailed(
            **{**key, "queue_id": None},
            **place,
            pid=115,
            agent="smtp",
            stage="connect",
            reply=None,
            reason="Connection refused",
        ),
        Delivery(
            **key,
            **{**place, "relay": None, "address": None, "port": None},
            pid=115,
            agent="smtp",
            recipient="bia@dest.test",
            original=None,
            uses=1,
            delay=1.0,
            delays=(1.0, 0.0, 0.0, 0.0),
            dsn="4.4.1",
            status="deferred",
            text="connect to smarthost.isp.test[198.18.77.31]:587: Connection refused",
            reason="Connection refused",
            stage="connect",
            cause="refused",
            tried=("smarthost.isp.test", "198.18.77.31", 587),
        ),
        Removed(**key, how="deleted"),
    ]


@cache
def read_start() -> datetime:
    return read_events("relay")[0].at


class LineCounter:
    """Counts the lines of lab's own code that are run: a cost that no other process can disturb."""

    def __init__(self) -> None:
        self.lines = 0

    def __enter__(self) -> None:
        self._before = sys.gettrace()
        sys.settrace(self._trace)

    def __exit__(self, *_: object) -> None:
        sys.settrace(self._before)

    def _trace(self, frame: FrameType, event: str, _argument: object) -> Any:
        if not frame.f_globals.get("__name__", "").startswith("lab."):
            return None
        self.lines += event == "line"
        return self._trace
