"""The domains of a test: their zones, and the addresses of the scripted host in them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import cast

import pytest

from lab.control.dns import Dns
from lab.control.domains import DEFAULT, Domains, fresh
from lab.control.scripted import Place, Scripted
from lab.engine.hosts import Host, variables
from lab.errors import LabError, UnsupportedError


class FakeHosts:
    """The DNS and the scripted host, as far as they are asked."""

    def __init__(self) -> None:
        self.put_zones: list[tuple[str, str, dict[str, str]]] = []
        self.leased = 0
        self.broken = False
        self.here = {
            "mx1": Host("mx1", "mx", "mx1.dest.test", "198.18.0.11", "running", "1", "", address6="2001:2::11"),
            "mx-a": Host("mx-a", "mx", "mx-a.a.test", "198.18.0.70", "running", "2", "", address6="2001:2::64:0"),
        }

    def put(self, origin: str, text: str, variables: Mapping[str, str]) -> None:
        if self.broken:
            raise LabError("a.zone:1: unknown type MXX")
        self.put_zones.append((origin, text, dict(variables)))

    def lease(self, count: int) -> list[Place]:
        first = self.leased + 129
        self.leased += count
        return [Place(f"198.18.0.{number}", f"2001:2::{number}") for number in range(first, first + count)]


@pytest.fixture
def hosts() -> FakeHosts:
    return FakeHosts()


@pytest.fixture
def domains(hosts: FakeHosts) -> Domains:
    return Domains(lambda: cast("Dns", hosts), lambda: cast("Scripted", hosts), hosts.here)


def test_nobody_has_a_fresh_name() -> None:
    assert len({fresh() for _ in range(100)}) == 100
    assert re.fullmatch(r"t[0-9a-f]{10}\.test", fresh())


def test_variables(hosts: FakeHosts) -> None:
    assert variables(hosts.here) == {
        "MX1": "198.18.0.11",
        "MX1_V6": "2001:2::11",
        "MX_A": "198.18.0.70",
        "MX_A_V6": "2001:2::64:0",
    }
    without = {"mx1": replace(hosts.here["mx1"], address6="")}
    assert variables(without) == {"MX1": "198.18.0.11"}


def test_a_zone_with_hosts_and_leased_addresses(domains: Domains, hosts: FakeHosts) -> None:
    text = "@ MX 10 one\none A $SCRIPTED_1\ntwo A $SCRIPTED_3\nme A $MX1\n"
    domains.add(text, "a.test")
    origin, sent, given = hosts.put_zones[0]
    assert (origin, sent) == ("a.test.", text)
    assert given == {
        "DOMAIN": "a.test",
        "MX1": "198.18.0.11",
        "MX1_V6": "2001:2::11",
        "MX_A": "198.18.0.70",
        "MX_A_V6": "2001:2::64:0",
        "SCRIPTED_1": "198.18.0.129",
        "SCRIPTED_1_V6": "2001:2::129",
        "SCRIPTED_2": "198.18.0.130",
        "SCRIPTED_2_V6": "2001:2::130",
        "SCRIPTED_3": "198.18.0.131",
        "SCRIPTED_3_V6": "2001:2::131",
    }
    assert domains.texts == {"a.test": text}
    assert domains.scripted() == {
        "one": "198.18.0.129",
        "one.a.test": "198.18.0.129",
        "two": "198.18.0.131",
        "two.a.test": "198.18.0.131",
    }


def test_names_of_both_families(domains: Domains) -> None:
    text = (
        "one A $SCRIPTED_1\none AAAA $SCRIPTED_1_V6\nsix AAAA $SCRIPTED_2_V6\nmany A $SCRIPTED_1\nmany A $SCRIPTED_2\n"
    )
    domains.add(text, "a.test")
    at = {name: places for name, places in domains.at_scripted().items() if "." not in name}
    assert at == {"one": ["198.18.0.129"], "six": ["198.18.0.130"], "many": ["198.18.0.129", "198.18.0.130"]}
    assert domains.scripted()["six"] == "198.18.0.130"
    assert domains.names_of("198.18.0.129") == {"one", "one.a.test", "many", "many.a.test"}
    assert domains.names_of("2001:2::129") == {"one", "one.a.test"}
    assert domains.names_of("2001:2::130") == {"six", "six.a.test"}
    assert domains.places() == [Place("198.18.0.129", "2001:2::129"), Place("198.18.0.130", "2001:2::130")]


def test_an_ipv6_address_in_a_lab_without_ipv6(domains: Domains, hosts: FakeHosts) -> None:
    hosts.here.update({name: replace(host, address6="") for name, host in hosts.here.items()})
    with pytest.raises(
        UnsupportedError, match=r"this lab has no IPv6, and so no \$MX1_V6, \$SCRIPTED_1_V6\n  .*LAB_IPV6"
    ):
        domains.add("a AAAA $SCRIPTED_1_V6\nb AAAA $MX1_V6\n", "a.test")
    assert (hosts.leased, hosts.put_zones) == (0, [])


def test_a_zone_without_scripted_addresses_leases_none(domains: Domains, hosts: FakeHosts) -> None:
    domains.add(DEFAULT, "a.test")
    assert hosts.leased == 0
    (zone,) = domains.zones()
    exchangers = sorted(record.data for record in zone.records if record.type == "MX")
    assert exchangers == ["10 mx1.dest.test.", "20 mx2.dest.test.", "30 mx3.dest.test."]


def test_a_replaced_zone_keeps_its_addresses(domains: Domains, hosts: FakeHosts) -> None:
    domains.add("one A $SCRIPTED_1\n", "a.test")
    domains.add("one A $SCRIPTED_1\ntwo A $SCRIPTED_2\n", "a.test")
    domains.add("one A $SCRIPTED_1\n", "b.test")
    assert hosts.leased == 3
    assert domains.scripted()["one.a.test"] == "198.18.0.129"
    assert domains.scripted()["two.a.test"] == "198.18.0.130"
    assert domains.scripted()["one.b.test"] == "198.18.0.131"


def test_a_refused_zone_changes_nothing(domains: Domains, hosts: FakeHosts) -> None:
    domains.add("@ A $MX1\n", "a.test")
    hosts.broken = True
    with pytest.raises(LabError, match="unknown type MXX"):
        domains.add("@ MXX 10 mx1\n", "a.test")
    assert domains.texts == {"a.test": "@ A $MX1\n"}


def test_everything_is_forgotten(domains: Domains) -> None:
    domains.add("one A $SCRIPTED_1\n", "a.test")
    domains.clear()
    assert domains.texts == {}
    assert domains.scripted() == {}


def test_the_first_domain_is_made_when_it_is_asked_for_and_anew_after_that(domains: Domains) -> None:
    assert domains.texts == {}
    first = domains.first
    assert domains.first == first
    assert domains.texts == {first: DEFAULT}
    domains.clear()
    assert domains.first != first


def test_a_first_domain_that_could_not_be_served_is_made_at_the_next_asking(domains: Domains, hosts: FakeHosts) -> None:
    hosts.broken = True
    with pytest.raises(LabError):
        _ = domains.first
    hosts.broken = False
    assert domains.texts == dict.fromkeys([domains.first], DEFAULT)
