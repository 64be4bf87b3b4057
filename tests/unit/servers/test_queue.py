"""The mail queue: what postqueue says, and what is said to postqueue and postsuper."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import cast

import pytest
from docker.errors import APIError
from docker.models.containers import Container

from lab.engine.command import Ran
from lab.errors import LabError
from lab.servers.postfix.queue import Queue, QueuedMessage

# Two lines of Postfix 3.10's `postqueue -j`.
LINES = (
    '{"queue_name": "deferred", "queue_id": "7C2B41A0", "arrival_time": 1767225700, "message_size": 512, '
    '"forced_expire": false, "sender": "ana@home.test", "recipients": [{"address": "bia@dest.test", '
    '"delay_reason": "connect to mx1.dest.test[198.18.0.11]:25: Connection refused"}, {"address": "cai@dest.test"}]}\n'
    '{"queue_name": "hold", "queue_id": "4ABC", "arrival_time": 1767225600, "message_size": 9, '
    '"forced_expire": false, "sender": "", "recipients": [{"address": "\ufffd@dest.test"}]}\n'
)


class FakeContainer:
    """A container in which every command ends in the same way: the engine's part is told by :func:`executed`."""

    def __init__(self, result: Ran | Exception) -> None:
        self.result = result
        self.commands: list[list[str]] = []


@pytest.fixture(autouse=True)
def executed(monkeypatch: pytest.MonkeyPatch) -> None:
    def execute(container: FakeContainer, command: Sequence[str]) -> Ran:
        container.commands.append([*command])
        if isinstance(container.result, Exception):
            raise container.result
        return container.result

    monkeypatch.setattr("lab.servers.postfix.queue.execute", execute)


def queue(fake: FakeContainer) -> Queue:
    return Queue("client", cast("Container", fake))


def test_messages_oldest_first() -> None:
    held, deferred = queue(FakeContainer(Ran(0, LINES, "postqueue: warning: x\n"))).list()
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
    assert queue(FakeContainer(Ran(0, ""))).list() == []


def test_one_message() -> None:
    found = queue(FakeContainer(Ran(0, LINES)))
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
    fake = FakeContainer(Ran(0, ""))
    act(queue(fake))
    assert fake.commands == [command]


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
        queue(FakeContainer(Ran(69, *output))).list()
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
        ("postsuper: Deleted: 1 message\n", 1),
        ("postsuper: Deleted: 12 messages\n", 12),
        ("postsuper: Deleted: 0 messages\n", 0),
    ],
)
def test_a_change_says_how_many_messages_it_met(said: str, count: int) -> None:
    """postsuper(1) ends with 0 even when there is no such message."""
    assert queue(FakeContainer(Ran(0, "", said))).delete("4ABC") == count


def test_a_message_that_qmgr_moves_meanwhile_is_looked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """showq(8) misses one that goes from the deferred queue to the active one, and shows one twice the other way."""
    listings = iter(["", LINES + LINES, LINES])
    monkeypatch.setattr("lab.servers.postfix.queue.execute", lambda *_: Ran(0, next(listings)))
    assert [message.queue_id for message in queue(FakeContainer(Ran(0, ""))).found({"4ABC"}, 5)] == ["4ABC"]
    assert next(listings) == LINES


def test_a_message_that_is_not_in_the_queue() -> None:
    assert queue(FakeContainer(Ran(0, LINES))).found({"none"}, 0) == []
