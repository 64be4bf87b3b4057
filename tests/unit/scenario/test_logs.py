"""What hosts have logged: waited for, judged by what is about the message, and unknown where it was not heard."""

from __future__ import annotations

import pytest

from lab.scenario.run.logs import QUIET
from lab.scenario.run.result import Result
from lab.scenario.run.run import run
from tests.unit.scenario.conftest import FakeLab, attempt, problems, route, scenario

HEAD = 'title = "t"\nteaches = "t"\n'
OWN = '[hosts.own]\n[[message]]\nto = "bia@$DOMAIN"\nvia = "own"\n[expect]\n'
SHARED = '[[message]]\nto = "bia@$DOMAIN"\nvia = "direct"\n[expect]\n'
SESSION = '[hosts.own]\n[[session]]\nat = "own"\nlines = ["S: closed"]\n'
LINE = "Jan 01 postfix/smtpd[7]: warning: odd thing"


def result(text: str, lab: FakeLab) -> Result:
    return run(scenario(HEAD + text), lab)  # type: ignore[arg-type]  # as much of a Lab as it needs


def lab(said: list[tuple[str, str]], **more: object) -> FakeLab:
    return FakeLab(lambda to: [[route(attempt("mx1"), to=to)]], said=said, **more)  # type: ignore[arg-type]


def test_a_line_of_a_host_of_its_own_counts() -> None:
    assert result(OWN + "logged = {own = 'warning: odd'}", lab([("own", LINE)])).outcome == "pass"
    found = result(OWN + "not_logged = {own = 'warning: odd'}", lab([("own", LINE)]))
    assert found.lines()[1:] == [f"  not_logged.own: expected no line with warning: odd, observed {LINE}"]


def test_at_a_shared_host_a_line_must_name_the_run() -> None:
    expected = SHARED + "logged = {mx1 = 'warning: odd.*$DOMAIN'}"
    assert result(expected, lab([("mx1", f"{LINE} of d1.test")])).outcome == "pass"
    assert result(expected, lab([("mx1", f"{LINE} of d1Ztest")])).outcome == "fail"
    assert (
        result(SHARED + "not_logged = {mx1 = 'warning: odd'}", lab([("mx1", f"{LINE} of d9.test")])).outcome == "pass"
    )


def test_a_line_that_comes_late_is_waited_for() -> None:
    assert result(OWN + "logged = {own = 'odd'}", lab([], later=[("own", LINE)])).outcome == "pass"


@pytest.mark.parametrize(("outcome", "longest"), [("delivered", QUIET), ("held", QUIET), ("deferred", 60)])
def test_a_line_that_can_no_longer_come_is_not_waited_for(outcome: str, longest: float) -> None:
    quiet = FakeLab(lambda to: [[route(attempt("mx1"), to=to, outcome=outcome)]])
    found = result(OWN + "logged = {own = 'odd'}", quiet)
    assert found.outcome == "fail"
    assert quiet.patience[-1] == pytest.approx(longest, abs=1)


def test_a_line_that_is_none_of_the_awaited_ones_makes_hope() -> None:
    hoping = lab([], later=[("own", "another line")])
    assert result(OWN + "logged = {own = 'odd'}", hoping).outcome == "fail"
    assert [round(each) for each in hoping.patience[-2:]] == [QUIET, QUIET]


def test_a_log_that_was_not_heard_is_unknown() -> None:
    for key in ("logged = {mx1 = 'y'}", "not_logged = {mx1 = 'y'}"):
        found = result(SHARED + key, lab([("mx1", "x of d1.test")], unheard=("mx1",)))
        assert (found.outcome, found.lines()[1].endswith("observed no evidence")) == ("unknown", True)


def test_in_a_step() -> None:
    text = OWN.removesuffix("[expect]\n") + "[[step]]\nsend = 'message'\n[[step]]\n[step.expect]\n"
    assert result(text + "logged = {own = 'odd'}\n", lab([("own", LINE)])).outcome == "pass"
    assert result(text + "logged = {own = 'even'}\n", lab([("own", LINE)])).outcome == "fail"


@pytest.mark.parametrize(
    ("expected", "outcome"),
    [("logged = {own = 'odd'}", "pass"), ("logged = {own = 'even'}", "fail"), ("not_logged = {own = 'odd'}", "fail")],
)
def test_sessions_without_a_message(expected: str, outcome: str) -> None:
    assert result(f"{SESSION}[expect]\n{expected}\n", lab([("own", LINE)])).outcome == outcome


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (OWN + "logged = {own = '('}", "8: expect.logged.own: must be a regular expression"),
        (OWN + "logged = {won = 'x'}", "8: expect.logged.won: no host is called 'won' (did you mean own?)"),
        (OWN + "logged = {scripted = 'x'}", "8: expect.logged.scripted: 'scripted' has no log of mail"),
        (OWN + "not_logged = {own = []}", "8: expect.not_logged.own: is empty"),
        (OWN + "logged = {own = 'x $DOMIAN'}", "8: expect.logged.own: unknown variable $DOMIAN"),
        (
            SESSION + "[expect]\nlogged = {own = 'x'}\ncopies = 1",
            "9: expect.copies: is about a message, and there is none",
        ),
        (SESSION + "[expect]\nmessage = 'm'\nlogged = {own = 'x'}", "8: expect.message: no message is called 'm'"),
    ],
)
def test_a_mistake(text: str, expected: str) -> None:
    assert [each for each in problems(HEAD + text) if each.startswith(expected)], problems(HEAD + text)
