"""The mail queue: what postqueue says, and what is said to postqueue and postsuper."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, cast

import pytest
from docker.errors import APIError
from docker.models.containers import Container

from lab.errors import LabError
from lab.servers.postfix.queue import Queue, QueuedMessage

# Two lines of Postfix 3.10's `postqueue -j`.
LINES = (
    b'{"queue_name": "deferred", "queue_id": "7C2B41A0", "arrival_time": 1767225700, "message_size": 512, '
    b'"forced_expire": false, "sender": "ana@home.test", "recipients": [{"address": "bia@dest.test", '
    b'"delay_reason": "connect to mx1.dest.test[198.18.0.11]:25: Connection refused"}, {"address": "cai@dest.test"}]}\n'
    b'{"queue_name": "hold", "queue_id": "4ABC", "arrival_time": 1767225600, "message_size": 9, '
    b'"forced_expire": false, "sender": "", "recipients": [{"address": "\xff@dest.test"}]}\n'
)


class Result(NamedTuple):
    exit_code: int
    output: tuple[bytes | None, bytes | None]


class FakeContainer:
    def __init__(self, result: Result | Exception) -> None:
        self.result = result
        self.commands: list[list[str]] = []

    def exec_run(self, command: list[str], *, demux: bool) -> Result:
        assert demux  # warnings on stderr are no part of the queue
        self.commands.append(command)
        if isinstance(self.result, Exception):
            raise self.result
        return self.result


def queue(fake: FakeContainer) -> Queue:
    return Queue("client", cast("Container", fake))


def test_messages_oldest_first() -> None:
    held, deferred = queue(FakeContainer(Result(0, (LINES, b"postqueue: warning: x\n")))).list()
    assert held == QueuedMessage("hold", "4ABC", "", 9, 1767225600, {"\ufffd@dest.test": None})
    assert deferred.to_json() == {
        "queue": "deferred",
        "queue_id": "7C2B41A0",
        "sender": "ana@home.test",
        "size": 512,
        "arrival": 1767225700,
        "recipients": {
            "bia@dest.test": "connect to mx1.dest.test[198.18.0.11]:25: Connection refused",
            "cai@dest.test": None,
        },
    }


def test_an_empty_queue() -> None:
    assert queue(FakeContainer(Result(0, (None, None)))).list() == []


def test_one_message() -> None:
    found = queue(FakeContainer(Result(0, (LINES, None))))
    assert found.get("4ABC") == found.list()[0]
    assert found.get("4AB") is None


@pytest.mark.parametrize(
    ("act", "command"),
    [
        (lambda queue: queue.flush(), ["postqueue", "-f"]),
        (lambda queue: queue.flush("4ABC"), ["postqueue", "-i", "4ABC"]),
        (lambda queue: queue.delete("ALL"), ["postsuper", "-d", "ALL"]),
        (lambda queue: queue.hold("4ABC"), ["postsuper", "-h", "4ABC"]),
        (lambda queue: queue.release("4ABC"), ["postsuper", "-H", "4ABC"]),
        (lambda queue: queue.list(), ["postqueue", "-j"]),
    ],
)
def test_commands(act: Callable[[Queue], object], command: list[str]) -> None:
    fake = FakeContainer(Result(0, (None, None)))
    act(queue(fake))
    assert fake.commands == [command]


@pytest.mark.parametrize(
    ("output", "said"),
    [
        ((None, b"postqueue: fatal: Queue report unavailable\n"), "postqueue: fatal: Queue report unavailable"),
        ((b"only on stdout\n", b""), "only on stdout"),
        ((None, None), ""),
    ],
)
def test_a_command_that_fails(output: tuple[bytes | None, bytes | None], said: str) -> None:
    with pytest.raises(LabError) as caught:
        queue(FakeContainer(Result(69, output))).list()
    assert str(caught.value) == f"postqueue -j failed on client: {said}\n  `lab logs client` shows what Postfix says"


def test_a_host_that_is_stopped_or_paused() -> None:
    refusal = APIError("409 Client Error", explanation="Container 4a5b is paused, unpause the container before exec")
    with pytest.raises(LabError) as caught:
        queue(FakeContainer(refusal)).flush()
    assert str(caught.value) == (
        "postqueue -f cannot run on client: Container 4a5b is paused, unpause the container before exec\n"
        "  a queue can be read while its host runs; `lab status` tells"
    )


@pytest.mark.parametrize(
    ("said", "count"),
    [
        (b"postsuper: Deleted: 1 message\n", 1),
        (b"postsuper: Deleted: 12 messages\n", 12),
        (b"postsuper: Deleted: 0 messages\n", 0),
    ],
)
def test_a_change_says_how_many_messages_it_met(said: bytes, count: int) -> None:
    """postsuper(1) ends with 0 even when there is no such message."""
    assert queue(FakeContainer(Result(0, (None, said)))).delete("4ABC") == count
