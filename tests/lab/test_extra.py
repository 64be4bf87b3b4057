"""Hosts of kinds that the world does not have: a caching resolver, a scanner."""

from __future__ import annotations

import pytest

from lab import Lab, LabError
from tests.lab.inside import inside

ZONE = "$TTL 1h\n@ MX 10 mx-{0}\nmx-{0} A $SCRIPTED_{1}\n"


def run(lab: Lab, host: str, *command: str) -> tuple[int, str]:
    """Run a command in a host; returns exit code and output."""
    ran = inside(lab, host, *command)
    return ran.exit_code, ran.said


def test_a_resolver_answers_from_its_cache_and_asks_under_its_own_address(lab: Lab) -> None:
    cache = lab.host("cache", like="resolver")
    lab.host("sender", resolver="cache")
    domain = lab.zone(ZONE.format("a", 1))
    assert lab.send(to=f"bia@{domain}", via="sender").route().accepted_by == "mx-a"
    lab.zone(ZONE.format("b", 2), domain)
    assert lab.send(to=f"bia@{domain}", via="sender").route().accepted_by == "mx-a"
    assert run(lab, "cache", "unbound-control", "flush_zone", domain)[0] == 0
    assert lab.send(to=f"bia@{domain}", via="sender").route().accepted_by == "mx-b"
    entries = lab.dns.history(name=f"{domain}.", type="MX")
    assert [entry["client"] for entry in entries] == [cache.address] * 2


def test_a_resolver_that_comes_back_answers_again(lab: Lab) -> None:
    lab.host("cache", like="resolver")
    lab.host("sender", resolver="cache")
    with lab.fault("cache", host="stopped"):
        route = lab.send(to=f"bia@{lab.domain}", via="sender").route(until="deferred")
        assert (route.status, route.attempts) == ("4.4.3", ())
    assert lab.send(to=f"bia@{lab.domain}", via="sender").route().accepted_by == "mx1"


def test_what_unbound_does_not_take_is_told_with_its_line(lab: Lab) -> None:
    with pytest.raises(LabError) as caught:
        lab.host("cache", like="resolver", unbound_conf="cache-min-ttl: 3\nserve-expird: yes\n")
    assert "cache: unbound_conf: line 2: unknown keyword 'serve-expird'" in str(caught.value)
    assert "cache" not in lab.hosts


def test_who_is_no_resolver_is_not_asked(lab: Lab) -> None:
    with pytest.raises(LabError, match="mx1 is not a resolver"):
        lab.host("sender", resolver="mx1")


def test_a_scanner_has_raw_packets_and_nothing_else(lab: Lab) -> None:
    scanner = lab.host("scanner", like="scanner")
    found = lab.docker.api.inspect_container(scanner.container)["HostConfig"]
    assert (found["CapDrop"], found["CapAdd"]) == (["ALL"], ["NET_RAW"])
    assert "no-new-privileges:true" in found["SecurityOpt"]
    code, output = run(lab, "scanner", "nmap", "-n", "-Pn", "-sS", "-p", "25,26", lab.hosts["mx1"].address)
    assert code == 0
    assert "25/tcp open   smtp" in output
    assert "26/tcp closed" in output
    assert run(lab, "scanner", "nft", "list", "ruleset")[0] != 0
