"""The hosts that are there: the world's first, and those that come and go while they are looked at."""

from __future__ import annotations

from lab.engine.hosts import Host
from lab.servers.present import Present


def mx(name: str, octet: int) -> Host:
    return Host(name, "mx", "", f"198.18.0.{octet}", "running", "", "", address6=f"2001:2::{octet}")


def test_hosts_by_name_and_names_by_address() -> None:
    hosts = Present({"mx1": mx("mx1", 11)})
    hosts.brought["own"] = mx("own", 70)
    assert ([*hosts], len(hosts), hosts["own"].address) == (["mx1", "own"], 2, "198.18.0.70")
    assert hosts.names == {"198.18.0.11": "mx1", "2001:2::11": "mx1", "198.18.0.70": "own", "2001:2::70": "own"}
    hosts.brought.clear()
    assert ("own" in hosts, hosts.get("own"), [*hosts]) == (False, None, ["mx1"])


def test_a_host_may_come_while_they_are_gone_through() -> None:
    hosts = Present({"mx1": mx("mx1", 11)})
    for number, name in enumerate(hosts):
        hosts.brought[f"{name}-{number}"] = mx(f"{name}-{number}", 70 + number)
    assert [*hosts] == ["mx1", "mx1-0"]
