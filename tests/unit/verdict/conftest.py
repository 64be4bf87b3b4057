"""Routes made by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from lab.route.model import Attempt, Route


@pytest.fixture
def attempt() -> Callable[..., Attempt]:
    """Return an attempt: target, and what was answered, as text of Attempt's own fields."""
    return make_attempt


@pytest.fixture
def route() -> Callable[..., Route]:
    """Return a route of attempts; by default the message of one that mx2 took, after mx1 had refused."""
    return make_route


def make_attempt(target: str, reply: str | None = None, second: float = 0, **fields: object) -> Attempt:
    outcome = {"2": "accepted", "4": "deferred", "5": "rejected"}[reply[0]] if reply else "failed"
    values: dict[str, object] = {
        "host": "direct",
        "queue_id": "Q1",
        "target": target,
        "address": None,
        "port": 25,
        "stage": "end-of-data" if outcome == "accepted" else "rcpt" if reply else "connect",
        "reply": reply,
        "dsn": None,
        "reason": reply or "Connection refused",
        "outcome": outcome,
        "tls": None,
        "cause": None if reply else "refused",
        "next_queue_id": None,
        "at": datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=second),
    }
    return Attempt(**{**values, **fields})  # type: ignore[arg-type]  # fields of Attempt, given by name


def make_route(*attempts: Attempt, **fields: object) -> Route:
    values: dict[str, object] = {
        "message_id": "<1@home.test>",
        "sender": "ana@home.test",
        "recipient": "bia@dest.test",
        "outcome": "delivered",
        "status": "2.0.0",
        "reason": "250 2.0.0 <bia@dest.test> Saved",
        "accepted_by": "mx2",
        "mailbox": "INBOX",
        "hops": ("direct", "mx2"),
        "attempts": attempts or (make_attempt("mx1"), make_attempt("mx2", "250 2.0.0 Ok: queued as Q2", second=2)),
        "notifications": (),
        "copies": 1,
        "mailstore": "mailstore",
    }
    return Route(**{**values, **fields})  # type: ignore[arg-type]  # fields of Route, given by name
