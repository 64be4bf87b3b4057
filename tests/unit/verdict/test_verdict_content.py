"""What was refused at submission, and what copies and notices say: judged on evidence beside the route."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from lab.route.model import Route
from lab.verdict import Evidence, judge, parse

Routes = Callable[..., Route]

RAW = b"Received: a\r\nReceived: b\r\nX-Spam: Yes\r\nSubject: a\r\n long one\r\n\r\nGood day\r\n"
NOTICE = b"""Subject: Undelivered Mail Returned to Sender\r
MIME-Version: 1.0\r
Content-Type: multipart/report; boundary=b\r
\r
--b\r
Content-Type: message/delivery-status\r
\r
Reporting-MTA: dns; direct.home.test\r
\r
Final-Recipient: rfc822; bia@a.test\r
Action: failed\r
Status: 5.1.1\r
--b--\r
"""


ACTION: dict[str, Any] = {"notice": {"Action": "failed"}}


def differences(table: dict[str, Any], route: Route, **evidence: Any) -> list[str]:
    return [str(each) for each in judge(parse(table), route, Evidence(**evidence)).differences]


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("554 5.7.1 Relay access denied", []),
        ("554 5.7.0 other", ["refused: expected 554 5.7.1, observed 554 5.7.0 other"]),
        ("", ["refused: expected 554 5.7.1, observed accepted"]),
    ],
)
def test_a_reply_at_submission(route: Routes, reply: str, expected: list[str]) -> None:
    assert differences({"refused": "554 5.7.1"}, route(outcome="rejected"), refusal=reply) == expected


def test_a_message_that_should_have_been_refused_fails(route: Routes) -> None:
    assert differences({"refused": "554 5.7.1"}, route(), refusal="") == [
        "outcome: expected rejected, observed delivered",
        "refused: expected 554 5.7.1, observed accepted",
    ]


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ({"received": 2}, []),
        ({"received": 3}, ["received: expected 3 Received fields, observed 2"]),
        ({"stored": {"X-Spam": "^Yes$", "Subject": "^a long one$", "body": "Good"}}, []),
        ({"stored": {"X-Spam": "^No$"}}, ["stored.X-Spam: expected ^No$, observed Yes"]),
        ({"stored": {"X-Ham": "."}}, ["stored.X-Ham: expected ., observed no such field"]),
        ({"stored": {"body": "Bad"}}, ["stored.body: expected Bad, observed Good day"]),
    ],
)
def test_what_lies_in_the_mailbox(route: Routes, table: dict[str, Any], expected: list[str]) -> None:
    assert differences(table, route(), stored=(RAW,)) == expected


def test_letters_beyond_ascii_in_a_field(route: Routes) -> None:
    """RFC 6532 3.2: a field may have UTF-8 as it is."""
    raw = RAW.replace(b"Yes", "für josé@a.test".encode())
    assert differences({"stored": {"X-Spam": "^für josé@a.test$"}}, route(), stored=(raw,)) == []


def test_every_copy_must_be_right(route: Routes) -> None:
    other = RAW.replace(b"Yes", b"No")
    assert differences({"stored": {"X-Spam": "Yes"}}, route(), stored=(RAW, other)) == [
        "stored.X-Spam: expected Yes, observed No"
    ]


@pytest.mark.parametrize(
    ("table", "evidence"),
    [({"stored": {"X-Spam": "Yes"}}, {"stored": ()}), ({"received": 2}, {"stored": ()}), (ACTION, {"notices": ()})],
)
def test_nothing_to_read_fails_when_it_cannot_come_any_more(
    route: Routes, table: dict[str, Any], evidence: dict[str, Any]
) -> None:
    expected = parse(table)
    none = Evidence(**evidence)
    assert judge(expected, route(outcome="bounced"), none).outcome == "fail"
    assert judge(expected, route(outcome="unknown"), none).outcome == "unknown"
    assert judge(expected, route(outcome="bounced")).outcome == "unknown"  # nobody has looked


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        (
            {
                "Action": "failed",
                "Status": "5.1.1",
                "Final-Recipient": "rfc822; bia@a.test",
                "Subject": "^Undelivered",
            },
            [],
        ),
        ({"Action": "delayed"}, ["notice.Action: expected delayed, observed failed"]),
    ],
)
def test_fields_of_a_notice(route: Routes, table: dict[str, str], expected: list[str]) -> None:
    assert differences({"notice": table}, route(outcome="bounced"), notices=(NOTICE,)) == expected


def test_no_notice_fails(route: Routes) -> None:
    assert differences(ACTION, route(), notices=()) == ["notice: expected a notification, observed none"]
