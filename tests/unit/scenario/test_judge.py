"""What was observed against what was expected, on hand-made observations."""

from __future__ import annotations

from typing import Any

from lab.scenario.format.expect import Asked, ready
from lab.scenario.format.model import Expected
from lab.scenario.run.judge import Judged, Observation, judged, worst
from lab.verdict import Evidence, Verdict
from tests.unit.scenario.conftest import attempt, route


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
