"""The kinds of host faults at a host in memory: what each does there, and that healing asks first how the host is."""

from __future__ import annotations

from typing import Any

import pytest

from lab.engine.hosts import inspect
from lab.faults.kinds import KINDS
from lab.faults.kinds.site import Site
from lab.faults.reader import at_host
from tests.unit.memory_engine import MemoryEngine, host

BESIDE = (
    "refuse",
    "drop",
    "unreachable",
    "loss",
    "delay",
    "limit",
    "close_after_accept",
    "cut",
)  # what a container in the host's network namespace does


class HostSite(Site):
    """A host in memory. ``done`` has what was done there, in order: commands, and what was asked of the engine."""

    engine: MemoryEngine

    @property
    def status(self) -> str:
        return self.state

    @property
    def done(self) -> list[str]:
        return [each for (each, *_) in self.engine.done]

    def note(self, what: str) -> None:
        self.engine.done.append((what,))

    def announce(self) -> None:
        assert self.done[-1] == "await", "the scripted host has all its addresses when it is ready"
        self.note("announce")

    def nft(self, rules: str, *options: str) -> str:
        return self.beside("nft", *options, " ".join(rules.split()))

    def beside(self, *command: str, capability: str = "NET_ADMIN") -> str:
        del capability
        assert self.status != "exited", "there is no network namespace to join"
        self.note(" ".join(command))
        return ""

    def run(self, *command: str) -> None:
        assert self.status == "running", f"nothing can be run at a host that is {self.status}"
        self.note(" ".join(command))


def site(status: str = "running", *, waits: bool = True) -> HostSite:
    engine = MemoryEngine(host("mx1", state=status))

    def await_ready() -> None:
        if waits:
            assert found.status == "running", f"a host that is {found.status} never gets ready"
            found.note("await")

    found = HostSite(engine, inspect(engine, "id-mx1"), {}, await_ready, "tools")
    return found


@pytest.mark.parametrize(
    ("kind", "verdict"),
    [
        ("refuse", "reject with tcp reset"),
        ("drop", "drop"),
        ("unreachable", "reject with icmpx type host-unreachable"),
    ],
)
def test_port_25_is_filtered_for_new_connections_only(kind: str, verdict: str) -> None:
    host = site()
    KINDS[kind].read(True).apply(host)
    (command,) = host.done
    assert f"tcp dport 25 tcp flags & (syn | ack) == syn {verdict} }}" in command
    assert "delete table inet lab_port25" in command  # twice is as good as once


@pytest.mark.parametrize(
    ("connect", "rule"),
    [
        ({"loss": 0.3}, "tcp dport 25 numgen random mod 1000 < 300 drop }"),
        ({"loss": 0.0001}, "tcp dport 25 numgen random mod 1000 < 1 drop }"),
        ({"loss": 1}, "policy accept; tcp dport 25 drop }"),  # nft refuses "< 1000": always true
        ({"limit": 2}, "tcp flags & (syn | ack) == syn ct count over 2 reject with tcp reset }"),
        ({"delay": 0.5}, "timeout 500ms;"),
        ({"delay": 0.5}, "tcp sport 25 tcp flags & syn == 0 ct id @waiting drop }"),
        ({"close_after_accept": True}, "tcp dport 25 ct mark 25 tcp flags & rst == 0 reject with tcp reset }"),
        ({"refuse": True}, "policy accept; tcp dport 25 tcp flags & (syn | ack) == syn reject with tcp reset }"),
        ({"refuse": "ipv4"}, "policy accept; meta nfproto ipv4 tcp dport 25 tcp flags & (syn | ack) == syn reject"),
        ({"drop": "ipv6"}, "policy accept; meta nfproto ipv6 tcp dport 25 tcp flags & (syn | ack) == syn drop }"),
        ({"unreachable": "ipv6"}, "meta nfproto ipv6 tcp dport 25 tcp flags & (syn | ack) == syn reject with icmpx"),
    ],
)
def test_settings_of_connections_are_in_the_filter(connect: dict[str, Any], rule: str) -> None:
    host = site()
    made = at_host("dns", {"connect": connect}).whole
    assert made is not None
    made.fault.apply(host)
    (command,) = host.done
    assert command.startswith("nft table inet lab_port25 {} delete table inet lab_port25 table inet lab_port25 { ")
    assert rule in command
    assert made.given == {"connect": connect}


@pytest.mark.parametrize(("kind", "status"), [("stopped", "exited"), ("killed", "exited"), ("paused", "paused")])
def test_host_is_away_and_comes_back(kind: str, status: str) -> None:
    host = site()
    KINDS[kind].read(True).apply(host)
    assert host.status == status
    KINDS[kind].heal(host)
    away = [] if kind == "paused" else ["announce"]
    assert (host.status, host.done[-1 - len(away) :]) == ("running", ["await", *away])


def test_cable_is_pulled_and_put_back() -> None:
    host = site()
    KINDS["cut"].read(True).apply(host)
    KINDS["cut"].heal(host)
    pulled, put_back, *rest = host.done
    assert "show dev eth0 scope global" in pulled  # its IPv6 addresses would be lost
    assert pulled.endswith("dev lo nodad,p' | ip -6 -batch - && ip link set eth0 down")
    assert put_back.startswith("sh -c ip link set eth0 up && ip -6 -o addr show dev lo scope global")
    assert "/64 dev eth0 nodad,p' | ip -6 -batch - && ip -6 addr flush dev lo" in put_back
    assert rest == ["await", "announce"]


def test_no_room_by_a_setting_that_is_taken_out_again() -> None:
    host = site()
    KINDS["disk-full"].read(True).apply(host)
    KINDS["disk-full"].heal(host)
    first, second = host.done
    assert "postconf -e queue_minfree=9000000000000000000 " in first
    assert "postconf -X queue_minfree " in second
    assert all(command.endswith("postfix reload") for command in host.done)


@pytest.mark.parametrize("kind", [*BESIDE, "disk-full", "paused", "scan_ban"])
def test_healing_asks_nothing_of_a_host_that_has_stopped(kind: str) -> None:
    host = site("exited", waits=False)  # it says so, in a real lab
    KINDS[kind].heal(host)
    assert host.done == []


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_healing_what_is_not_there_does_no_harm(kind: str) -> None:
    host = site()
    KINDS[kind].heal(host)
    KINDS[kind].heal(host)
    assert host.status == "running"
