"""`lab soak`: what it says of an account, and its exit code."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from typer.testing import Result

from lab.cli import codes
from lab.route.model import Route
from lab.soak.account import Account, Fate, Recipient

from .conftest import FakeLab

Run = Callable[..., Result]
ROUTE = Route("<1@x>", "ana@home.test", "bia@one.test", "unknown", None, None, None, None, [], (), (), 0)
SAVED = Recipient(ROUTE, Fate("delivered", "once, to a mailbox"))
LOST = Recipient(ROUTE, Fate("lost", "deferred, and in no queue"))


@pytest.fixture
def soaked(fake: FakeLab, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[Any]]:
    """Return a function that lets the next soak end with these recipients; what it was asked for is in the list."""
    assert fake

    def ends(*recipients: Recipient) -> list[Any]:
        asked: list[Any] = []

        def soak(_: object, rounds: object, seed: int, timeout: float, tell: Callable[[str], None]) -> Account:
            asked.extend((rounds, seed, timeout))
            tell("round 1 of 1")
            return Account(seed, 1, 2.5, ["mx1 connect=refuse"], [], list(recipients))

        monkeypatch.setattr("lab.soak.soak", soak)
        return asked

    return ends


def test_nobody_is_lost(run: Run, soaked: Callable[..., list[Any]]) -> None:
    asked = soaked(SAVED, SAVED)
    result = run("soak", "--messages", "1", "--seed", "7", "--timeout", "9")
    assert result.exit_code == codes.OK
    assert result.stderr == "round 1 of 1\n"
    assert result.stdout == (
        "FATE       RECIPIENTS  HOW\n"
        "delivered           2  once, to a mailbox\n"
        "Nobody is lost: 2 recipients of 1 messages, under 1 faults, in 2.5 s (--seed 7).\n"
    )
    assert (len(asked[0]), asked[1:]) == (1, [7, 9.0])


def test_who_is_lost_is_named(run: Run, soaked: Callable[..., list[Any]]) -> None:
    soaked(SAVED, LOST)
    result = run("soak", "--seed", "7")
    assert result.exit_code == codes.NO
    assert "\nlost: bia@one.test, <1@x> from ana@home.test: deferred, and in no queue\n" in result.stdout
    assert "1 are lost or unknown: 2 recipients" in result.stdout


def test_as_json(run: Run, soaked: Callable[..., list[Any]]) -> None:
    soaked(LOST)
    result = run("soak", "--json")
    data = json.loads(result.stdout)
    assert (result.exit_code, data["fine"], data["recipients"]) == (codes.NO, False, 1)
    assert data["fates"] == [{"fate": "lost", "how": "deferred, and in no queue", "recipients": 1}]
    assert data["bad"][0]["route"]["recipient"] == "bia@one.test"


def test_a_seed_that_was_not_given_can_be_given_again(run: Run, soaked: Callable[..., list[Any]]) -> None:
    asked = soaked(SAVED)
    assert f"(--seed {run('soak').stdout.rpartition('(--seed ')[2]}" == f"(--seed {asked[1]}).\n"
