"""Mistakes in an expectation: all at once, each with its key and a suggestion."""

from __future__ import annotations

import tomllib
from dataclasses import fields
from pkgutil import iter_modules
from typing import Any

import pytest

from lab.verdict import KEYS, Evidence, Expectation, ExpectationError, keys, parse

HOSTS = ("mx1", "mx2", "mx3", "direct")

MISTAKES: list[tuple[dict[str, Any], str]] = [
    ({}, "expect: expects nothing, so that anything would pass"),
    ({"acepted_by": "mx1"}, "expect.acepted_by: unknown key acepted_by (did you mean accepted_by?)"),
    ({"accepted_by": "mx4"}, "expect.accepted_by: no host is called 'mx4' (did you mean mx"),
    ({"accepted_by": 4}, "expect.accepted_by: must be a host's name, not 4"),
    ({"attempts": "mx1 250"}, 'expect.attempts: must be a list such as ["mx1 refused", "mx2 250"], not \'mx1 250\''),
    ({"attempts": ["mx1 250", 3]}, 'expect.attempts[1]: must be text such as "mx1 250", not 3'),
    ({"attempts": ["mx1"]}, "expect.attempts[0]: 'mx1' has no result; write for example \"mx1 250\""),
    ({"attempts": ["..."]}, "expect.attempts[0]: '...' names no host"),
    (
        {"attempts": ["mx1 refusd"]},
        "expect.attempts[0]: 'refusd' in 'mx1 refusd' is not a result; did you mean 'refused'?",
    ),
    (
        {"attempts": ["mx1 tls:verifed"]},
        "'tls:verifed' in 'mx1 tls:verifed' is not a result; did you mean 'tls:verified'?",
    ),
    ({"attempts": ["mx1 tls:!"]}, "'tls:!' in 'mx1 tls:!' is not a result"),
    ({"attempts": ["mx1 999"]}, "expect.attempts[0]: '999' in 'mx1 999' is not a result; a code"),
    ({"attempts": [["mx1 250", "mx9 250"]]}, "expect.attempts[0][1]: no host is called 'mx9'"),
    ({"attempts": [["mx1 250"]]}, "expect.attempts[0]: a set has 2 to 6 attempts"),
    (
        {"outcome": "deliverd"},
        "expect.outcome: must be one of delivered, bounced, deferred, expired, discarded,",
    ),
    ({"outcome": "deliverd"}, "(did you mean delivered?)"),
    ({"status": "550"}, "expect.status: must be an enhanced status code such as \"4.x.x\", not '550'"),
    ({"reply": "("}, "expect.reply: must be a regular expression, not '(': "),
    ({"delivered": ""}, "expect.delivered: is empty"),
    ({"hops": ["direct", 2]}, "expect.hops[1]: must be a host's name, not 2"),
    ({"copies": True}, "expect.copies: must be a whole number from 0 to 1000000, not True"),
    ({"copies": -1}, "expect.copies: must be a whole number from 0 to 1000000, not -1"),
    (
        {"notifications": ["bounced"]},
        "expect.notifications[0]: must be a notice such as \"failed ana@home.test delivered\", not 'bounced'",
    ),
    (
        {"notifications": ["failed postmaster", "failed delivered"]},
        "expect.notifications[1]: must be a notice such as \"failed ana@home.test delivered\", not 'failed delivered'",
    ),
    (
        {"notifications": ["failed ana@home.test lost"]},
        'expect.notifications[0]: must be a notice such as "failed ana@home.test delivered", not \'failed ana@',
    ),
    ({"asked": ["dest.test"]}, "expect.asked[0]: must be a question such as \"MX dest.test\", not 'dest.test'"),
    ({"at_most": "2s"}, "expect.at_most: must be a number from 0 to 86400, not '2s'"),
    ({"at_most": float("inf")}, "expect.at_most: must be a number from 0 to 86400, not inf"),
    ({"at_least": float("nan")}, "expect.at_least: must be a number from 0 to 86400, not nan"),
    ({"copies": 10**30}, "expect.copies: must be a whole number from 0"),
    (
        {"intervals": [[1, float("nan")]]},
        "expect.intervals: must be a list of pairs [shortest, longest] in seconds, not [[",
    ),
    ({"intervals": [[1, 10**400]]}, "expect.intervals: must be a list of pairs [shortest, longest] in seconds, not [["),
    ({"intervals": [[2, 1]]}, "expect.intervals: must be a list of pairs [shortest, longest] in seconds, not [["),
    (
        {"queue": {"direct": "defered"}},
        "expect.queue.direct: must be one of none, deferred, active, incoming, hold, not 'defered'",
    ),
    (
        {"queue": {"dirct": "deferred"}},
        "expect.queue.dirct: no host is called 'dirct' (did you mean direct?)",
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
    ({"logged": "x"}, "expect.logged: must be a table such as {direct = \"status=deferred\"}, not 'x'"),
    ({"logged": {}}, "expect.logged: must be a table such as"),
    ({"logged": {"direct": []}}, "expect.logged.direct: is empty"),
    ({"logged": {"direct": 3}}, "expect.logged.direct: must be a regular expression, not 3"),
    ({"logged": {"direct": ["x", "("]}}, "expect.logged.direct[1]: must be a regular expression, not '(': "),
    ({"not_logged": {"direct": "["}}, "expect.not_logged.direct: must be a regular expression, not '[': "),
    ({"not_logged": {"dirct": "x"}}, "expect.not_logged.dirct: no host is called 'dirct' (did you mean direct?)"),
    (
        {"logged": {"direct": ["x", "y"]}, "not_logged": {"direct": "y"}},
        "expect.not_logged.direct: 'y' is expected in logged",
    ),
    ({"queue": {}}, 'expect.queue: must be a table such as {direct = "deferred"}, not {}'),
    ({"refused": "no"}, "expect.refused: must be a code, or code and status, such as \"554 5.7.1\", not 'no'"),
    ({"refused": "554", "copies": 1}, "expect.copies: cannot be: the message is refused at submission"),
    (
        {"refused": "554", "outcome": "bounced"},
        'expect.outcome: must be "rejected": the message is refused at submission',
    ),
    ({"received": 1001}, "expect.received: must be a whole number from 0 to 1000, not 1001"),
    ({"stored": {"Subject": "("}}, "expect.stored.Subject: must be a regular expression, not '(': "),
    ({"notice": {}}, 'expect.notice: must be a table such as {Action = "failed"}, not {}'),
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


def test_every_field_is_a_key_and_every_module_the_key_of_its_name() -> None:
    assert list(KEYS) == list(Expectation.__slots__)
    modules = {each.name for each in iter_modules(keys.__path__)}
    assert {name: type(key).__module__.rpartition(".")[2] for name, key in KEYS.items()} == {
        name: name for name in modules
    }


def test_a_key_needs_what_can_be_observed() -> None:
    known = {field.name for field in fields(Evidence)}
    assert {name: key.needs - known for name, key in KEYS.items() if key.needs - known} == {}


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
