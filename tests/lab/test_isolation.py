"""Nothing leaves a lab, and nothing but 127.0.0.1 comes in: the table of SECURITY.md, tried out."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from docker.types import IPAMConfig, IPAMPool

from lab import Lab
from lab.engine import netns
from lab.engine.compose import numbers
from lab.engine.protocol import MACHINE, beside
from lab.world import isolation

from . import outside
from .outside import Listener
from .story import answers

INSIDE = ("dns", "mailstore", "scripted", "mx1", "mx2", "mx3", "client", "direct", "smarthost")
UNCHANGEABLE = ("dns", "gateway", "scripted")
KINDS = ("direct", "mailstore", "dns", "scripted", "gateway", "brought along")
ANOTHER_LAB = "198.19.255.0/24"  # of the same reserved block, where the last slot has nothing


@dataclass(frozen=True, slots=True)
class Outside:
    """Who listens at the three places that no host may reach, and by which addresses they are tried."""

    listeners: Mapping[str, Listener]  # "this machine", "its network", "another lab"
    targets: Mapping[str, int]
    hops: tuple[str, ...]  # MAC addresses of this machine on the lab's two networks
    gateway: str  # its address on the second of them

    def heard(self, who: str) -> dict[str, list[str]]:
        """Return what of *who* each has heard, and whoever has connected."""
        found = {}
        for place, each in self.listeners.items():
            lines = each.heard()
            found[place] = [line for line in lines if line.startswith((f"udp {who} ", "tcp "))]
        return found


QUIET: dict[str, list[str]] = {"this machine": [], "its network": [], "another lab": []}


@pytest.fixture(scope="module")
def beyond(lab_session: Lab) -> Iterator[Outside]:
    lab, api = lab_session, lab_session.docker.api
    networks = {each["Name"]: each for each in api.networks(filters={"label": f"mail-lab.name={lab.name}"})}
    own = api.inspect_container(lab.hosts["gateway"].container)["NetworkSettings"]["Networks"]
    gateway = next(each["IPAddress"] for name, each in own.items() if name.endswith("_outside"))
    options = {"com.docker.network.bridge.inhibit_ipv4": "true"}
    another = lab.docker.networks.create(
        f"mail-lab-{lab.name}-another",
        internal=True,
        options=options,
        ipam=IPAMConfig(pool_configs=[IPAMPool(ANOTHER_LAB)]),
    )
    try:
        with (
            outside.listener(lab, "host") as here,
            outside.neighbour(lab) as next_door,
            outside.listener(lab, str(another.name)) as elsewhere,
        ):
            another.reload()
            (address,) = [each.attrs["NetworkSettings"]["Networks"] for each in another.containers]
            macs, addresses = outside.machine(lab)
            targets = dict.fromkeys([*addresses, "255.255.255.255", "ff02::1"], here.port)
            targets[outside.NEIGHBOUR] = next_door.port
            targets[address[str(another.name)]["IPAddress"]] = elsewhere.port
            yield Outside(
                {"this machine": here, "its network": next_door, "another lab": elsewhere},
                targets,
                tuple(macs[f"br-{each['Id'][:12]}"] for each in networks.values()),
                gateway,
            )
    finally:
        another.remove()


@pytest.mark.parametrize("host", INSIDE)
def test_host_is_on_the_internal_network_only(lab: Lab, host: str) -> None:
    found = lab.docker.api.inspect_container(lab.hosts[host].container)
    networks = found["NetworkSettings"]["Networks"]
    assert [name.rpartition("_")[2] for name in networks] == ["lab"]
    (network,) = (lab.docker.api.inspect_network(each["NetworkID"]) for each in networks.values())
    assert network["Internal"] is True
    assert found["HostConfig"]["CapDrop"] == ["ALL"]
    assert "no-new-privileges:true" in found["HostConfig"]["SecurityOpt"]
    assert not found["HostConfig"]["Privileged"]


@pytest.mark.parametrize("kind", KINDS)
def test_no_host_reaches_what_is_outside(lab: Lab, beyond: Outside, kind: str) -> None:
    """Not even with every capability that a network has to give: no answer, and nothing that needs none."""
    host = lab.host("guest") if kind == "brought along" else lab.hosts[kind]
    assert outside.reached(lab, host.container, kind, beyond.hops, beyond.targets) == []
    assert beyond.heard(kind) == QUIET


def test_a_neighbour_reaches_no_host(lab: Lab, beyond: Outside) -> None:
    """Neither by the gateway's own address nor by 127.0.0.1, which it sends to this machine."""
    assert called(lab, beyond) == []


@pytest.mark.parametrize("host", KINDS[:-1])
def test_docker_s_resolver_says_what_the_lab_s_dns_says(lab: Lab, host: str) -> None:
    question = f"{host}.outside.example."
    place = beside(lab.hosts[host].container)
    ask = (
        f"import dns.message, dns.query as q; q.udp(dns.message.make_query({question!r}, 'A'), '127.0.0.11', timeout=5)"
    )
    netns.run(lab.engine, lab.name, lab.hosts["dns"].image, place, "python3", "-c", ask)
    assert {entry["rcode"] for entry in lab.dns.history(name=question)} == {"REFUSED"}


def test_rules_that_somebody_flushed_are_missed_and_put_back(lab: Lab, beyond: Outside) -> None:
    """What they are good for shows while they are away: this engine, alone, keeps neither direction."""
    assert status(lab)["isolated"] is True
    isolation.release(lab.engine, lab.name, outside.image(lab))
    try:
        assert (status(lab)["isolated"], status(lab)["ready"]) == (False, True)
        assert f"nft table inet mail-lab-{lab.name}" in str(status(lab)["exposed"])
        open_gateway = outside.reached(lab, lab.hosts["gateway"].container, "open", beyond.hops, beyond.targets)
        assert f"tcp {outside.NEIGHBOUR}" in open_gateway
        if (numbers(lab.docker.version()["Version"]) or (0, 0)) < (28, 0):
            assert called(lab, beyond) == [f"{beyond.gateway} 220", "127.0.0.1 220"]
        if loose(lab):
            outside.reached(lab, lab.hosts["scripted"].container, "sent", beyond.hops, beyond.targets)
            assert "udp sent 255.255.255.255" in beyond.heard("sent")["this machine"]
    finally:
        done = command(lab, "up")
    assert "closing the lab" in done.stderr
    assert status(lab)["isolated"] is True
    assert called(lab, beyond) == []


@pytest.mark.parametrize("host", [*INSIDE, "gateway", "brought along"])
def test_host_has_limits(lab: Lab, host: str) -> None:
    found = lab.host("guest") if host == "brought along" else lab.hosts[host]
    config = lab.docker.api.inspect_container(found.container)["HostConfig"]
    assert (config["Memory"], config["PidsLimit"]) == (1 << 30, 1024)
    assert config["ReadonlyRootfs"] == (host in UNCHANGEABLE)


def test_published_ports_are_on_the_loopback_address_only(lab: Lab) -> None:
    for host in lab.hosts.values():
        ports = lab.docker.api.inspect_container(host.container)["NetworkSettings"]["Ports"] or {}
        published = [each["HostIp"] for each_port in ports.values() for each in each_port or ()]
        assert set(published) <= {"127.0.0.1"}
        assert bool(published) == (host.name == "gateway")


@pytest.mark.parametrize(("literal", "address"), [("192.0.2.1", "192.0.2.1"), ("IPv6:2001:db8::1", "2001:db8::1")])
def test_mail_to_the_outside_goes_nowhere(lab: Lab, literal: str, address: str) -> None:
    """An address literal needs no name: even so there is no way out."""
    if ":" in literal and not lab.ipv6:
        pytest.skip("this lab has no IPv6")
    route = lab.send(to=f"x@[{literal}]", via="direct").route()
    assert answers(route) == [f"{address} failed connect"]
    # Engines differ: some give a route to a gateway that nobody is, some give none.
    assert route.attempts[0].reason in ("Network is unreachable", "No route to host", "Connection timed out")
    assert route.outcome == "deferred"


def test_names_outside_the_lab_are_refused(lab: Lab) -> None:
    route = lab.send(to="x@example.com", via="direct").route()
    assert (route.outcome, route.status, route.attempts) == ("deferred", "4.4.3", ())
    assert {entry["rcode"] for entry in lab.dns.history(name="example.com.", type="MX")} == {"REFUSED"}


def test_security_md_has_the_table_that_is_tried_here() -> None:
    text = (Path(__file__).parents[2] / "SECURITY.md").read_text(encoding="utf-8")
    head, *rows = (line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| "))
    table = {row[0]: row[1:] for row in rows if row[0] in KINDS}
    assert head[1:] == list(QUIET)
    assert table == {kind: ["no"] * len(QUIET) for kind in KINDS}


def called(lab: Lab, beyond: Outside) -> list[str]:
    """Return what greets a neighbour who connects to mx1's port: at the gateway, and at 127.0.0.1."""
    published = lab.hosts["gateway"].published[2511]
    return outside.call(lab, beyond.listeners["its network"], beyond.gateway, published, 2511)


def command(lab: Lab, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "lab", *words, "--lab", lab.name], capture_output=True, text=True, check=True
    )


def status(lab: Lab) -> dict[str, object]:
    found: dict[str, object] = json.loads(command(lab, "status", "--json").stdout)
    return found


def loose(lab: Lab) -> bool:
    """Return whether this machine takes packets whose senders it would not reach that way (rp_filter)."""
    found = netns.run(
        lab.engine, lab.name, outside.image(lab), MACHINE, "sh", "-c", "cat /proc/sys/net/ipv4/conf/*/rp_filter"
    )
    return "1" not in re.findall(r"\d", found)
