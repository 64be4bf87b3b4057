"""What was observed against what was expected, on hand-made observations."""

from __future__ import annotations

from typing import Any

import pytest

from lab.scenario.format.expect import Asked, ready
from lab.scenario.format.model import Expected
from lab.scenario.run.judge import Judged, Observation, judged, worst
from lab.verdict import Evidence, Verdict
from tests.unit.scenario.conftest import attempt, notice, route

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


def asked(**table: Any) -> Asked:
    return ready(Expected("expect", "message", None, table), {"DOMAIN": "a.test"})


def seen(found: Any = None, **evidence: Any) -> Observation:
    return Observation(0, found or route(attempt("mx1")), Evidence(**evidence))


def differences(found: list[Judged]) -> list[str]:
    return [str(difference) for each in found for difference in each.verdict.differences]


def test_what_is_as_expected_passes() -> None:
    found = judged(asked(attempts=["mx1 250"], delivered="INBOX"), [seen()])
    assert [(each.recipient, each.verdict) for each in found] == [("bia@a.test", Verdict("pass"))]


def test_nothing_seen_is_unknown() -> None:
    (found,) = judged(asked(delivered="INBOX"), [])
    assert found.verdict.outcome == "unknown"


def test_a_route_that_goes_on_is_unknown() -> None:
    (found,) = judged(asked(delivered="INBOX"), [seen(route(outcome="unknown"))])
    assert found.verdict.outcome == "unknown"


def test_a_variable_in_a_regular_expression_is_taken_literally() -> None:
    assert (
        judged(asked(reply="x@$DOMAIN$"), [seen(route(attempt("mx1", "250 2.0.0 x@a.test")))])[0].verdict.outcome
        == "pass"
    )
    assert (
        judged(asked(reply="x@$DOMAIN$"), [seen(route(attempt("mx1", "250 2.0.0 x@aatest")))])[0].verdict.outcome
        == "fail"
    )


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("554 5.7.1 Relay access denied", []),
        ("554 5.7.0 other", ["refused: expected 554 5.7.1, observed 554 5.7.0 other"]),
        ("", ["refused: expected 554 5.7.1, observed accepted"]),
    ],
)
def test_a_reply_at_submission(reply: str, expected: list[str]) -> None:
    found = judged(asked(refused="554 5.7.1"), [seen(route(outcome="rejected"), refusal=reply)])
    assert differences(found) == expected


def test_a_message_that_should_have_been_refused_fails() -> None:
    found = judged(asked(refused="554 5.7.1"), [seen(refusal="")])
    assert differences(found) == [
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
def test_what_lies_in_the_mailbox(table: dict[str, Any], expected: list[str]) -> None:
    assert differences(judged(asked(**table), [seen(stored=(RAW,))])) == expected


def test_letters_beyond_ascii_in_a_field() -> None:
    """RFC 6532 3.2: a field may have UTF-8 as it is."""
    raw = RAW.replace(b"Yes", "für josé@a.test".encode())
    assert differences(judged(asked(stored={"X-Spam": "^für josé@$DOMAIN$"}), [seen(stored=(raw,))])) == []


def test_every_copy_must_be_right() -> None:
    other = RAW.replace(b"Yes", b"No")
    assert differences(judged(asked(stored={"X-Spam": "Yes"}), [seen(stored=(RAW, other))])) == [
        "stored.X-Spam: expected Yes, observed No"
    ]


def test_no_copy_fails_when_it_cannot_come_any_more() -> None:
    expected = asked(stored={"X-Spam": "Yes"})
    assert judged(expected, [seen(route(outcome="bounced"), stored=())])[0].verdict.outcome == "fail"
    assert judged(expected, [seen(route(outcome="unknown"))])[0].verdict.outcome == "unknown"


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        (
            {
                "Action": "failed",
                "Status": "5.1.1",
                "Final-Recipient": "rfc822; bia@$DOMAIN",
                "Subject": "^Undelivered",
            },
            [],
        ),
        ({"Action": "delayed"}, ["notice.Action: expected delayed, observed failed"]),
    ],
)
def test_fields_of_a_notice(table: dict[str, str], expected: list[str]) -> None:
    bounced = route(outcome="bounced", notifications=(notice(),))
    assert differences(judged(asked(notice=table), [seen(bounced, notices=(NOTICE,))])) == expected


def test_no_notice_fails() -> None:
    assert differences(judged(asked(notice={"Action": "failed"}), [seen(notices=())])) == [
        "notice: expected a notification, observed none"
    ]


def many(*hosts: str) -> list[Observation]:
    return [Observation(number, route(attempt(host)), Evidence()) for number, host in enumerate(hosts)]


def test_how_many_messages_are_spread() -> None:
    expected = asked(accepted_by={"mx1": [1, 2], "mx2|mx3": [1, 1]})
    assert [each.verdict.outcome for each in judged(expected, many("mx1", "mx2"))] == ["pass"]
    assert differences(judged(expected, many("mx1", "mx1", "mx1"))) == [
        "accepted_by.mx1: expected 1 to 2 of 3, observed 3",
        "accepted_by.mx2|mx3: expected 1 to 1 of 3, observed 0",
    ]


def test_each_of_many_messages_is_judged_with_its_number() -> None:
    found = judged(asked(attempts=["mx1 250"]), many("mx1", "mx2"))
    assert [(each.message, each.verdict.outcome) for each in found] == [("message 1", "pass"), ("message 2", "fail")]


def test_copies_are_those_of_each_address_that_a_recipient_stands_for_or_of_all_together() -> None:
    both = [seen(route(attempt("mx1"), copies=1, final_recipient=each)) for each in ("cai@a.test", "dora@a.test")]
    for expected, outcomes in ((1, ["pass"] * 2), (2, ["pass"] * 2), (3, ["fail"] * 2), (0, ["fail"] * 2)):
        assert [each.verdict.outcome for each in judged(asked(copies=expected), both)] == outcomes
    twice = [*both, seen(route(attempt("mx1"), copies=1, recipient="eva@a.test"))]  # another recipient of the message
    assert [each.verdict.outcome for each in judged(asked(copies=2), twice)] == ["pass", "pass", "fail"]
    assert (
        differences(judged(asked(copies=3), both))
        == ["copies: expected 3, observed 1 in mailboxes, 2 of all routes of the recipient"] * 2
    )


def test_the_worst_counts() -> None:
    assert worst([Verdict("pass"), Verdict("unknown"), Verdict("fail")]) == "fail"
    assert worst([Verdict("pass"), Verdict("unknown")]) == "unknown"
    assert worst([Verdict("pass")]) == "pass"
    assert worst([]) == "unknown"
