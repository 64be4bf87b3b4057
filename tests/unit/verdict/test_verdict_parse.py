"""Mistakes in an expectation: all at once, each with its key and a suggestion."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from lab.verdict import KEYS, Expectation, ExpectationError, parse

HOSTS = ("mx1", "mx2", "mx3", "direct")

MISTAKES: list[tuple[dict[str, Any], str]] = [
    ({}, "expect: expects nothing, so that anything would pass"),
    ({"acepted_by": "mx1"}, "expect.acepted_by: unknown key; did you mean 'accepted_by'?"),
    ({"accepted_by": "mx4"}, "expect.accepted_by: no host is called 'mx4'; did you mean 'mx"),
    ({"accepted_by": 4}, "expect.accepted_by: 4 is not a host's name"),
    ({"attempts": "mx1 250"}, "expect.attempts: 'mx1 250' is not a list such as"),
    ({"attempts": ["mx1 250", 3]}, "expect.attempts[1]: 3 is not text such as"),
    ({"attempts": ["mx1"]}, "expect.attempts[0]: 'mx1' has no result; write for example \"mx1 250\""),
    ({"attempts": ["..."]}, "expect.attempts[0]: '...' names no host"),
    (
        {"attempts": ["mx1 refusd"]},
        "expect.attempts[0]: 'refusd' in 'mx1 refusd' is no result; did you mean 'refused'?",
    ),
    (
        {"attempts": ["mx1 tls:verifed"]},
        "'tls:verifed' in 'mx1 tls:verifed' is no result; did you mean 'tls:verified'?",
    ),
    ({"attempts": ["mx1 tls:!"]}, "'tls:!' in 'mx1 tls:!' is no result"),
    ({"attempts": ["mx1 999"]}, "expect.attempts[0]: '999' in 'mx1 999' is no result; a code"),
    ({"attempts": [["mx1 250", "mx9 250"]]}, "expect.attempts[0][1]: no host is called 'mx9'"),
    ({"attempts": [["mx1 250"]]}, "expect.attempts[0]: a set has 2 to 6 attempts"),
    ({"outcome": "deliverd"}, "expect.outcome: 'deliverd' is none of delivered, bounced"),
    ({"outcome": "deliverd"}, "did you mean 'delivered'?"),
    ({"status": "550"}, "expect.status: '550' is not such as '4.x.x'"),
    ({"reply": "("}, "expect.reply: is no regular expression:"),
    ({"delivered": ""}, "expect.delivered: '' is not such as 'INBOX'"),
    ({"hops": ["direct", 2]}, "expect.hops[1]: 2 is not a host's name"),
    ({"copies": True}, "expect.copies: must be a whole number from 0 to 1000000, not True"),
    ({"copies": -1}, "expect.copies: must be a whole number from 0 to 1000000, not -1"),
    (
        {"notifications": ["bounced"]},
        "expect.notifications[0]: 'bounced' is not such as 'failed ana@home.test delivered'",
    ),
    (
        {"notifications": ["failed postmaster", "failed delivered"]},
        "expect.notifications[1]: 'failed delivered' is not such as 'failed ana@home.test delivered'",
    ),
    (
        {"notifications": ["failed ana@home.test lost"]},
        "expect.notifications[0]: 'failed ana@home.test lost' is not such as 'failed ana@home.test delivered'",
    ),
    ({"asked": ["dest.test"]}, "expect.asked[0]: 'dest.test' is not such as 'MX dest.test'"),
    ({"at_most": "2s"}, "expect.at_most: must be a number from 0 to 86400, not '2s'"),
    ({"at_most": float("inf")}, "expect.at_most: must be a number from 0 to 86400, not inf"),
    ({"at_least": float("nan")}, "expect.at_least: must be a number from 0 to 86400, not nan"),
    ({"copies": 10**30}, "expect.copies: must be a whole number from 0"),
    ({"intervals": [[1, float("nan")]]}, "expect.intervals: is no list of pairs"),
    ({"intervals": [[1, 10**400]]}, "expect.intervals: is no list of pairs"),
    ({"intervals": [[2, 1]]}, "expect.intervals: is no list of pairs"),
    ({"queue": {"direct": "defered"}}, "expect.queue.direct: 'defered' is none of none, deferred"),
    (
        {"queue": {"dirct": "deferred"}},
        "expect.queue.dirct: no host is called 'dirct'; did you mean 'direct'?",
    ),
    (
        {"delivered": "INBOX", "outcome": "bounced"},
        "expect.delivered: cannot be in a mailbox when the outcome is 'bounced'",
    ),
    (
        {"mailstore": "mx1", "outcome": "bounced"},
        "expect.mailstore: cannot have it when the outcome is 'bounced'",
    ),
    ({"mailstore": "mx9"}, "expect.mailstore: no host is called 'mx9'"),
    ({"delivered": "INBOX", "copies": 0}, "expect.copies: cannot be 0 when a mailbox is expected"),
    (
        {"hops": ["direct", "mx1"], "accepted_by": "mx2"},
        "expect.accepted_by: is 'mx2', but the last hop is 'mx1'",
    ),
    (
        {"attempts": ["mx1 250"], "untouched": ["mx1"]},
        "expect.untouched[0]: 'mx1' cannot be untouched: attempts has it",
    ),
    ({"logged": "x"}, "expect.logged: 'x' is not a table such as"),
    ({"logged": {}}, "expect.logged: names no host"),
    ({"logged": {"direct": []}}, "expect.logged.direct: is empty"),
    ({"logged": {"direct": 3}}, "expect.logged.direct: 3 is not a regular expression"),
    ({"logged": {"direct": ["x", "("]}}, "expect.logged.direct[1]: is no regular expression:"),
    ({"not_logged": {"direct": "["}}, "expect.not_logged.direct: is no regular expression:"),
    ({"not_logged": {"dirct": "x"}}, "expect.not_logged.dirct: no host is called 'dirct'; did you mean 'direct'?"),
    (
        {"logged": {"direct": ["x", "y"]}, "not_logged": {"direct": "y"}},
        "expect.not_logged.direct: 'y' is expected in logged",
    ),
    ({"at_least": 3, "at_most": 2}, "expect.at_least: 3 s is more than at_most, 2 s"),
]


@pytest.mark.parametrize(("data", "problem"), MISTAKES, ids=lambda value: str(value)[:50])
def test_mistake_is_named_with_its_key(data: dict[str, Any], problem: str) -> None:
    with pytest.raises(ExpectationError) as caught:
        parse(data, HOSTS)
    assert any(problem in str(each) for each in caught.value.problems), caught.value


def test_all_mistakes_come_at_once() -> None:
    with pytest.raises(ExpectationError) as caught:
        parse(
            {"attempts": ["mx1", "mx2 maybe"], "outcome": "lost", "coppies": 1},
            HOSTS,
            path="message[2].expect",
        )
    assert [problem.path for problem in caught.value.problems] == [
        "message[2].expect.attempts[0]",
        "message[2].expect.attempts[1]",
        "message[2].expect.outcome",
        "message[2].expect.coppies",
    ]


def test_every_key_is_a_field_and_every_field_a_key() -> None:
    assert set(KEYS) == set(Expectation.__slots__)


def test_expectation_of_a_scenario_file_is_read() -> None:
    text = """
    attempts = ["mx-a refused", ["mx1 450 4.2.0 rcpt", "mx2 4xx"], "* * ..."]
    accepted_by = "mx3"
    untouched = []
    queue = {direct = "deferred"}
    """
    found = parse(tomllib.loads(text))
    assert [str(item) for item in found.attempts or () if not isinstance(item, tuple)] == [
        "mx-a refused",
        "* * ...",
    ]
    assert found.untouched == ()
    assert found.queue == {"direct": "deferred"}
    assert found.delivered is None
