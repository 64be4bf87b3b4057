"""Nothing leaves a lab, and nothing but 127.0.0.1 comes in."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import IPv6Address
from pathlib import Path

import pytest

from lab import Lab

from .story import answers

INSIDE = ("dns", "mailstore", "scripted", "mx1", "mx2", "mx3", "client", "direct", "smarthost")


def run(lab: Lab, host: str, command: str) -> tuple[int, str]:
    """Run a shell command in a host; returns exit code and output."""
    result = lab.docker.containers.get(lab.hosts[host].container).exec_run(["sh", "-c", command])
    assert isinstance(result.output, bytes)
    return result.exit_code or 0, result.output.decode()


@contextmanager
def listener(family: socket.AddressFamily) -> Iterator[tuple[int, list[str]]]:
    """Listen on all addresses of this machine; yields the port, and who has connected."""
    seen: list[str] = []
    everywhere = {socket.AF_INET: "0.0.0.0", socket.AF_INET6: "::"}  # noqa: S104  what must not be reached from inside
    with socket.create_server((everywhere[family], 0), family=family) as server:

        def accept() -> None:
            while True:
                try:
                    connection, peer = server.accept()
                except OSError:
                    return
                seen.append(peer[0])
                connection.close()

        threading.Thread(target=accept, daemon=True).start()
        yield server.getsockname()[1], seen
        server.shutdown(socket.SHUT_RDWR)


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


def test_this_machine_cannot_be_reached_from_inside(lab: Lab) -> None:
    """Not at the bridge's address, which nobody has, nor at any other."""
    with listener(socket.AF_INET) as (port, seen):
        addresses = {lab.hosts["direct"].address.rpartition(".")[0] + ".1", "192.0.2.1", own_address()}
        for address in addresses:
            code, _ = run(lab, "direct", f"timeout 2 bash -c '</dev/tcp/{address}/{port}'")
            assert code != 0, address
        assert seen == []


def test_this_machine_cannot_be_reached_from_inside_over_ipv6(lab: Lab) -> None:
    """Not at what the engine gives the bridge (::1, fe80::1), nor at any address of this machine's interfaces."""
    _, inside = run(lab, "direct", "cat /proc/net/if_inet6 2>/dev/null || true")
    if not lab.ipv6:
        assert "eth0" not in inside
        return
    prefix = lab.hosts["direct"].address6.rpartition("::")[0]
    addresses = {f"{prefix}::1", "fe80::1%eth0", *own_addresses6()} - {"::1"}  # inside, that is the host itself
    with listener(socket.AF_INET6) as (port, seen):
        with socket.create_connection(("::1", port), timeout=5):
            pass
        each = f'(timeout 3 bash -c "</dev/tcp/$address/{port}" && echo "$address") 2>/dev/null &'
        _, reached = run(lab, "direct", f"for address in {' '.join(sorted(addresses))}; do {each} done; wait")
        assert (reached, seen) == ("", ["::1"])


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


def own_address() -> str:
    """Return an address of this machine that is not the loopback one, or that one where it has no other."""
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect(("192.0.2.1", 9))  # sends nothing
            address: str = probe.getsockname()[0]
    except OSError:
        return "127.0.0.1"
    return address


def own_addresses6() -> set[str]:
    """Return the IPv6 addresses of this machine, each with the interface by which a host would ask for a local one."""
    found = set()
    for line in Path("/proc/net/if_inet6").read_text().splitlines():
        address = IPv6Address(bytes.fromhex(line.split()[0]))
        found.add(f"{address}%eth0" if address.is_link_local else str(address))
    return found
