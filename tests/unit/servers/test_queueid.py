"""The time in a long queue id is when its host had the message, and no other text has one."""

from __future__ import annotations

from datetime import timedelta

import pytest

from lab.route.events import Received
from lab.servers.postfix.queueid import made_at
from tests.unit.route.recordings import RECORDED, read_events


def test_it_is_when_the_queue_file_was_opened() -> None:
    received = [
        event for path in RECORDED.glob("*.log") for event in read_events(path.stem) if isinstance(event, Received)
    ]
    assert len(received) > 100
    for event in received:
        at = made_at(event.queue_id)
        assert at is not None
        assert timedelta(0) <= event.at - at < timedelta(seconds=0.5)


@pytest.mark.parametrize(
    "text",
    ["", "z", "7F3A2B1C", "7F3A2B1C9D", "S000058", "4jYhXLzDPPF", "4jYhXL2v5Nz", "4jYhXL2v5AzDPPF", "Z" * 20 + "z1"],
)
def test_what_is_no_long_queue_id_has_no_time(text: str) -> None:
    assert made_at(text) is None
