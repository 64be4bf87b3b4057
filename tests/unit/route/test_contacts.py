"""Who connected to whom, and what in a connection tells whose it was."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from lab.route import events
from lab.route.contacts import Contact, Contacts, contacted
from lab.route.events import Event

AT = datetime(2026, 1, 1, tzinfo=UTC)
CLIENT: dict[str, Any] = {"client": "direct.home.test", "address": "198.18.0.22"}


def event(kind: type[Event], seconds: float = 0, host: str = "mx1", **values: Any) -> Event:
    return kind(host=host, at=AT + timedelta(seconds=seconds), **values)


def rejected(pid: int) -> Event:
    return event(
        events.Rejected,
        pid=pid,
        queue_id=None,
        stage="RCPT",
        reply="550 no",
        sender="ana@home.test",
        recipient="bia@a.test",
        **CLIENT,
    )


def dialogue(action: str, session: str) -> Event:
    values: dict[str, Any] = {"client_port": 1, "stage": None, "text": None, "fault": None}
    return event(
        events.Dialogue,
        action=action,
        session=session,
        server="198.18.0.130",
        client="198.18.0.22",
        host="scripted",
        **values,
    )


def test_what_is_said_belongs_to_the_connection_of_its_process() -> None:
    contacts = Contacts()
    for each in (
        event(events.Connected, pid=1, **CLIENT),
        event(events.Connected, pid=2, **CLIENT),
        event(events.Connected, pid=1, host="mx2", **CLIENT),
        event(events.Received, pid=1, queue_id="Q1", sasl_username=None, **CLIENT),
        rejected(2),
        event(events.Disconnected, pid=1, commands="", **CLIENT),
        event(events.Received, pid=1, queue_id="Q2", sasl_username=None, **CLIENT),  # its beginning was not seen
        event(events.Connected, pid=1, **CLIENT),
        event(events.Received, pid=1, queue_id="Q3", sasl_username=None, **CLIENT),
    ):
        contacts.add(each)
    found = list(contacts.since(AT))[::-1]
    assert [(each.host, each.queue_ids, each.named) for each in found] == [
        ("mx1", {"Q1"}, set()),
        ("mx1", set(), {"ana@home.test", "bia@a.test"}),
        ("mx2", set(), set()),
        ("mx1", {"Q3"}, set()),
    ]


def test_the_scripted_host_is_known_by_the_address_that_was_connected_to() -> None:
    contacts = Contacts()
    for each in (dialogue("connect", "s1"), dialogue("command", "s1"), dialogue("close", "s1")):
        contacts.add(each)
    assert [(each.server, each.client) for each in contacts.since(AT)] == [("198.18.0.130", "198.18.0.22")]


def test_only_those_since_then() -> None:
    contacts = Contacts()
    for seconds in (0, 5, 4.5, 6):  # logs of two hosts reach us in any order
        contacts.add(event(events.Connected, seconds, pid=1, **CLIENT))
    assert [each.at for each in contacts.since(AT + timedelta(seconds=5))] == [
        AT + timedelta(seconds=n) for n in (6, 5)
    ]


def test_who_was_contacted_by_one_of_ours() -> None:
    ours, stranger = "198.18.0.22", "198.18.0.3"
    contacts = [
        Contact("mx1", ours, AT),
        Contact("mx2", stranger, AT),
        Contact("scripted", ours, AT, "198.18.0.130"),
        Contact("scripted", stranger, AT, "198.18.0.131"),
    ]
    names = {"198.18.0.130": {"mx-a", "mx-b"}, "198.18.0.131": {"mx-c"}}
    assert contacted(contacts, {ours}, names.__getitem__) == {"mx1", "mx-a", "mx-b"}
