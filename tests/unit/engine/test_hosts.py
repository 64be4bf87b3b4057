"""The hosts of a lab as the engine tells of them."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Network

import pytest

from lab.engine.hosts import Host, find, inspect, known, last_lines, networks
from lab.engine.protocol import Endpoint, GoneError, Inspected, Network, Pool
from lab.errors import LabError
from tests.unit.memory_engine import STARTED, MemoryEngine, host


def inside(address: str = "", address6: str = "", asked: str = "198.18.0.11", asked6: str = "") -> dict[str, Endpoint]:
    """Return how a host with two networks is attached to them."""
    return {
        "mail-lab-main_outside": Endpoint("172.17.0.9"),
        "mail-lab-main_lab": Endpoint(address, address6, asked, asked6),
    }


def test_a_running_host() -> None:
    environment = {"PATH": "/bin", "LAB_TOKEN": "open-sesame"}
    there = host("mx1", endpoints=inside(), environment=environment, published={2511: 25011})
    found = find(MemoryEngine(there), "main")["mx1"]
    assert found == Host(
        name="mx1",
        role="mx",
        fqdn="mx1.dest.test",
        address="198.18.0.11",
        state="running",
        container="id-mx1",
        image="mail-lab/mx:0123",
        started=STARTED,
        exit_code=None,
        published={2511: 25011},
        token="open-sesame",
    )
    assert "open-sesame" not in repr(found)
    assert found.runs


@pytest.mark.parametrize(
    ("status", "exit_code", "runs"),
    [("exited", 137, False), ("dead", 137, False), ("paused", None, True), ("created", None, False)],
)
def test_hosts_in_other_states(status: str, exit_code: int | None, runs: bool) -> None:
    found = find(MemoryEngine(host("mx1", state=status, exit_code=137, endpoints=inside())), "main")["mx1"]
    assert (found.exit_code, found.runs, found.published, found.address) == (exit_code, runs, {}, "198.18.0.11")


def test_a_guest_has_the_address_that_the_engine_gave_it() -> None:
    there = host("mine", owner="me", endpoints={"x_lab": Endpoint("198.18.0.70")})
    assert find(MemoryEngine(there), "main", "me")["mine"].address == "198.18.0.70"


def test_ipv6_addresses_are_those_that_the_network_has() -> None:
    """One that was asked for counts where the network has IPv6: a host that is stopped has no other."""
    asked = inside(asked6="2001:2:0:0::11")
    mx1, mx2 = host("mx1", endpoints=asked), host("mx2", state="exited", endpoints=asked)
    assert [each.addresses for each in find(MemoryEngine(mx1, mx2), "main").values()] == [("198.18.0.11",)] * 2
    mx1 = replace(mx1, endpoints=inside(asked6="2001:2:0:0::11", address6="2001:2::11"))
    both = [("198.18.0.11", "2001:2::11")] * 2
    assert [each.addresses for each in find(MemoryEngine(mx1, mx2), "main").values()] == both


def test_guests_are_seen_by_whoever_brought_them() -> None:
    engine = MemoryEngine(host("mx1"), host("mine", owner="me"), host("theirs", owner="them"))
    assert list(find(engine, "main")) == ["mx1"]
    assert list(find(engine, "main", "me")) == ["mx1", "mine"]


class Hasty(MemoryEngine):
    """An engine that removes mx1 as soon as it has listed it."""

    def inspect(self, container: str) -> Inspected:
        if container == "id-mx1":
            raise GoneError("no such container")
        return super().inspect(container)


def test_a_host_that_is_removed_meanwhile() -> None:
    assert list(find(Hasty(host("mx1"), host("mx2")), "main")) == ["mx2"]


def test_one_host_by_its_container() -> None:
    assert inspect(MemoryEngine(host("mx1"), host("mx2")), "id-mx2").name == "mx2"


def test_labs_and_their_networks() -> None:
    engine = MemoryEngine()
    both, second = (Pool("2001:2::/64"), Pool("198.18.0.0/20")), (Pool("198.18.112.0/20"),)
    engine.nets = [
        Network("1", "mail-lab-main_lab", {"mail-lab.name": "main", "mail-lab.slot": "0"}, pools=both),
        Network("2", "mail-lab-main_outside", {"mail-lab.name": "main"}),  # the gateway's
        Network("3", "mail-lab-second_lab", {"mail-lab.name": "second", "mail-lab.slot": "7"}, pools=second),
    ]
    assert list(networks(engine)) == [
        ("main", 0, IPv4Network("198.18.0.0/20")),
        ("second", 7, IPv4Network("198.18.112.0/20")),
    ]


def test_the_end_of_a_log() -> None:
    engine = MemoryEngine(host("mx1"))
    engine.logs["id-mx1"] = "one\ntwo\n"
    assert last_lines(engine, find(engine, "main")["mx1"]) == "  mx1 | one\n  mx1 | two"
    assert last_lines(engine, find(engine, "main")["mx1"], 1) == "  mx1 | two"


def test_a_host_that_there_is_not() -> None:
    found = find(MemoryEngine(host("mx2"), host("mx1")), "main")
    assert known(found, "mx1").name == "mx1"
    with pytest.raises(LabError) as caught:
        known(found, "mx9")
    assert str(caught.value) == "this lab has no host 'mx9'\n  its hosts are: mx1, mx2"
