"""The mail queue: what postqueue says, and what is said to postqueue and postsuper."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from lab.engine.protocol import Ran
from lab.errors import LabError
from lab.servers.postfix.queue import PostfixQueue
from lab.servers.queue import Queue, QueuedMessage
from tests.unit.memory_engine import MemoryEngine, host

# Two lines of Postfix 3.10's `postqueue -j`.
LINES = (
    '{"queue_name": "deferred", "queue_id": "7C2B41A0", "arrival_time": 1767225700, "message_size": 512, '
    '"forced_expire": false, "sender": "ana@home.test", "recipients": [{"address": "bia@dest.test", '
    '"delay_reason": "connect to mx1.dest.test[198.18.0.11]:25: Connection refused"}, {"address": "cai@dest.test"}]}\n'
    '{"queue_name": "hold", "queue_id": "4ABC", "arrival_time": 1767225600, "message_size": 9, '
    '"forced_expire": false, "sender": "", "recipients": [{"address": "\ufffd@dest.test"}]}\n'
)


class Engine(MemoryEngine):
    """An engine with the client, where every command ends in the same way."""

    def __init__(self, *result: Any, state: str = "running") -> None:
        super().__init__(host("client", "client", state=state))
        self.answer = lambda _: Ran(*result)


def queue(engine: MemoryEngine) -> Queue:
    return PostfixQueue("client", engine, "id-client")


def test_messages_oldest_first() -> None:
    held, deferred = queue(Engine(0, LINES, "postqueue: warning: x\n")).list()
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
    assert queue(Engine(0, "")).list() == []


def test_one_message() -> None:
    found = queue(Engine(0, LINES))
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
    fake = Engine(0, "")
    act(queue(fake))
    assert fake.ran == [tuple(command)]


@pytest.mark.parametrize(
    ("output", "said"),
    [
        (("", "postqueue: fatal: Queue report unavailable\n"), "postqueue: fatal: Queue report unavailable"),
        (("only on stdout\n", ""), "only on stdout"),
        (("", ""), ""),
    ],
)
def test_a_command_that_fails(output: tuple[str, str], said: str) -> None:
    with pytest.raises(LabError) as caught:
        queue(Engine(69, *output)).list()
    assert str(caught.value) == f"postqueue -j failed on client: {said}\n  `lab logs client` shows what Postfix says"


def test_a_host_that_is_stopped_or_paused() -> None:
    with pytest.raises(LabError) as caught:
        queue(Engine(0, "", state="paused")).flush()
    assert str(caught.value) == (
        "postqueue -f cannot run on client: Container id-client is paused\n"
        "  a queue can be read while its host runs; `lab status` tells"
    )


@pytest.mark.parametrize(
    ("said", "count"),
    [
        ("postsuper: Deleted: 1 message\n", 1),
        ("postsuper: Deleted: 12 messages\n", 12),
        ("postsuper: Deleted: 0 messages\n", 0),
    ],
)
def test_a_change_says_how_many_messages_it_met(said: str, count: int) -> None:
    """postsuper(1) ends with 0 even when there is no such message."""
    assert queue(Engine(0, "", said)).delete("4ABC") == count


def test_a_message_that_qmgr_moves_meanwhile_is_looked_for_again() -> None:
    """showq(8) misses one that goes from the deferred queue to the active one, and shows one twice the other way."""
    listings = iter(["", LINES + LINES, LINES])
    engine = Engine(0, "")
    engine.answer = lambda _: Ran(0, next(listings))
    assert [message.queue_id for message in queue(engine).found({"4ABC"}, 5)] == ["4ABC"]
    assert next(listings) == LINES


def test_a_message_that_is_not_in_the_queue() -> None:
    assert queue(Engine(0, LINES)).found({"none"}, 0) == []
