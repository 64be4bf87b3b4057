"""Addresses of hosts that tests bring along: nobody's, and given back ones last."""

from __future__ import annotations

from ipaddress import IPv4Network
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from lab.errors import LabError
from lab.world.addresses import following, reserved

RANGE = IPv4Network("198.18.52.0/29")  # of six addresses


class FakeDocker:
    """An engine with one network and containers for which an address was chosen, whether they run or not."""

    def __init__(self) -> None:
        self.chosen = ["198.18.52.1"]
        self.ipv6 = True
        self.api = SimpleNamespace(inspect_network=self._network, containers=self._containers)

    def _network(self, _: str) -> dict[str, Any]:
        pools = [{"Subnet": "198.18.48.0/20", "IPRange": str(RANGE)}, {"Subnet": "2001:2:0:3::/64"}]
        return {"EnableIPv6": self.ipv6, "IPAM": {"Config": pools}}

    def _containers(self, *, filters: dict[str, list[str]], **_: object) -> list[dict[str, Any]]:
        lab, address = filters["label"]
        assert lab == "mail-lab.name=main"
        return [{"Id": each} for each in self.chosen if address == f"mail-lab.address={each}"]


@pytest.mark.parametrize(
    ("last", "expected"), [("", "123456"), ("1", "234561"), ("5", "612345"), ("6", "123456"), ("200", "123456")]
)
def test_the_next_first_round_and_round(last: str, expected: str) -> None:
    net = "198.18.52."
    assert following(RANGE, last and net + last) == [net + each for each in expected]


def test_none_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    docker: Any = FakeDocker()
    docker.chosen = [str(each) for each in RANGE]
    with (
        pytest.raises(LabError, match="all 6 addresses for hosts that tests bring along are taken"),
        reserved(docker, "main", "lab"),
    ):
        pass


def test_what_a_stopped_container_has_is_taken_and_what_was_given_back_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    docker: Any = FakeDocker()
    found = []
    for _ in range(6):
        with reserved(docker, "main", "lab") as both:
            found.append(both)
    assert [address.rpartition(".")[2] for address, _ in found] == ["2", "3", "4", "5", "6", "2"]
    assert [address6 for _, address6 in found[:2]] == ["2001:2:0:3::52:2", "2001:2:0:3::52:3"]


def test_no_ipv6_address_in_a_lab_without_ipv6(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    docker: Any = FakeDocker()
    docker.ipv6 = False
    with reserved(docker, "main", "lab") as both:
        assert both == ("198.18.52.2", None)
