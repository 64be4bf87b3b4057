"""What MAIL and RCPT say about notices (RFC 3461), and what cannot be said."""

from __future__ import annotations

import pytest

from lab.mail.dsn import DEFAULT, Dsn, xtext


def test_nothing_is_said_where_nothing_is_asked() -> None:
    assert (DEFAULT.mail(), DEFAULT.rcpt(), list(DEFAULT.problems())) == ("", "", [])


def test_everything_is_said_as_the_rfc_has_it() -> None:
    asked = Dsn(("success", "delay"), "hdrs", "order 42+1", "rfc822;a=b@home.test")
    assert list(asked.problems()) == []
    assert asked.mail() == " RET=HDRS ENVID=order+2042+2B1"
    assert asked.rcpt() == " NOTIFY=SUCCESS,DELAY ORCPT=rfc822;a+3Db@home.test"


@pytest.mark.parametrize(
    ("text", "encoded"), [("a~!", "a~!"), ("+= ", "+2B+3D+20"), ("ü", "+C3+BC"), ("\r\n", "+0D+0A")]
)
def test_xtext(text: str, encoded: str) -> None:
    assert xtext(text) == encoded


@pytest.mark.parametrize(
    ("asked", "key", "problem"),
    [
        (Dsn(("sucess",)), "notify", "'sucess' is none of success, failure, delay, never"),
        (Dsn(("never", "delay")), "notify", "never stands alone (RFC 3461 4.1)"),
        (Dsn(ret="all"), "ret", "'all' is none of full, hdrs"),
        (Dsn(envid="x" * 101), "envid", "has not 1 to 100 characters, encoded (RFC 3461 4.4)"),
        (Dsn(envid=""), "envid", "has not 1 to 100 characters, encoded (RFC 3461 4.4)"),
        (Dsn(orcpt="a@b.test"), "orcpt", "'a@b.test' is not a type and address, such as 'rfc822;team@home.test'"),
    ],
)
def test_what_cannot_be_said(asked: Dsn, key: str, problem: str) -> None:
    assert list(asked.problems()) == [(key, problem)]


def test_all_that_cannot_be_said_at_once() -> None:
    assert [key for key, _ in Dsn(("x",), "x", "", "x").problems()] == ["notify", "ret", "envid", "orcpt"]
