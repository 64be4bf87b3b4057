"""Addresses of hosts that tests bring along: nobody's, and given back ones last."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from lab.engine.hosts import ADDRESS
from lab.engine.protocol import Network, Pool, Specification
from lab.errors import LabError
from lab.world.addresses import following, reserved
from tests.unit.memory_engine import MemoryEngine, host

RANGE = IPv4Network("198.18.52.0/29")  # of six addresses


def engine(*chosen: str, ipv6: bool = True) -> MemoryEngine:
    """Return an engine with one network and containers for which an address was *chosen*, whether they run or not."""
    there = [
        host(each, state="exited", labels={"mail-lab.name": "main", "mail-lab.address": each})
        for each in chosen or ("198.18.52.1",)
    ]
    found = MemoryEngine(*there)
    pools = (Pool("198.18.48.0/20", str(RANGE)), Pool("2001:2:0:3::/64"))
    found.nets = [Network("id-lab", "lab", {}, ipv6=ipv6, pools=pools)]
    return found


@pytest.mark.parametrize(
    ("last", "expected"), [("", "123456"), ("1", "234561"), ("5", "612345"), ("6", "123456"), ("200", "123456")]
)
def test_the_next_first_round_and_round(last: str, expected: str) -> None:
    net = "198.18.52."
    assert following(RANGE, last and net + last) == [net + each for each in expected]


def test_none_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    with (
        pytest.raises(LabError, match="all 6 addresses for hosts that tests bring along are taken"),
        reserved(engine(*map(str, RANGE)), "main", "lab"),
    ):
        pass


def test_what_a_stopped_container_has_is_taken_and_what_was_given_back_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    found = []
    for _ in range(6):
        with reserved(engine(), "main", "lab") as both:
            found.append(both)
    assert [address.rpartition(".")[2] for address, _ in found] == ["2", "3", "4", "5", "6", "2"]
    assert [address6 for _, address6 in found[:2]] == ["2001:2:0:3::52:2", "2001:2:0:3::52:3"]


def test_no_ipv6_address_in_a_lab_without_ipv6(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    with reserved(engine(ipv6=False), "main", "lab") as both:
        assert both == ("198.18.52.2", None)


def test_threads_and_processes_at_the_same_time_have_one_each(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    there = engine()

    def bring(name: str) -> str:
        with reserved(there, "main", "lab") as (address, _):
            there.create(Specification("i", name=name, labels={"mail-lab.name": "main", ADDRESS: address}))
        return address

    with ThreadPoolExecutor(5) as pool:
        found = list(pool.map(bring, "abcde"))
    assert sorted(found) == [f"198.18.52.{number}" for number in range(2, 7)]
