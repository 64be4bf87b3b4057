"""The queues of all hosts: told as lines, and what is left of a test's messages deleted."""

from __future__ import annotations

from typing import Any

import pytest

from lab.engine.hosts import Host
from lab.errors import LabError
from lab.mail.queues import Queues
from lab.servers.present import Present

HOSTS = Present(
    {
        name: Host(name, role, f"{name}.test", "198.18.0.9", "running", f"id-{name}", "")
        for name, role in (("dns", "dns"), ("mx1", "mx"), ("mx2", "mx"))
    }
)


class FakeQueue:
    def __init__(self, host: Host, done: list[str]) -> None:
        self.host = host.name
        self.done = done

    def list(self) -> list[str]:
        if self.host == "mx2":
            raise LabError("mx2 has stopped")
        return ["deferred 4A <> -> bia@dest.test"]

    def delete(self, queue_id: str) -> None:
        self.done.append(f"{self.host}: delete {queue_id}")

    def picked_up(self, timeout: float) -> None:
        if self.host == "mx2":
            raise LabError("mx2 has stopped")
        self.done.append(f"{self.host}: picked up within {timeout:g} s")


class FakeRecorder:
    def __init__(self) -> None:
        self.read: list[str] = []

    def caught_up(self, container: str, _: float) -> None:
        self.read.append(container)


@pytest.fixture
def done() -> list[str]:
    return []


@pytest.fixture
def queues(done: list[str]) -> Queues:
    def opened(host: Host, _: object) -> Any:
        return FakeQueue(host, done)

    return Queues(HOSTS, opened)


def test_a_host_without_a_queue_is_told_with_those_that_have_one(queues: Queues) -> None:
    with pytest.raises(LabError) as caught:
        queues.of("dns")
    assert (caught.value.args[0], caught.value.hint) == ("dns has no mail queue", "hosts that have one: mx1, mx2")


def test_a_host_that_cannot_be_asked_is_told_too(queues: Queues) -> None:
    assert queues.lines() == ["mx1: deferred 4A <> -> bia@dest.test", "mx2: mx2 has stopped"]


def test_messages_on_hosts_that_are_gone_are_gone_with_them(
    queues: Queues, done: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And those on a host that the test has brought along go with it."""
    monkeypatch.setitem(HOSTS.brought, "relay", HOSTS["mx1"])
    queues.delete([("mx1", "4A"), ("gone", "4B"), ("relay", "4C")])
    assert done == ["mx1: delete 4A"]


@pytest.mark.parametrize(("host", "waited"), [("mx1", ["mx1: picked up within 2 s"]), ("mx2", [])])
def test_every_log_is_read_once_a_host_has_picked_up(
    queues: Queues, done: list[str], host: str, waited: list[str]
) -> None:
    recorder: Any = FakeRecorder()
    queues.picked_up(recorder, host, 2)
    assert (done, recorder.read) == (waited, ["id-dns", "id-mx1", "id-mx2"])


def test_a_host_that_is_none(queues: Queues) -> None:
    with pytest.raises(LabError, match="this lab has no host 'mx9'"):
        queues.of("mx9")
