"""Pass only what was seen, fail with every difference, and unknown for what was not seen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from lab.route.model import Attempt, Handover, Notification, Route
from lab.verdict import Evidence, Expectation, ExpectationError, Verdict, judge, judge_run, parse

Attempts = Callable[..., Attempt]
Routes = Callable[..., Route]


def verdict(expected: Mapping[str, Any], route: Route | None, evidence: Evidence | None = None) -> Verdict:
    return judge(parse(expected), route, evidence)


GOOD: list[dict[str, Any]] = [
    {"attempts": ["mx1 refused", "mx2 250"]},
    {"attempts": ["mx1 failed connect", "mx2 accepted 2.0.0 end-of-data"]},
    {"attempts": ["* *", "mx2|mx3 2xx"]},
    {"attempts": ["* * ..."]},
    {"accepted_by": "mx2"},
    {"accepted_by": "mx1|mx2"},
    {"delivered": "INBOX", "outcome": "delivered", "copies": 1},
    {"status": "2.x.x", "reply": r"Saved$"},
    {"hops": ["direct", "mx*"]},
    {"notifications": []},
    {"untouched": ["mx3"]},
    {"asked": ["MX dest.test", "A mx2.dest.test"], "not_asked": ["A dest.test"]},
    {"at_least": 1, "at_most": 4.5, "intervals": [[1.5, 2.5]]},
    {"queue": {"direct": "none"}},
    {"logged": {"direct": ["status=sent", r"smtp\[\d+\]: Q1: "], "mx2": "connect from"}},
    {"not_logged": {"direct": "warning", "mx2": ["reject", "fatal"]}},
]
LINES = (
    "Jan 01 direct postfix/smtp[7]: connect to mx1.dest.test[198.18.0.11]:25: Connection refused",
    "Jan 01 direct postfix/smtp[7]: Q1: to=<bia@dest.test>, relay=mx2.dest.test[198.18.0.12]:25, status=sent",
    "Jan 01 direct postfix/qmgr[8]: Q1: removed",
    "Jan 01 direct postfix/smtpd[9]: disconnect from gateway.lab.test",
)
SEEN = Evidence(
    contacted=frozenset({"mx1", "mx2"}),
    questions=("MX Dest.test.", "A mx1.dest.test", "A mx2.dest.test"),
    queues={"direct": "none"},
    elapsed=2.1,
    logs={"direct": LINES, "mx2": ["Jan 01 mx2 postfix/smtpd[7]: connect from direct.home.test"], "mx3": []},
)


@pytest.mark.parametrize("expected", GOOD, ids=str)
def test_what_was_seen_passes(route: Routes, expected: dict[str, Any]) -> None:
    assert verdict(expected, route(), SEEN) == Verdict("pass")


# expectation, (path, expected, observed) of each difference on the same route
BAD: list[tuple[dict[str, Any], list[tuple[str, str, str]]]] = [
    ({"attempts": ["mx2 250"]}, [("attempts[0]", "nothing", "mx1 failed connect: Connection refused")]),
    (
        {"attempts": ["mx1 timeout", "mx2 250"]},
        [("attempts[0]", "mx1 timeout", "mx1 failed connect: Connection refused")],
    ),
    ({"attempts": ["mx1 refused", "mx2 250", "mx3 250"]}, [("attempts[2]", "mx3 250", "nothing")]),
    (
        {"attempts": ["mx2 250", "mx1 refused"]},
        [
            ("attempts[0]", "mx2 250", "nothing"),
            ("attempts[2]", "nothing", "mx2 accepted end-of-data: 250"),
        ],
    ),
    (
        {"attempts": []},
        [
            ("attempts[0]", "nothing", "mx1 failed connect"),
            ("attempts[0]", "nothing", "mx2 accepted end-of-data"),
        ],
    ),
    ({"accepted_by": "mx1"}, [("accepted_by", "mx1", "mx2")]),
    ({"delivered": "Junk"}, [("delivered", "Junk", "INBOX")]),
    ({"mailstore": "store"}, [("mailstore", "store", "mailstore")]),
    ({"outcome": "bounced"}, [("outcome", "bounced", "delivered")]),
    ({"status": "5.x.x"}, [("status", "5.x.x", "2.0.0")]),
    ({"reply": "greylisted"}, [("reply", "greylisted", "250 2.0.0 <bia@dest.test> Saved")]),
    ({"hops": ["direct", "smarthost", "mx2"]}, [("hops", "direct, smarthost, mx2", "direct, mx2")]),
    (
        {"untouched": ["mx2"]},
        [("untouched[0]", "no connection to mx2", "mx2 accepted end-of-data: 250 2.0.0 Ok")],
    ),
    ({"copies": 2}, [("copies", "2", "1 in mailboxes")]),
    ({"notifications": ["failed"]}, [("notifications", "failed", "nothing")]),
    (
        {"asked": ["A mx2.dest.test", "MX dest.test"]},
        [("asked[1]", "MX dest.test in this place", "asked earlier")],
    ),
    ({"asked": ["AAAA mx1.dest.test"]}, [("asked[0]", "AAAA mx1.dest.test", "not asked")]),
    ({"not_asked": ["MX dest.test"]}, [("not_asked[0]", "no question MX dest.test", "asked 1 times")]),
    ({"at_least": 3}, [("at_least", "3 s or more", "2.100 s")]),
    ({"at_most": 2}, [("at_most", "2 s or less", "2.100 s")]),
    (
        {"intervals": [[3, 4], [1, 2]]},
        [
            ("intervals[0]", "3.0 s to 4.0 s", "2.000 s"),
            ("intervals[1]", "1.0 s to 2.0 s", "no such attempt"),
        ],
    ),
    ({"queue": {"direct": "deferred"}}, [("queue.direct", "deferred", "none")]),
]


@pytest.mark.parametrize(("expected", "differences"), BAD, ids=lambda value: str(value)[:60])
def test_what_differs_fails(route: Routes, expected: dict[str, Any], differences: list[tuple[str, str, str]]) -> None:
    found = verdict(expected, route(), SEEN)
    assert found.outcome == "fail"
    shown = [(each.path, each.expected, (each.observed or "")) for each in found.differences]
    assert [each[:2] for each in shown] == [each[:2] for each in differences]
    assert all(each[2].startswith(wanted[2]) for each, wanted in zip(shown, differences, strict=True))


def test_lines_of_a_host_that_was_not_heard_are_unknown(route: Routes) -> None:
    for expected in ({"logged": {"direct": "Q1", "mx1": "x"}}, {"not_logged": {"direct": "warning", "mx1": "x"}}):
        found = verdict(expected, route(), SEEN)
        assert (found.outcome, [each.path.partition(".")[2] for each in found.differences]) == ("unknown", ["mx1"])


def test_a_line_that_is_missing_is_shown_beside_the_nearest(route: Routes) -> None:
    (found,) = verdict({"logged": {"direct": [r"status=sent .*relay=mx3\.dest"]}}, route(), SEEN).differences
    assert (found.path, (found.observed or "").splitlines()) == (
        "logged.direct",
        ["no such line; the nearest:", *(f"      {line}" for line in (LINES[0], LINES[1], LINES[2]))],
    )
    (nothing,) = verdict({"logged": {"mx3": ["x"]}}, route(), SEEN).differences
    assert nothing.observed == "no such line"
    open_ = route(outcome="unknown", status=None)
    assert verdict({"logged": {"direct": "never"}}, open_, SEEN).outcome == "unknown"


def test_where_nothing_was_sent_the_log_is_judged_alone() -> None:
    expected = parse({"logged": {"direct": "status=sent"}, "not_logged": {"direct": "warning"}})
    assert judge_run(expected, SEEN) == Verdict("pass")
    assert judge_run(expected, Evidence()).outcome == "unknown"
    assert judge_run(parse({"not_logged": {"direct": "removed"}}), SEEN).outcome == "fail"


def test_every_difference_is_listed(route: Routes) -> None:
    found = verdict(
        {
            "attempts": ["mx1 timeout", "mx2 450"],
            "accepted_by": "mx3",
            "status": "4.x.x",
            "outcome": "deferred",
        },
        route(),
    )
    assert [each.path for each in found.differences] == [
        "attempts[0]",
        "attempts[1]",
        "accepted_by",
        "outcome",
        "status",
    ]
    assert str(found).splitlines()[0] == "fail"
    assert "  accepted_by: expected mx3, observed mx2" in str(found)


@pytest.mark.parametrize("expected", [["mx1 refused", "mx2 250"], ["mx-a starttls", "mx1 refused", "mx2 250"]])
def test_attempts_are_unknown_where_a_line_was_not_understood(route: Routes, expected: list[str]) -> None:
    """It may be an attempt that is expected, or one that is not."""
    unread = route(unread=("something new about mx-a",))
    judged = verdict({"attempts": expected, "delivered": "INBOX"}, unread)
    assert judged.outcome == "unknown"
    assert "something new about mx-a" in str(judged)
    assert verdict({"delivered": "INBOX"}, unread).outcome == "pass"


def test_no_route_is_unknown() -> None:
    assert verdict({"accepted_by": "mx2"}, None).outcome == "unknown"


@pytest.mark.parametrize(
    "expected",
    [
        {"untouched": ["mx3"]},
        {"asked": ["MX dest.test"]},
        {"not_asked": ["A dest.test"]},
        {"queue": {"direct": "none"}},
        {"at_most": 10},
        {"logged": {"direct": "x"}},
        {"not_logged": {"direct": "x"}},
    ],
    ids=str,
)
def test_without_evidence_nothing_passes(route: Routes, expected: dict[str, Any]) -> None:
    found = verdict(expected, route(), Evidence())
    assert found.outcome == "unknown"
    assert [each.observed for each in found.differences] == [None]
    assert "no evidence" in str(found)


@pytest.mark.parametrize(
    "expected",
    [
        each
        for each in GOOD
        if set(each) & {"attempts", "accepted_by", "copies", "notifications", "untouched", "not_logged"}
    ],
    ids=str,
)
def test_route_that_has_no_end_yet_does_not_pass(route: Routes, expected: dict[str, Any]) -> None:
    assert verdict(expected, route(outcome="unknown", status=None), SEEN).outcome == "unknown"


def test_route_that_has_no_end_yet_fails_on_what_cannot_change(route: Routes) -> None:
    unfinished = route(outcome="unknown", status=None, accepted_by=None, mailbox=None, hops=("direct",))
    assert verdict({"attempts": ["mx1 250"]}, unfinished, SEEN).outcome == "fail"
    assert verdict({"attempts": ["mx1 refused", "mx2 250", "mx3 250"]}, unfinished, SEEN).outcome == "unknown"
    assert verdict({"hops": ["direct", "mx2"]}, unfinished, SEEN).outcome == "unknown"
    assert verdict({"hops": ["client", "mx2"]}, unfinished, SEEN).outcome == "fail"
    assert verdict({"untouched": ["mx1"]}, unfinished, SEEN).outcome == "fail"


def test_failure_outweighs_what_is_unknown(route: Routes) -> None:
    found = verdict({"accepted_by": "mx3", "untouched": ["mx3"]}, route())
    assert found.outcome == "fail"
    assert [(each.path, each.observed) for each in found.differences] == [
        ("accepted_by", "mx2"),
        ("untouched[0]", None),
    ]


class TestForTheWrongReason:
    """Routes that end as expected without having gone the expected way."""

    def test_second_exchanger_took_it_but_the_first_was_never_tried(self, route: Routes, attempt: Attempts) -> None:
        skipped = route(attempt("mx2", "250 2.0.0 Ok"))
        assert verdict({"accepted_by": "mx2", "attempts": ["mx1 refused", "mx2 250"]}, skipped).outcome == "fail"

    def test_rejection_at_another_stage(self, route: Routes, attempt: Attempts) -> None:
        greeting = attempt("mx1", "550 5.7.1 no", stage="banner")
        assert (
            verdict({"attempts": ["mx1 5xx rcpt", "mx2 250"]}, route(greeting, attempt("mx2", "250 Ok"))).outcome
            == "fail"
        )

    def test_time_out_in_the_words_of_a_server(self, route: Routes, attempt: Attempts) -> None:
        said = route(attempt("mx1", "450 4.4.2 timed out"), attempt("mx2", "250 Ok"))
        assert verdict({"attempts": ["mx1 timeout", "mx2 250"]}, said).outcome == "fail"

    def test_refusal_to_talk_is_no_refused_connection(self, route: Routes, attempt: Attempts) -> None:
        said = attempt("mx1", "554 5.3.2 connection refused by policy", stage="banner")
        assert (
            verdict({"attempts": ["mx1 refused", "mx2 250"]}, route(said, attempt("mx2", "250 Ok"))).outcome == "fail"
        )

    def test_another_address_family(self, route: Routes, attempt: Attempts) -> None:
        six, four = attempt("mx1", address="2001:2::11"), attempt("mx1", "250 Ok", address="198.18.0.11")
        expected = {"attempts": ["mx1 ipv6 refused", "mx1 ipv4 250"]}
        assert verdict(expected, route(six, four)).outcome == "pass"
        found = verdict(expected, route(attempt("mx1", address="198.18.0.11"), attempt("mx1", "250 Ok")))
        assert [each.expected for each in found.differences] == ["mx1 ipv6 refused", "mx1 ipv4 250"]
        found = verdict({"attempts": ["mx1 refused", "mx1 ipv6 250"]}, route(six, four))
        assert [each.observed for each in found.differences] == ["mx1 accepted end-of-data: 250 Ok"]
        found = verdict({"attempts": ["mx1 ipv4 refused", "mx1 250"]}, route(six, four))
        assert [each.observed for each in found.differences] == ["mx1 ipv6 failed connect: Connection refused"]

    def test_code_that_only_begins_alike(self, route: Routes, attempt: Attempts) -> None:
        said = route(attempt("mx1", "451 4.3.0 no"), attempt("mx2", "250 Ok"))
        assert verdict({"attempts": ["mx1 450", "mx2 250"]}, said).outcome == "fail"

    def test_status_that_the_sender_made_up_does_not_stand_for_the_servers(
        self, route: Routes, attempt: Attempts
    ) -> None:
        said = route(attempt("mx1", "554 5.7.1 no", stage="banner", dsn="4.7.1"), attempt("mx2", "250 Ok"))
        assert verdict({"attempts": ["mx1 4.7.1", "mx2 250"]}, said).outcome == "fail"
        assert verdict({"attempts": ["mx1 5.7.1", "mx2 250"]}, said).outcome == "pass"

    def test_two_copies_where_one_was_expected(self, route: Routes) -> None:
        assert verdict({"delivered": "INBOX", "copies": 1}, route(copies=2)).outcome == "fail"

    def test_host_contacted_without_an_attempt_in_the_senders_log(self, route: Routes) -> None:
        evidence = Evidence(contacted=frozenset({"mx1", "mx2", "mx3"}))
        assert verdict({"untouched": ["mx3"]}, route(), evidence).outcome == "fail"

    def test_bounce_that_nobody_expected(self, route: Routes) -> None:
        bounce = Notification("failed", "Q9", "direct", None)
        assert verdict({"notifications": []}, route(notifications=(bounce,))).outcome == "fail"

    def test_mailbox_without_an_acceptance_is_seen(self, route: Routes) -> None:
        assert verdict({"accepted_by": "mx2", "delivered": "INBOX"}, route(accepted_by=None)).outcome == "fail"

    def test_delivery_without_a_mailbox_is_unknown(self, route: Routes) -> None:
        assert verdict({"delivered": "INBOX"}, route(mailbox=None)).outcome == "unknown"
        assert verdict({"delivered": "INBOX"}, route(mailbox=None, outcome="bounced")).outcome == "fail"

    def test_empty_expectation_is_none(self) -> None:
        with pytest.raises(ExpectationError, match="expects nothing"):
            Expectation()


def test_notifications_are_told_apart_by_recipient(route: Routes) -> None:
    bounce = Notification("failed", "Q9", "direct", route(recipient="ana@home.test"))
    noticed = route(notifications=(bounce,))
    assert verdict({"notifications": ["failed ana@home.test"]}, noticed).outcome == "pass"
    assert verdict({"notifications": ["failed"]}, noticed).outcome == "pass"
    assert verdict({"notifications": ["failed eve@home.test"]}, noticed).outcome == "fail"
    assert verdict({"notifications": ["failed", "failed ana@home.test"]}, noticed).outcome == "fail"
    unread = route(notifications=(Notification("failed", "Q9", "direct", None),))
    assert verdict({"notifications": ["failed ana@home.test"]}, unread).outcome == "unknown"


@pytest.mark.parametrize(
    ("expected", "outcome"),
    [
        (["mx1 250"], "pass"),  # hand-overs are no attempts
        (["* 250"], "pass"),
        (["mx1 250", "mailstore refused", "mailstore 250"], "pass"),
        (["mx1 250", "mailstore lmtp failed", "mailstore lmtp 250"], "pass"),
        (["mx1 250", "* lmtp ..."], "pass"),
        (["mx1 250", "mailstore 250"], "fail"),  # one that is named must be there with all others
        (["mx1 250", "mailstore pipe 250", "mailstore 250"], "fail"),
        (["mx1 250", "pipe:filter 2.0.0"], "fail"),
        (["mailstore refused", "mailstore 250"], "fail"),
        ([], "fail"),
    ],
)
def test_hand_overs_can_be_expected_among_the_attempts(
    route: Routes, attempt: Attempts, expected: list[str], outcome: str
) -> None:
    refused = attempt("mailstore", host="mx1", agent="lmtp", port=24, second=1)
    taken = attempt("mailstore", "250 2.0.0 <bia@dest.test> Saved", host="mx1", agent="lmtp", port=24, second=2)
    made = route(attempt("mx1", "250 2.0.0 Ok"), handovers=(Handover(1, refused), Handover(1, taken)))
    assert verdict({"attempts": expected}, made).outcome == outcome


def test_a_host_that_is_attempted_and_handed_over_to_may_be_meant_either_way(route: Routes, attempt: Attempts) -> None:
    """The mail store as an exchanger that refuses, before another one hands the message to it."""
    taken = attempt("mailstore", "250 2.0.0 <bia@dest.test> Saved", host="mx2", agent="lmtp", second=2)
    made = route(attempt("mailstore"), attempt("mx2", "250 2.0.0 Ok"), handovers=(Handover(2, taken),))
    assert verdict({"attempts": ["mailstore refused", "mx2 250"]}, made).outcome == "pass"
    assert verdict({"attempts": ["mailstore refused", "mx2 250", "mailstore 250"]}, made).outcome == "pass"
    assert verdict({"attempts": ["mailstore refused"]}, made).outcome == "fail"


def test_a_command_can_be_expected_by_its_service(route: Routes, attempt: Attempts) -> None:
    loop = attempt("pipe:fwd", host="mx1", agent="pipe", stage="command", dsn="5.4.6", outcome="rejected")
    made = route(attempt("mx1", "250 2.0.0 Ok"), handovers=(Handover(1, loop),))
    assert verdict({"attempts": ["mx1 250", "pipe:fwd 5.4.6"]}, made).outcome == "pass"
    assert verdict({"attempts": ["mx1 250", "pipe:* rejected"]}, made).outcome == "pass"
    assert verdict({"attempts": ["mx1 250", "pipe:fwd 5.4.7"]}, made).outcome == "fail"


def test_the_fate_of_a_notice_can_be_expected(route: Routes) -> None:
    def noticed(outcome: str, kind: str = "failed", recipient: str = "ana@home.test") -> Route:
        return route(notifications=(Notification(kind, "Q9", "direct", route(recipient=recipient, outcome=outcome)),))

    wanted = {"notifications": ["failed ana@home.test delivered"]}
    assert verdict(wanted, noticed("delivered")).outcome == "pass"
    assert verdict(wanted, noticed("unknown")).outcome == "unknown"
    (difference,) = verdict(wanted, noticed("bounced")).differences
    assert (difference.expected, difference.observed) == (
        "failed ana@home.test delivered",
        "failed ana@home.test bounced",
    )
    twice = verdict({"notifications": ["failed postmaster"]}, noticed("delivered", recipient="postmaster"))
    assert twice.outcome == "pass"


def test_a_notice_whose_kind_nobody_has_read_may_be_the_expected_one_of_success_and_none_else(route: Routes) -> None:
    unread = route(notifications=(Notification("unknown", "Q9", "direct", route(recipient="ana@home.test")),))
    assert verdict({"notifications": ["relayed ana@home.test"]}, unread).outcome == "unknown"
    assert verdict({"notifications": ["relayed eve@home.test"]}, unread).outcome == "fail"
    assert verdict({"notifications": ["failed ana@home.test"]}, unread).outcome == "fail"
    assert verdict({"notifications": []}, unread).outcome == "fail"


SET: list[Any] = [["mx1 refused", "mx2 refused"], "mx3 250"]


@pytest.mark.parametrize(
    ("tried", "outcome"),
    [
        (["mx1", "mx2", "mx3 250"], "pass"),
        (["mx2", "mx1", "mx3 250"], "pass"),
        (["mx1", "mx3 250"], "fail"),
        (["mx1", "mx1", "mx3 250"], "fail"),
        (["mx3 250"], "fail"),
        (["mx1", "mx2", "mx2", "mx3 250"], "fail"),
    ],
    ids=str,
)
def test_set_is_tried_in_any_order_and_as_a_whole(
    route: Routes, attempt: Attempts, tried: list[str], outcome: str
) -> None:
    made = [attempt(*text.split(" ", 1)) for text in tried]
    assert verdict({"attempts": SET}, route(*made)).outcome == outcome


def test_set_ends_with_an_acceptance(route: Routes, attempt: Attempts) -> None:
    expected = {"attempts": [["mx1 refused", "mx2 250"]]}
    assert verdict(expected, route(attempt("mx2", "250 Ok"))).outcome == "pass"
    assert verdict(expected, route(attempt("mx1"), attempt("mx2", "250 Ok"))).outcome == "pass"
    assert verdict(expected, route(attempt("mx1"))).outcome == "fail"


@pytest.mark.parametrize(("count", "outcome"), [(0, "fail"), (1, "pass"), (40, "pass")])
def test_dots_stand_for_one_or_more(route: Routes, attempt: Attempts, count: int, outcome: str) -> None:
    made = [*(attempt("mx1") for _ in range(count)), attempt("mx2", "250 Ok")]
    assert verdict({"attempts": ["mx1 refused ...", "mx2 250"]}, route(*made)).outcome == outcome


TLS: list[tuple[str | None, str | None, str, str]] = [  # tls, trust, pattern, outcome
    ("TLSv1.3", "untrusted", "mx1 tls:untrusted 250", "pass"),
    ("TLSv1.3", "untrusted", "mx1 tls:!verified 250", "pass"),
    ("TLSv1.3", "untrusted", "mx1 tls:!none", "pass"),
    ("TLSv1.3", "untrusted", "mx1 tls:!none tls:!anonymous", "pass"),
    ("TLSv1.3", "untrusted", "mx1 tls:verified 250", "fail"),
    ("TLSv1.3", "untrusted", "mx1 tls:!untrusted 250", "fail"),
    ("TLSv1.3", "untrusted", "mx1 tls:none", "fail"),
    ("TLSv1.3", "verified", "mx1 tls:trusted", "fail"),
    (None, None, "mx1 tls:none 250", "pass"),
    (None, None, "mx1 tls:!none", "fail"),
    (None, None, "mx1 tls:verified", "fail"),
]


@pytest.mark.parametrize(("tls", "trust", "pattern", "outcome"), TLS)
def test_what_became_of_tls(
    attempt: Attempts, route: Routes, tls: str | None, trust: str | None, pattern: str, outcome: str
) -> None:
    tried = route(attempt("mx1", "250 2.0.0 Ok", tls=tls, trust=trust))
    found = verdict({"attempts": [pattern]}, tried, Evidence(tls_logged=frozenset({"direct"})))
    assert found.outcome == outcome
    if outcome == "fail":
        shown = f"mx1 accepted end-of-data tls:{trust or 'none'}: 250 2.0.0 Ok"
        assert [each.observed for each in found.differences] == [shown]


@pytest.mark.parametrize("pattern", ["mx1 tls:none", "mx1 tls:!none", "mx1 tls:untrusted", "mx1 250 tls:!verified"])
@pytest.mark.parametrize("evidence", [Evidence(), Evidence(tls_logged=frozenset({"client"}))])
def test_where_the_log_does_not_tell_of_tls_it_is_unknown(
    attempt: Attempts, route: Routes, pattern: str, evidence: Evidence
) -> None:
    found = verdict({"attempts": [pattern]}, route(attempt("mx1", "250 2.0.0 Ok")), evidence)
    assert (found.outcome, [str(each) for each in found.differences]) == (
        "unknown",
        [f"attempts[0]: expected {pattern}, observed no evidence: mx1 accepted end-of-data tls:?: 250 2.0.0 Ok"],
    )


def test_a_log_that_tells_nothing_of_tls_tells_of_what_was_logged_and_of_what_came_before(
    attempt: Attempts, route: Routes
) -> None:
    tried = route(attempt("mx1"), attempt("mx2", "250 2.0.0 Ok", tls="TLSv1.2", trust="anonymous"))
    assert verdict({"attempts": ["mx1 refused tls:none", "mx2 tls:anonymous"]}, tried).outcome == "pass"


def test_what_cannot_be_told_is_nearer_than_what_is_wrong(attempt: Attempts, route: Routes) -> None:
    tried = route(attempt("mx1", "250 2.0.0 Ok"), attempt("mx1", "450 4.2.0 later"))
    found = verdict({"attempts": ["mx1 tls:none", "mx1 tls:none ..."]}, tried)
    assert (found.outcome, [each.path for each in found.differences]) == ("unknown", ["attempts[0]", "attempts[1]"])
    assert verdict({"attempts": ["mx1 tls:none", "mx1 550"]}, tried).outcome == "fail"


@pytest.mark.parametrize(
    ("dsn", "outcome", "line"),
    [
        ("4.7.5", "pass", None),
        ("4.7.4", "fail", "expected mx1 starttls 4.7.5, observed mx1 failed starttls 4.7.4: TLS is required"),
        (None, "unknown", "expected mx1 starttls 4.7.5, observed no evidence: mx1 failed starttls no status: TLS is"),
    ],
)
def test_the_status_that_was_compared_is_shown(
    attempt: Attempts, route: Routes, dsn: str | None, outcome: str, line: str | None
) -> None:
    tried = route(attempt("mx1", stage="starttls", dsn=dsn, reason="TLS is required"))
    found = verdict({"attempts": ["mx1 starttls 4.7.5"]}, tried)
    assert found.outcome == outcome
    assert line is None or line in str(found)


def test_of_equal_attempts_the_last_one_is_missing_and_said_to_be(attempt: Attempts, route: Routes) -> None:
    tried = route(attempt("mx1", "450 4.2.0 later"), outcome="deferred")
    (missing,) = verdict({"attempts": ["mx1 450", "mx1 450"]}, tried).differences
    assert str(missing) == "attempts[1]: expected mx1 450 (the 2. of 2 such), observed nothing"


def test_a_stage_that_no_log_tells_is_no_difference(attempt: Attempts, route: Routes) -> None:
    assert verdict({"attempts": ["mx1 rcpt"]}, route(attempt("mx1", stage="unknown"))).outcome == "unknown"
    assert verdict({"attempts": ["mx1 failed"]}, route(attempt("mx1", stage="unknown"))).outcome == "pass"


def test_an_address_family_that_is_not_known_is_no_difference(attempt: Attempts, route: Routes) -> None:
    assert verdict({"attempts": ["mx1 ipv6"]}, route(attempt("mx1"))).outcome == "unknown"
    assert verdict({"attempts": ["mx1 ipv6"]}, route(attempt("mx1", address="2001:2::11"))).outcome == "pass"
