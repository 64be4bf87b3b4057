"""What became of a recipient: by what the route says, and by where the message lies."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lab.route.model import Notification, Route
from lab.soak.account import Account, Fate, address, balance, fate

ROUTE = Route(
    message_id="<1@home.test>",
    sender="ana@home.test",
    recipient="bia+lists@one.test",
    outcome="delivered",
    status="2.0.0",
    reason=None,
    accepted_by="mx1",
    mailbox="INBOX",
    hops=["direct", "mx1"],
    attempts=(),
    notifications=(),
    copies=1,
    mailstore="mailstore",
)
NOTICE = Notification("failed", "4j1", "direct", replace(ROUTE, sender="", recipient="ana@home.test"))


def returned(**changes: object) -> Route:
    values: dict[str, object] = {"outcome": "bounced", "copies": 0, "mailbox": None, "mailstore": None, **changes}
    return replace(ROUTE, **values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("route", "stored", "queued", "expected"),
    [
        (ROUTE, 1, (), "delivered once, to a mailbox"),
        (replace(ROUTE, copies=2), 2, (), "delivered 2 times, at last to a mailbox"),
        (replace(ROUTE, mailstore=None, accepted_by="s1"), 1, (), "delivered once, to s1 (scripted)"),
        (replace(ROUTE, copies=2), 1, (), "lost 2 stored by the log, and 1 there"),
        (ROUTE, 0, (), "lost 1 stored by the log, and 0 there"),
        (ROUTE, 2, (), "unknown 1 stored by the log, and 2 there"),
        (returned(notifications=(NOTICE,)), 0, (), "returned with a notice, delivered"),
        (returned(outcome="expired", notifications=(NOTICE,)), 0, (), "returned with a notice, delivered"),
        (returned(notifications=(replace(NOTICE, route=None),)), 0, (), "returned with a notice, unknown"),
        (returned(), 0, (), "lost bounced, without a notice"),
        (returned(notifications=(replace(NOTICE, kind="delayed"),)), 0, (), "lost bounced, without a notice"),
        (returned(sender=""), 0, (), "returned with no notice, for the sender is null (RFC 5321 4.5.5)"),
        (returned(outcome="rejected"), 0, (), "refused at submission"),
        (returned(outcome="discarded", reason="Sieve"), 0, (), "discarded by a rule: Sieve"),
        (returned(outcome="deferred"), 0, ("mx1",), "queued at mx1"),
        (returned(outcome="held"), 0, ("mx1", "direct"), "queued at direct, mx1"),
        (returned(outcome="deferred"), 0, (), "lost deferred, and in no queue"),
        (returned(outcome="held"), 0, (), "lost held, and in no queue"),
        (returned(outcome="unknown"), 0, ("mx1",), "queued at mx1"),
        (returned(outcome="unknown"), 0, (), "unknown no log tells its end"),
    ],
)
def test_fate(route: Route, stored: int, queued: tuple[str, ...], expected: str) -> None:
    found = fate(route, stored, queued)
    assert f"{found.kind} {found.how}" == expected
    assert found.fine == (not expected.startswith(("lost", "unknown")))


def test_a_detail_is_no_other_mailbox() -> None:
    assert address(ROUTE) == "bia@one.test"
    assert address(replace(ROUTE, final_recipient="Cai@Two.test")) == "cai@two.test"


def test_every_route_is_balanced_with_what_is_there_of_it() -> None:
    deferred = returned(outcome="deferred", recipient="eva@one.test", copies=0)
    found = balance(
        [ROUTE, deferred, replace(ROUTE, message_id="<2@home.test>")],
        {("<1@home.test>", "bia@one.test"): 1},
        {("<1@home.test>", "eva@one.test"): {"direct"}},
    )
    assert [each.fate.kind for each in found] == ["delivered", "queued", "lost"]


def test_an_account_is_fine_when_nobody_is_lost() -> None:
    account = Account(seed=7, messages=2, recipients=balance([ROUTE], {("<1@home.test>", "bia@one.test"): 1}, {}))
    assert (account.fine, account.bad) == (True, [])
    account.recipients += balance([ROUTE, returned(outcome="unknown")], {}, {})
    assert not account.fine
    assert [each.fate for each in account.bad] == [
        Fate("lost", "1 stored by the log, and 0 there"),
        Fate("unknown", "no log tells its end"),
    ]


def test_the_table_counts_the_fates_best_first() -> None:
    stored = {("<1@home.test>", "bia@one.test"): 1}
    routes = [returned(outcome="unknown"), ROUTE, ROUTE, returned(outcome="rejected")]
    account = Account(seed=7, recipients=balance(routes, stored, {}))
    assert account.table() == [
        ("delivered", "once, to a mailbox", 2),
        ("refused", "at submission", 1),
        ("unknown", "no log tells its end", 1),
    ]
    assert account.to_json()["fates"][0] == {"fate": "delivered", "how": "once, to a mailbox", "recipients": 2}
    assert account.to_json()["bad"][0]["route"]["recipient"] == "bia+lists@one.test"
