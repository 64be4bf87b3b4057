"""Events that an earlier version saved give what the same lines give today."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lab.servers.postfix import earlier, log
from tests.unit.route.recordings import RECORDED, read_events

ADDED = {
    "Delivery": ("reason", "reply", "stage", "cause", "tried", "suspended", "how", "next_queue_id", "forwarded_as"),
    "AttemptFailed": ("cause", "named"),
    "Rejected": ("dsn",),
}
"""Fields that were not saved."""
NOTICES = {kind: words for words, kind in log.NOTICES.items()}


def before(event: dict[str, Any]) -> dict[str, Any]:
    """Return a saved event as it was saved before its text was taken apart."""
    lacks = (*ADDED.get(event["event"], ()), *(["session"] if event["event"] == "Delivery" else []))
    old = {key: value for key, value in event.items() if key not in lacks}
    if event["event"] == "NotificationSent":
        old["kind"] = NOTICES[event["kind"]]
    return old


@pytest.mark.parametrize("name", sorted(path.stem for path in RECORDED.glob("*.log")))
def test_what_was_saved_before_is_completed(name: str) -> None:
    for event in read_events(name):
        now = json.loads(json.dumps(event.to_json()))
        told = json.loads(json.dumps(earlier.completed(before(now))))
        assert {**dict.fromkeys(ADDED.get(now["event"], ())), "suspended": False, "session": None, **told} == {
            **{"suspended": False, "session": None},
            **now,
        }
        assert earlier.completed(now) == now


def test_a_recipient_that_soft_bounce_kept_is_deferred() -> None:
    said = {"event": "Delivery", "agent": "smtp", "relay": None, "status": "SOFTBOUNCE", "dsn": "4.1.1", "text": "no"}
    assert earlier.completed(said)["status"] == "deferred"
