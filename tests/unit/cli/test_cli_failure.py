"""Errors: one message with the next step on stderr, an exit code, and no traceback."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from typer.testing import Result

from lab.cli import attach, codes, failure
from lab.engine.explain import StoppedError, explain
from lab.errors import LabError, MachineError
from lab.mail.submission import RouteTimeoutError

from .conftest import FakeLab

Run = Callable[..., Result]


def caused(error: LabError, cause: Exception) -> LabError:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (LabError("bad"), codes.USAGE),
        (caused(LabError("mx1 took no message"), ConnectionRefusedError()), codes.MACHINE),
        (MachineError("no Docker"), codes.MACHINE),
        (StoppedError("tcp://other:2375"), codes.MACHINE),
        (failure.NotUpError("down"), codes.DOWN),
        (failure.AnswerError("no"), codes.NO),
        (RouteTimeoutError("late"), codes.NO),
        (ValueError("surprise"), codes.MACHINE),
    ],
)
def test_each_error_has_its_exit_code(
    run: Run, fake: FakeLab, monkeypatch: pytest.MonkeyPatch, error: Exception, code: int
) -> None:
    def explain(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(fake, "explain", explain)
    result = run("explain", "bia@dest.test")
    assert result.exit_code == code
    assert result.stdout == ""
    assert result.stderr.startswith("lab: ")
    assert "Traceback" not in result.stderr


def test_cause_and_next_step(run: Run) -> None:
    result = run("explain", "bia@dest.test", "--via", "mx9")
    assert result.stderr == (
        "lab: this lab has no host 'mx9'\n"
        "  its hosts are: client, direct, dns, gateway, mailstore, mx1, mx2, mx3, scripted, smarthost\n"
    )


def test_all_problems_of_an_input_are_shown_below_each_other(run: Run, fake: FakeLab) -> None:
    fake.dns.refusal = LabError("-:1: MXX is no type\n-:2: no data", hint="did you mean MX?")
    result = run("dns", "set", "a.test", "-", input="@ MXX 10 b\n@ A\n")
    assert result.exit_code == codes.USAGE
    assert result.stderr == "lab: -:1: MXX is no type\n  -:2: no data\n  did you mean MX?\n"


def test_an_unexpected_error_says_how_to_see_the_traceback(
    run: Run, fake: FakeLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    def explain(*_: object, **__: object) -> None:
        raise KeyError("x")

    monkeypatch.setattr(fake, "explain", explain)
    assert run("explain", "a@b.test").stderr == (
        "lab: unexpected KeyError: 'x'\n  this is a mistake in the lab itself; LAB_DEBUG=1 shows the traceback\n"
    )
    monkeypatch.setenv("LAB_DEBUG", "1")
    assert isinstance(run("explain", "a@b.test").exception, KeyError)


def test_errors_of_the_machine_have_their_exit_code(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def world(_: str) -> None:
        raise explain("write /var/lib/docker/x: no space left on device")

    monkeypatch.setattr(attach, "world", world)
    result = run("status")
    assert result.exit_code == codes.MACHINE
    assert result.stderr.startswith("lab: no space left on the disk that Docker uses\n  `docker system df`")


@pytest.mark.parametrize(
    "arguments",
    [
        ("status",),
        ("send",),
        ("route", "<1@a.test>"),
        ("explain", "a@b.test"),
        ("dns", "list"),
        ("queue",),
        ("mailbox", "bia"),
        ("logs",),
        ("shell", "mx1"),
    ],
)
def test_a_lab_that_is_not_up(run: Run, arguments: tuple[str, ...]) -> None:
    result = run(*arguments, "--lab", "second") if arguments[0] != "shell" else run("--lab", "second", *arguments)
    assert result.exit_code == codes.DOWN
    assert result.stderr == "lab: the lab 'second' is not up\n  `lab up --lab second` brings it up\n"


@pytest.mark.parametrize(
    "arguments", [("stat",), ("send", "--vai", "x"), ("status", "--lab", "A b"), ("queue", "hold", "mx1"), ("shell",)]
)
def test_bad_usage(run: Run, arguments: tuple[str, ...]) -> None:
    result = run(*arguments)
    assert result.exit_code == codes.USAGE
    assert result.stderr
    assert "Traceback" not in result.output


def test_the_lab_is_named_before_or_after_the_command_or_in_the_environment(run: Run) -> None:
    for result in (
        run("--lab", "x", "status"),
        run("status", "--lab", "x"),
        run("--lab", "y", "status", "--lab", "x"),
        run("status", env={"LAB": "x"}),
        run("dns", "list", env={"LAB": "x"}),
        run("--lab", "x", "queue", "flush", "mx1"),
    ):
        assert "the lab 'x' is not up" in result.stderr
    assert run("status").exit_code == codes.OK
