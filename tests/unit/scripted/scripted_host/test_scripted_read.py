"""Scripts and policies as JSON: what is right, and every mistake with its path."""

from __future__ import annotations

from typing import Any

import pytest
from scripted.check import InvalidError
from scripted.policies import read_policy
from scripted.read import read_script
from scripted.reply import Reply
from scripted.script import Connect


@pytest.mark.parametrize(
    ("script", "problems"),
    [
        ([], [("", "must be an object, not a list")]),
        (
            {"rctp": "450 later", "mail": {"replly": "450"}},
            [("rctp", 'unknown key "rctp"'), ("mail.replly", 'unknown key "replly"')],
        ),
        ({"connect": "refused"}, [("connect", "'refused' is none of refuse, drop, unreachable")]),
        ({"connect": {"drop": "ipv5"}}, [("connect.drop", "'ipv5' is none of ipv4, ipv6")]),
        ({"connect": {"drop": 6}}, [("connect.drop", "must be true or false, not 6")]),
        (
            {"connect": {"drop": "ipv6", "refuse": "ipv4"}},
            [("connect", "has refuse and drop")],
        ),
        ({"connect": {"limit": -1}}, [("connect.limit", "must be a whole number from 0 to 10000, not -1")]),
        ({"connect": {"loss": 1.5}}, [("connect.loss", "must be a number from 0 to 1, not 1.5")]),
        ({"connect": "loss"}, [("connect", "loss is said in a table")]),
        ({"connect": {}}, [("connect", "does nothing")]),
        ({"connect": {"refuse": False, "first": 1}}, [("connect", "does nothing")]),
        ({"connect": {"refuse": 1}}, [("connect.refuse", "must be true or false, not 1")]),
        ({"connect": {"refuse": True, "delay": 1}}, [("connect", "has refuse and delay")]),
        ({"connect": {"loss": 0.5, "first": 1}}, [("connect", "has first and loss")]),
        ({"connect": {"delay": 1, "first": 0}}, [("connect.first", "must be a whole number from 1 to 1000000, not 0")]),
        ({"connect": []}, [("connect", "has no rule")]),
        ({"connect": ["refuse", {"delay": 1}]}, [("connect[1]", "never has its turn")]),
        (
            {"connect": [{"refuse": True, "first": 1}, {"loss": 0.1}, "dropp"]},
            [
                ("connect[2]", "'dropp' is none of refuse, drop, unreachable"),
                ("connect[1]", "has loss, in a list"),
                ("connect[2]", "never has its turn"),
            ],
        ),
        ({"rcpt": "later"}, [("rcpt.reply", '"later" does not begin with a reply code from 200 to 599')]),
        ({"rcpt": 450}, [("rcpt", "must be an object, not a number")]),
        (
            {"rcpt": [{"reply": "450 a\n451 b"}]},
            [("rcpt[0].reply", '"451 b" has another code than the first line, 450')],
        ),
        ({"rcpt": {"reply": "450 a\r\n"}}, [("rcpt.reply", "has control characters")]),
        ({"rcpt": []}, [("rcpt", "has no rule")]),
        ({"rcpt": {"first": 1}}, [("rcpt", "does nothing")]),
        ({"mail": {"recipient": "*", "hang": True}}, [("mail.recipient", 'unknown key "recipient"')]),
        ({"body": 450}, [("body", "must be an object, not a number")]),
        ({"body": {"after_bytes": 5, "dribble": 1}}, [("body.dribble", 'unknown key "dribble"'), ("body", None)]),
        ({"body": {"after_bytes": 5}}, [("body", "has after_bytes, and nothing to do then")]),
        ({"body": {"close": "after"}}, [("body.close", "must be true, not 'after'")]),
        ({"mail": {"close": 1}}, [("mail.close", 'must be true or "after", not 1')]),
        ({"mail": {"close": True, "hang": True}}, [("mail", "has close and hang")]),
        ({"starttls": {"reply": "454 a", "garbage": "x"}}, [("starttls", "has garbage after a reply other than 220")]),
        ({"helo": {"sender": "x", "hang": True}}, [("helo.sender", 'unknown key "sender"')]),
        (
            {"mail": {"garbage": {"base64": "?"}}},
            [("mail.garbage.base64", "is not base64: Only base64 data is allowed")],
        ),
        (
            {"end-of-data": {"vanish": True, "reply": "250 ok"}},
            [("end-of-data", "has vanish and something to say")],
        ),
        ({"extensions": {"hide": ["STARTTSL"]}}, [("extensions.hide[0]", None)]),
        ({"extensions": {"add": ["DSN"]}}, [("extensions.add[0]", "DSN is offered anyway")]),
        ({"extensions": {"size": 5, "hide": ["SIZE"]}}, [("extensions.size", "SIZE is hidden as well")]),
    ],
)
def test_mistakes(script: Any, problems: list[tuple[str, str | None]]) -> None:
    with pytest.raises(InvalidError) as caught:
        read_script(script)
    found = caught.value.problems
    assert [each.path for each in found] == [path for path, _ in problems]
    assert [text or each.problem for each, (_, text) in zip(found, problems, strict=True)] == [
        each.problem for each in found
    ]


def test_a_mistake_comes_with_what_was_meant() -> None:
    with pytest.raises(InvalidError) as caught:
        read_script({"conect": "refuse", "extensions": {"hide": ["starttsl"]}})
    assert [each.hint for each in caught.value.problems] == ['did you mean "connect"?', 'did you mean "STARTTLS"?']


def test_shorthand_is_a_reply() -> None:
    assert read_script({"rcpt": "450 4.2.0 x"}).rules == read_script({"rcpt": [{"reply": ["450 4.2.0 x"]}]}).rules


def test_shorthand_of_connections() -> None:
    assert read_script({"connect": "drop"}).connect == read_script({"connect": [{"drop": True}]}).connect
    assert read_script({"connect": {"drop": False, "delay": 1}}).connect == (Connect(delay=1.0),)


def test_lines_of_a_reply() -> None:
    assert Reply.of("250-one", "250 two", "three").text == "250-one\n250-two\n250 three"
    assert (
        Reply.of("550 5.1.1 one", "5.1.2 two", "three").wire()
        == b"550-5.1.1 one\r\n550-5.1.2 two\r\n550 5.1.1 three\r\n"
    )
    assert Reply.of("354").text == "354 "


@pytest.mark.parametrize(
    ("policy", "path", "hint"),
    [
        ({"action": "450 x"}, "owner", "name the run that the rule belongs to"),
        ({"owner": "a"}, "", 'add "action" (e.g. "450 4.2.0 later") or "delay"'),
        ({"owner": "a", "action": "DEFFER"}, "action", 'did you mean "DEFER"?'),
        ({"owner": "a", "action": "450"}, "action", 'write e.g. "450 4.2.0 later"'),
        ({"owner": "a", "action": "OK", "state": "RCTP"}, "state", 'did you mean "RCPT"?'),
        (
            {"owner": "a", "action": "OK", "host": "mx1"},
            "host",
            "give the address of the Postfix that asks, or a list of them",
        ),
        ({"owner": "a", "action": "OK", "recipent": "x"}, "recipent", 'did you mean "recipient"?'),
        ({"owner": "a", "action": "450 a\n\naction=OK"}, "action", None),
    ],
)
def test_mistakes_of_a_policy(policy: dict[str, Any], path: str, hint: str | None) -> None:
    with pytest.raises(InvalidError) as caught:
        read_policy(policy)
    assert [(each.path, each.hint) for each in caught.value.problems] == [(path, hint)]
