"""The values that users assert on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from lab.route.model import Route, stamp

from .recordings import read_history

CONTRACT = {
    *("schema", "message_id", "sender", "recipient", "outcome", "status", "reason", "accepted_by", "mailbox"),
    *("hops", "attempts", "notifications", "plan", "replanned", "evidence", "copies", "final_recipient", "mailstore"),
    *("unread", "handovers", "suspended"),
}
ATTEMPT = {
    *("host", "queue_id", "target", "address", "port", "stage", "reply", "dsn", "reason", "outcome", "tls"),
    *("next_queue_id", "at", "trust", "agent", "cause"),
}


def route(name: str) -> Route:
    return read_history(name).routes(f"<{name}@home.test>")[0]


def test_a_route_compares_with_lists() -> None:
    relayed = route("relay")
    assert relayed.attempted == ["smarthost", "mx1"]
    assert relayed.hops == ["client", "smarthost", "mx1"]
    assert len({relayed, route("relay")}) == 1


def test_its_json_has_the_keys_of_the_contract() -> None:
    data = route("relay").to_json()
    assert set(data) == CONTRACT
    assert set(data["attempts"][0]) == ATTEMPT
    assert data["attempts"][0]["at"] == "2026-11-24T12:12:47.633458Z"


def test_a_hand_over_is_told_beside_the_attempts_in_the_order_of_both() -> None:
    refused = route("lmtp-refused")
    assert refused.attempted == ["mx"]
    tried = [(each.agent, each.host, each.target, each.stage, each.outcome) for each in refused.tried]
    assert tried[:2] == [
        ("smtp", "direct", "mx", "end-of-data", "accepted"),
        ("lmtp", "mx", "mailstore", "connect", "failed"),
    ]
    assert set(tried[2:]) <= {tried[1]}  # retries
    assert refused.to_json()["handovers"][0]["after"] == 1
    assert Route.from_json(refused.to_json()) == refused


def test_a_command_is_a_hand_over_to_its_service() -> None:
    looped = route("pipe-forward-loop")
    assert [(each.agent, each.target, each.outcome, each.dsn) for each in looped.tried] == [
        ("smtp", "fwd", "accepted", "2.0.0"),
        ("pipe", "pipe:postforward", "accepted", "2.0.0"),
        ("pipe", "pipe:postforward", "rejected", "5.4.6"),
    ]


def test_a_notification_s_route_is_a_route_of_its_own() -> None:
    bounced = route("double-bounce")
    assert [each.recipient for each in bounced.walk()] == [
        "bia@mail5.run.test",
        "x@badbounce.run.test",
        "postmaster",
    ]
    assert set(bounced.to_json()["notifications"][0]) == {"kind", "queue_id", "host", "route"}
    assert Route.from_json(bounced.to_json()) == bounced


def test_times_are_told_in_utc_with_microseconds() -> None:
    assert stamp(datetime(2026, 1, 1, tzinfo=UTC)) == "2026-01-01T00:00:00.000000Z"
    assert stamp(datetime(2026, 1, 1, 2, tzinfo=timezone(timedelta(hours=2)))) == "2026-01-01T00:00:00.000000Z"
