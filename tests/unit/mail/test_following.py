"""A message that is followed: each row once, also those that are known late to be about it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lab.mail.following import follow
from lab.mail.recorder import Line
from lab.route.history import History, Origin
from tests.unit.route.recordings import HOSTS, read_events

ORIGIN = Origin("direct", "4jYhXG0ynwzDPLT")  # of the recorded message


class Scripted:
    """A recorder in which *batches* of events come one after the other, and nothing after them."""

    def __init__(self, batches: list[list[Any]]) -> None:
        self.history = History(HOSTS)
        self.batches = batches

    def new(self, cursor: int) -> tuple[list[Line], int]:
        batch = self.batches.pop(0) if self.batches else []
        for event in batch:
            self.history.add(event)
        return [Line(event.at, event.host, "", event) for event in batch], cursor + len(batch)

    def read(self, question: Callable[[History], Any]) -> Any:
        return question(self.history)


def told(batches: list[list[Any]], message: str | Origin = ORIGIN) -> list[list[str]]:
    recorder: Any = Scripted(batches)
    return [[f"{row.host} {row.text}" for row in rows] for rows in follow(recorder, message, HOSTS)]


def test_rows_come_as_they_are_logged_and_each_once() -> None:
    events = read_events("direct")
    whole = [row for rows in told([events]) for row in rows]
    one_by_one = told([[event] for event in events])
    assert sorted(row for rows in one_by_one for row in rows) == sorted(whole)
    assert len(one_by_one) > 3


def test_what_the_next_host_has_said_before_is_told_when_it_is_known_whose_it_was() -> None:
    events = read_events("direct")
    second = [event for event in events if event.host == "mx1"]
    first = [event for event in events if event.host != "mx1"]
    batches = told([second, *([event] for event in first)])
    late = [number for number, rows in enumerate(batches) if any(row.startswith("mx1 ") for row in rows)]
    assert late
    assert late[0] > 0


def test_it_ends_when_every_host_has_stopped() -> None:
    events = read_events("direct")
    assert len(told([events[:4]])) == 1
    assert told([]) == []
