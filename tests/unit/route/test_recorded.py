"""Every recording of real servers gives exactly the routes that stand beside it."""

from __future__ import annotations

import json
import random
from itertools import groupby

import pytest

from lab.route.events import Event, Stored, from_json
from lab.route.history import History
from lab.route.model import Route

from .recordings import HOSTS, RECORDED, read_events, read_history, read_lines, tell

NAMES = sorted(path.stem for path in RECORDED.glob("*.log"))
# Postfix logs no Message-ID when it refuses or discards a message before it has seen that header, and no recipient when
# it puts one on hold at DATA; such messages are known by their queue id and envelope.
WITHOUT_ROUTE = {"canceled", "discard-rcpt", "hold-data", "lost-client", "noqueue"}


def routes(history: History, name: str) -> list[Route]:
    sent = [f"<{name}@home.test>", *(f"<{name}-{number}@home.test>" for number in range(3))]
    return [route for message_id in sent for route in history.routes(message_id)]


@pytest.mark.parametrize("name", NAMES)
def test_a_recording_gives_its_routes(name: str) -> None:
    told = [line for route in routes(read_history(name), name) for line in tell(route)]
    expected = (RECORDED / f"{name}.route").read_text().splitlines()
    assert told == expected
    assert bool(expected) == (name not in WITHOUT_ROUTE)


@pytest.mark.parametrize("name", [name for name in NAMES if name not in WITHOUT_ROUTE])
def test_the_story_of_a_recording_is_complete(name: str) -> None:
    history = read_history(name)
    for route in routes(history, name):
        assert history.awaited(route.message_id, [route.recipient]) == ()
        assert history.settled(route.message_id, [route.recipient])


@pytest.mark.parametrize("name", NAMES)
def test_events_survive_json_and_give_the_same_routes(name: str) -> None:
    events = read_events(name)
    saved = [json.dumps(event.to_json()) for event in events]
    restored = [from_json(json.loads(line)) for line in saved]
    assert restored == events
    assert routes(History(HOSTS, restored), name) == routes(History(HOSTS, events), name)


@pytest.mark.parametrize("name", [name for name in NAMES if name not in WITHOUT_ROUTE])
def test_a_message_s_own_events_are_enough_for_its_routes(name: str) -> None:
    history = read_history(name)
    for route in routes(history, name):
        events = history.events_of(route.message_id)
        assert events == sorted(events, key=lambda event: event.at)
        assert route in History(HOSTS, events).routes(route.message_id)


@pytest.mark.parametrize("name", NAMES)
def test_routes_survive_json(name: str) -> None:
    for route in routes(read_history(name), name):
        data = json.loads(json.dumps(route.to_json()))
        assert Route.from_json(data) == route
        assert data["schema"] == 1


@pytest.mark.parametrize("name", NAMES)
def test_hosts_may_be_heard_in_any_order(name: str) -> None:
    """Each log comes by a thread of its own: only the order within one log can be relied on."""
    events = read_events(name)
    expected = {repr(route) for route in routes(History(HOSTS, events), name)}
    for seed in range(5):
        assert {repr(route) for route in routes(History(HOSTS, shuffle(events, seed)), name)} == expected


@pytest.mark.parametrize("name", [name for name in NAMES if name not in WITHOUT_ROUTE])
def test_no_moment_of_a_story_is_an_error(name: str) -> None:
    """A waiter asks after every line. Attempts stay, and "complete" is never said for nothing."""
    history = History(HOSTS)
    seen = 0
    for event in read_events(name):
        history.add(event)
        found = history.routes(f"<{name}@home.test>", ["nobody@nowhere.test"])
        assert found[-1].outcome == "unknown" or len(found) > 1
        attempts = sum(len(route.attempts) for route in found)
        assert attempts >= seen
        seen = attempts
        if not any(route.recipient != "nobody@nowhere.test" for route in found):
            assert history.awaited(f"<{name}@home.test>")


def test_every_recording_says_what_it_is() -> None:
    for name in NAMES:
        assert (RECORDED / f"{name}.log").read_text().startswith("# ")
        assert read_lines(name)
    assert {path.stem for path in RECORDED.glob("*.route")} == set(NAMES)


def shuffle(events: list[Event], seed: int) -> list[Event]:
    """Return the events with each host's own order kept, and the hosts mixed anyhow."""
    chance = random.Random(seed)  # noqa: S311  a repeatable order, not a secret
    streams = {host: iter(list(own)) for host, own in groupby(sorted(events, key=_host), key=_host)}
    mixed = []
    hosts = [event.host for event in events]
    chance.shuffle(hosts)
    for host in hosts:
        mixed.append(next(streams[host]))
    return mixed


def _host(event: Event) -> str:
    return event.host


def test_the_copy_of_a_lost_try_is_not_taken_for_the_one_that_was_accepted_at_the_same_address() -> None:
    """RFC 1047, with one exchanger: until its log has the second copy, nobody knows what it has accepted."""
    same = {"198.18.77.129": "198.18.77.166", "mx-b.closevanish.run.test": "mx-a.closevanish.run.test"}
    said = [json.dumps(event.to_json()) for event in read_events("closevanish")]
    for old, new in same.items():
        said = [line.replace(old, new) for line in said]
    heard = [from_json(json.loads(line)) for line in said]
    second = [event for event in heard if isinstance(event, Stored)][-1]
    history = History(HOSTS, [event for event in heard if event is not second])
    assert any("own log does not yet" in each for each in history.awaited("<closevanish@home.test>"))
    history.add(second)
    assert history.awaited("<closevanish@home.test>") == ()
    assert [route.copies for route in history.routes("<closevanish@home.test>")] == [2]
