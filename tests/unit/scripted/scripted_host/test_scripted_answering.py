"""IPv6 addresses of places: added when they are needed, some at a time."""

from __future__ import annotations

import asyncio
from ipaddress import IPv4Network, IPv6Network

import pytest
from scripted import answering
from scripted.answering import SOME, Answering
from scripted.places import Places

from dnszone.problem import RefusedError

NETWORK = IPv4Network("198.18.8.0/22")
NET6 = IPv6Network("2001:2::/64")


@pytest.fixture
def batches(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Return what ip(8) is given. It takes its time; whoever else wants an address meanwhile waits."""
    given: list[list[str]] = []

    async def run(command: list[str], text: str) -> None:
        assert command == ["ip", "-6", "-batch", "-"]
        await asyncio.sleep(0)
        given.append(text.splitlines())

    monkeypatch.setattr(answering, "run", run)
    return given


def test_some_are_added_with_the_first_that_is_needed_and_each_once(batches: list[list[str]]) -> None:
    places = Places(NETWORK, NET6)

    async def story() -> None:
        answer = Answering(places)
        await asyncio.gather(answer.at(["198.18.8.1"]), answer.at(["198.18.8.2", "198.18.8.3"]))
        assert [len(batch) for batch in batches] == [SOME]
        await answer.at(places.all()[:300])
        assert [len(batch) for batch in batches] == [SOME] * 3
        await answer.at(places.all())

    asyncio.run(story())
    lines = [line for batch in batches for line in batch]
    assert lines[0] == "addr replace 2001:2::8:1/64 dev eth0 nodad"
    assert lines[-1] == "addr replace 2001:2::11:254/64 dev eth0 nodad"
    assert len(lines) == len(set(lines)) == 1022


def test_without_ipv6_there_is_nothing_to_add(batches: list[list[str]]) -> None:
    asyncio.run(Answering(Places(NETWORK)).at(["198.18.8.1"]))
    assert batches == []


def test_what_the_kernel_has_refused_is_tried_again(monkeypatch: pytest.MonkeyPatch, batches: list[list[str]]) -> None:
    async def refused(_command: list[str], _text: str) -> None:
        raise RefusedError(500, "no", "NET_ADMIN")

    async def story() -> None:
        answer = Answering(Places(NETWORK, NET6))
        with monkeypatch.context() as broken:
            broken.setattr(answering, "run", refused)
            with pytest.raises(RefusedError):
                await answer.at(["198.18.8.1"])
        await answer.at(["198.18.8.1"])

    asyncio.run(story())
    assert len(batches) == 1
