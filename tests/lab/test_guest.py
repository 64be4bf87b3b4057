"""Hosts that a test brings along."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv4Address

import pytest

from lab import Lab, LabError
from lab.engine import netns
from lab.engine.hosts import Host, inspect, networks
from lab.engine.protocol import beside
from lab.servers.sandboxes import SPARE
from lab.world.slot import Slot

from .inside import inside
from .story import answers


def test_parameter_that_postfix_does_not_know_is_an_error(lab: Lab) -> None:
    """Postfix itself would run on, with the default."""
    with pytest.raises(LabError) as raised:
        lab.host("relay", main_cf="smtpd_bannner = relay.test\nmessage_size_limit = 2000\nmy_own = 1\n")
    text = str(raised.value)
    assert "relay: main.cf: Postfix has no parameter my_own" in text
    assert "relay: main.cf: Postfix has no parameter smtpd_bannner" in text
    assert "message_size_limit" not in text
    assert "relay" not in lab.hosts
    names = [each["Names"][0] for each in lab.docker.api.containers(all=True)]
    assert not [name for name in names if name.startswith(f"/mail-lab-{lab.name}-") and name.endswith("-relay")]


def test_parameter_of_ones_own_is_fine_where_another_uses_it(lab: Lab) -> None:
    lab.host("relay", main_cf="my_own = 2000\nmessage_size_limit = $my_own\n")
    route = lab.send(to=f"bia@{lab.domain}", via="relay", message="x\n" * 3000).route()
    assert (route.outcome, route.status) == ("rejected", "5.3.4")


def test_settings_that_plans_are_made_from_are_those_of_the_host(lab: Lab) -> None:
    """They are worked out from what the host was given; here they are read as well."""
    lab.host(
        "relay",
        like="mx1",
        main_cf="relayhost = [mx2.dest.test]\nmydestination = $myhostname, other.test\nmessage_size_limit = 2000",
        master_cf="2525 inet n - n - - smtpd\n",
        files={"transport": "a.test smtp:[mx3.dest.test]\n"},
    )
    assert lab.explain("bia@elsewhere.test", via="relay").order == ["mx2"]
    assert not lab.reread("relay")
    assert lab.explain("bia@elsewhere.test", via="relay").order == ["mx2"]


def test_stopped_host_keeps_its_address_and_is_waited_for_when_it_comes_back(lab: Lab) -> None:
    domain = lab.new_domain()
    own = lab.host("own", like="mx1", domain=domain)
    lab.zone("@ MX 10 own\n@ MX 20 mx2.dest.test.\nown A $OWN\n", domain)
    with lab.fault("own", host="stopped"):
        assert lab.host("other").address != own.address
        route = lab.send(to=f"bia@{domain}", via="direct").route()
        assert answers(route) == ["own failed connect", "mx2 accepted end-of-data"]
    back = inspect(lab.engine, own.container)
    assert (back.state, back.address) == ("running", own.address)
    assert answers(lab.send(to=f"bia@{domain}", via="direct").route()) == ["own accepted end-of-data"]


def test_many_at_once_each_with_addresses_of_its_own(lab: Lab) -> None:
    """They are in the part of the lab's network that is theirs, to be told from the world's and the scripted host's."""
    names = [f"h{number}" for number in range(8)]
    with ThreadPoolExecutor(4) as pool:
        hosts = list(pool.map(lab.host, names))
    (network,) = (each for each in networks(lab.engine) if each.lab == lab.name)
    slot = Slot(network.slot)
    assert {IPv4Address(host.address) in slot.brought for host in hosts} == {True}
    assert len({address for host in hosts for address in host.addresses}) == len(hosts) * (2 if lab.ipv6 else 1)
    sent = [lab.send(to=f"bia@{lab.domain}", via=name) for name in names]
    assert [each.route().hops for each in sent] == [[name, "mx1"] for name in names]
    lab.reset()
    assert list(lab.hosts) == list(lab.hosts.world)
    assert not {host.container for host in hosts} & {each["Id"] for each in lab.docker.api.containers(all=True)}


@pytest.mark.parametrize(("like", "port"), [("mx1", 25), ("mailstore", 24)])
def test_host_has_its_own_name(lab: Lab, like: str, port: int) -> None:
    """Although the kernel's is that of its sandbox, in which another host was before."""
    domain = lab.new_domain()
    host = lab.host("own", like=like, domain=domain)
    with lab.connect(f"own:{port}") as connected:
        assert connected.recv(512).decode().startswith(f"220 own.{domain} ")
    assert inside(lab, "own", "cat", "/etc/hostname").output == f"own.{domain}\n"
    assert f"{host.address} own.{domain} own" in inside(lab, "own", "cat", "/etc/hosts").output.splitlines()


def test_what_a_host_leaves_behind_is_nothing_that_the_next_one_meets(lab: Lab) -> None:
    """Its sandbox is as it was before: no address, route, rule or listener that was not there."""
    first = lab.host("first")
    bare = found_in(lab, first)
    assert inside(lab, "first", "sh", "-c", "echo 192.0.2.1 mx2.dest.test >> /etc/hosts").exit_code == 0
    assert lab.send(to=f"bia@{lab.domain}", via="first").route().outcome == "delivered"
    lab.reset()
    places = {host.sandbox: host for host in brought(lab, first.sandbox)}
    assert first.sandbox in places, "a host takes the sandbox that was left, when its turn comes"
    assert found_in(lab, places[first.sandbox]) == bare
    assert "192.0.2.1" not in inside(lab, places[first.sandbox].name, "cat", "/etc/hosts").output


def test_where_something_was_made_wrong_the_next_host_is_not(lab: Lab) -> None:
    wronged = lab.host("wronged")
    with lab.fault("wronged", connect="refuse"):
        pass
    lab.reset()
    assert wronged.sandbox not in [each.id for each in lab.engine.containers(f"mail-lab.name={lab.name}")]


def brought(lab: Lab, sandbox: str) -> list[Host]:
    """Bring hosts along until one has *sandbox*; those that stay are few."""
    found: list[Host] = []
    while len(found) < SPARE and not (found and found[-1].sandbox == sandbox):
        found.append(lab.host(f"another-{len(found)}", like="mx1"))
    return found


def found_in(lab: Lab, host: Host) -> str:
    """Return what a host's network namespace has: addresses, routes, rules."""
    image = lab.hosts["scripted"].image
    look = "ip -o addr; ip route; ip -6 route; nft list ruleset; cat /proc/sys/net/ipv4/ip_forward"
    shown = netns.run(lab.engine, lab.name, image, beside(host.container), "sh", "-c", look)
    return re.sub(r"(preferred_lft|valid_lft|expires) \S+", "", shown)
