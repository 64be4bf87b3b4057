# ruff: noqa: E501  a log line stands in one line
"""What a mail store does with a message: it stores, sends on, rejects, answers, several at once, in any order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from lab.route.history import History
from lab.route.model import Route
from lab.servers.dovecot import log as dovecot

from .recordings import HOSTS, postfix_events

STORE = {"198.18.77.64": "store"}
SAVED = "status=sent (250 2.0.0 <bia@x.test> qCBFNb4GBmsuAAAAXjJooQ Saved)"
FILED = "Info: sieve: msgid=<m@home.test>: fileinto action: stored mail into mailbox 'Junk'"
KEPT = "Info: sieve: msgid=<m@home.test>: stored mail into mailbox 'INBOX'"
ANSWERED = "Info: sieve: msgid=<m@home.test>: vacation action: sent vacation response to <ana@home.test>"
REJECTED = "Info: sieve: msgid=<m@home.test>: reject action: rejected message from <ana@home.test> (reject)"
MARKED = "Info: sieve: msgid=<m@home.test>: discard action: Marked message to be discarded if not explicitly delivered (discard action)"
DONE = "Debug: Local delivery finished successfully"


def forwarded(recipient: str) -> str:
    return f"Info: sieve: msgid=<m@home.test>: redirect action: forwarded to <{recipient}>"


def handed(queue_id: str, verb: str = "BDAT") -> str:
    return (
        "Debug: smtp-client: conn mx2.dest.test:10025 (198.18.77.12:10025) [1]: "
        f"command {verb}: Got reply (1/1): 250 2.0.0 Ok: queued as {queue_id} (1 commands pending, 0 commands queued)"
    )


def taken(queue_id: str, message_id: str, sender: str, recipient: str) -> str:
    """Return what mx2 says of a message that it took from the store and delivered."""
    return f"""\
2 mx2 outlet/smtpd[40]: {queue_id}: client=store.x.test[198.18.77.64]
2 mx2 cleanup[41]: {queue_id}: message-id=<{message_id}>
2 mx2 qmgr[42]: {queue_id}: from=<{sender}>, size=300, nrcpt=1 (queue active)
2 mx2 virtual[43]: {queue_id}: to=<{recipient}>, relay=virtual, delay=0, delays=0/0/0/0, dsn=2.0.0, status=sent (delivered to maildir)
2 mx2 qmgr[42]: {queue_id}: removed
"""


def history(*store: str, more: str = "") -> History:
    """Return the history of a message that mx1 handed over, and of which the store says *store*."""
    found = History(
        {**HOSTS, **STORE},
        postfix_events(f"""
0 mx1 smtpd[10]: QQQQQQQQQQ1: client=gateway.lab.test[198.18.77.3]
0 mx1 cleanup[11]: QQQQQQQQQQ1: message-id=<m@home.test>
0 mx1 qmgr[12]: QQQQQQQQQQ1: from=<ana@home.test>, size=300, nrcpt=1 (queue active)
1 mx1 lmtp[13]: QQQQQQQQQQ1: to=<bia@x.test>, relay=store.x.test[198.18.77.64]:24, delay=0, delays=0/0/0/0, dsn=2.0.0, {SAVED}
1 mx1 qmgr[12]: QQQQQQQQQQ1: removed
{more}"""),
    )
    at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=1)
    for line in store:
        event = dovecot.parse("store", at, f"Nov 24 21:51:01 lmtp(bia@x.test)<46><qCBFNb4GBmsuAAAAXjJooQ>: {line}")
        assert event is not None
        found.add(event)
    return found


def routes(*store: str, more: str = "") -> tuple[Route, ...]:
    """Return the routes of a story that is complete."""
    found = history(*store, more=more)
    assert found.awaited("<m@home.test>") == ()
    return found.routes("<m@home.test>")


def test_the_host_that_has_the_mailbox_is_told() -> None:
    (route,) = routes(KEPT, DONE)
    assert (route.outcome, route.mailbox, route.mailstore, route.hops) == ("delivered", "INBOX", "store", ["mx1"])


@pytest.mark.parametrize("seen", [(), (KEPT,), (FILED, handed("AAAAAAAAAA1")), (handed("AAAAAAAAAA1"), ANSWERED)])
def test_until_the_delivery_is_over_more_may_come(seen: tuple[str, ...]) -> None:
    awaited = history(*seen, more=taken("AAAAAAAAAA1", "v@x.test", "", "ana@home.test")).awaited("<m@home.test>")
    assert awaited == ("Dovecot took it (LMTP session qCBFNb4GBmsuAAAAXjJooQ), and is not done with it yet",)


@pytest.mark.parametrize("order", [(FILED, handed("AAAAAAAAAA1"), ANSWERED), (handed("AAAAAAAAAA1"), ANSWERED, FILED)])
def test_an_answer_is_a_notification_with_a_way_of_its_own(order: tuple[str, ...]) -> None:
    (route,) = routes(*order, DONE, more=taken("AAAAAAAAAA1", "v@x.test", "", "ana@home.test"))
    assert (route.outcome, route.mailbox) == ("delivered", "Junk")
    (answer,) = route.notifications
    assert (answer.kind, answer.host, answer.queue_id) == ("auto-replied", "store", "AAAAAAAAAA1")
    assert answer.route is not None
    assert (answer.route.message_id, answer.route.recipient) == ("<v@x.test>", "ana@home.test")
    assert (answer.route.outcome, answer.route.hops) == ("delivered", ["mx2"])


def test_an_answer_to_a_message_that_is_discarded() -> None:
    answer = taken("AAAAAAAAAA1", "v@x.test", "", "ana@home.test")
    (route,) = routes(MARKED, handed("AAAAAAAAAA1", "DATA"), ANSWERED, DONE, more=answer)
    assert (route.outcome, [each.kind for each in route.notifications]) == ("discarded", ["auto-replied"])


def test_a_message_that_is_kept_as_well_is_not_discarded() -> None:
    (route,) = routes(MARKED, KEPT, DONE)
    assert (route.outcome, route.mailbox, route.copies) == ("delivered", "INBOX", 1)


def test_a_rejection_is_a_notification() -> None:
    (route,) = routes(handed("AAAAAAAAAA1"), REJECTED, DONE, more=taken("AAAAAAAAAA1", "r@x.test", "", "ana@home.test"))
    assert (route.outcome, route.copies, route.mailstore) == ("bounced", 0, None)
    assert [(each.kind, each.route and each.route.recipient) for each in route.notifications] == [
        ("rejected", "ana@home.test")
    ]


def test_a_rejection_that_nobody_is_told_of() -> None:
    silent = "Info: sieve: msgid=<m@home.test>: reject action: not sending reject message to <>"
    (route,) = routes(silent, DONE)
    assert (route.outcome, route.notifications) == ("bounced", ())


def test_each_redirect_has_its_own_end() -> None:
    more = taken("AAAAAAAAAA1", "m@home.test", "ana@home.test", "cai@y.test")
    more += taken("AAAAAAAAAA2", "m@home.test", "ana@home.test", "eva@y.test")
    more += taken("AAAAAAAAAA3", "v@x.test", "", "ana@home.test")
    sent = (handed("AAAAAAAAAA1"), forwarded("cai@y.test"), handed("AAAAAAAAAA2"), forwarded("eva@y.test"))
    found = routes(FILED, *sent, handed("AAAAAAAAAA3"), ANSWERED, KEPT, DONE, more=more)
    assert [(route.final_recipient, route.mailbox, route.copies) for route in found] == [
        ("bia@x.test", "Junk", 2),
        ("cai@y.test", None, 1),
        ("eva@y.test", None, 1),
    ]
    assert found[1].hops == ["mx1", "mx2"]
    assert {tuple(each.kind for each in route.notifications) for route in found} == {("auto-replied",)}


def test_a_host_that_does_not_have_it_yet_is_awaited() -> None:
    (missing,) = history(handed("AAAAAAAAAA1"), forwarded("cai@y.test"), DONE).awaited("<m@home.test>")
    assert missing == "a Sieve script redirects it (forwarded to <cai@y.test>); no host has it yet"
    (missing,) = history(handed("AAAAAAAAAA1"), REJECTED, DONE).awaited("<m@home.test>")
    assert missing == "store wrote notice AAAAAAAAAA1; no log line of it yet"
