"""Follows one message: what happens to it as it happens, until its end.

In: a recorder, and what the message is called. Out: rows of its timeline, each once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from lab.route.timeline import Row, each_row

if TYPE_CHECKING:
    from lab.mail.recorder import Recorder
    from lab.route.events import Event
    from lab.route.history import History, Origin

GOING_ON = ("deferred", "held", "unknown")  # a message that is deferred or held goes on some day


def follow(recorder: Recorder, message: str | Origin, names: Mapping[str, str]) -> Iterator[list[Row]]:
    """Yield the next rows of a message's timeline whenever there are some, until it has come to its end.

    What one host has said may become known to be about the message later than what others have said since. *names*:
    address to lab name. Ends too when every host has stopped.
    """
    told: set[Event] = set()
    cursor, ended = 0, False
    while not ended:
        lines, cursor = recorder.new(cursor)
        happened, ended = recorder.read(lambda history: _so_far(history, message))
        ended = ended or not lines
        new = [(event, row) for event, row in each_row(happened, names) if event not in told]
        told |= {event for event, _ in new}
        if new:
            yield [row for _, row in new]


def _so_far(history: History, message: str | Origin) -> tuple[Sequence[Event], bool]:
    """Return what is known of a message, and whether it has come to its end."""
    over = history.settled(message) and all(route.outcome not in GOING_ON for route in history.routes(message))
    return history.events_of(message), over
