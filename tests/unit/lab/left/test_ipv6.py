"""Labs with and without IPv6: who gets which, and how this machine is taken off the network."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest
from docker import DockerClient
from docker.errors import APIError, ContainerError

from lab import ipv6
from lab.engine import Engine
from lab.errors import LabError
from lab.isolation import isolate

HERE = Engine("unix:///var/run/docker.sock", "20.10", "2.26", cast("DockerClient", None))
THERE = Engine("ssh://far.example", "20.10", "2.26", cast("DockerClient", None))


@pytest.mark.parametrize(
    ("files", "here"),
    [(["if_inet6"], True), ([], False), (None, True)],  # None: no /proc at all, and so no Linux
)
def test_a_lab_has_ipv6_where_its_kernel_has(
    files: list[str] | None, here: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LAB_IPV6", raising=False)
    monkeypatch.setattr(ipv6, "KERNEL", tmp_path / "net")
    if files is not None:
        (tmp_path / "net").mkdir()
    for name in files or ():
        (tmp_path / "net" / name).touch()
    assert (ipv6.wanted(HERE), ipv6.wanted(THERE)) == (here, True)
    for said, expected in (("0", False), ("1", True)):
        monkeypatch.setenv("LAB_IPV6", said)
        assert (ipv6.wanted(HERE), ipv6.wanted(THERE)) == (expected, expected)


def test_another_word_is_a_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAB_IPV6", "no")
    with pytest.raises(LabError, match="LAB_IPV6=no means nothing\n  0 is a lab without IPv6"):
        ipv6.wanted(HERE)


class FakeDocker:
    """An engine with *networks*; ``ran`` has the last word of each command, and how it was run."""

    def __init__(self, *networks: dict[str, Any], error: Exception | None = None) -> None:
        self.api = self
        self.containers = self
        self.ran: list[tuple[str, dict[str, Any]]] = []
        self._networks = networks
        self._error = error

    def networks(self, *, filters: dict[str, list[str]]) -> list[dict[str, Any]]:
        assert filters == {"label": ["mail-lab.name=main", "mail-lab.slot"]}
        return list(self._networks)

    def run(self, image: str, command: list[str], **how: Any) -> None:
        assert image == "tools"
        self.ran.append((command[-1], how))
        if self._error:
            raise self._error


def failed(said: bytes) -> ContainerError:
    error: Any = ContainerError  # its types say str, and it has bytes
    found: ContainerError = error(None, 1, "sh", "tools", said)
    return found


def taken_off(fake: FakeDocker) -> None:
    isolate(cast("DockerClient", fake), "main", "tools")


@pytest.mark.parametrize(
    ("options", "bridge"),
    [(None, "br-0123456789ab"), ({"com.docker.network.bridge.name": "lab0"}, "lab0")],
)
def test_the_bridge_loses_its_addresses(options: dict[str, str] | None, bridge: str) -> None:
    fake = FakeDocker({"Id": "0123456789abcdef", "EnableIPv6": True, "Options": options})
    taken_off(fake)
    ((found, how),) = fake.ran
    assert found == bridge
    assert (how["network_mode"], how["userns_mode"]) == ("host", "host")
    assert (how["cap_drop"], how["cap_add"], how["remove"]) == (["ALL"], ["NET_ADMIN"], True)


def test_a_network_without_ipv6_has_none_to_lose() -> None:
    fake = FakeDocker({"Id": "0123456789abcdef", "EnableIPv6": False, "Options": None})
    taken_off(fake)
    assert fake.ran == []


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (failed(b"inet6 fe80::1/64 scope link\n"), "inet6 fe80::1/64 scope link"),
        (APIError("x", explanation="host network is forbidden"), "host network is forbidden"),
    ],
)
def test_addresses_that_stay_are_an_error(error: Exception, said: str) -> None:
    fake = FakeDocker({"Id": "0123456789abcdef", "EnableIPv6": True, "Options": None}, error=error)
    with pytest.raises(LabError) as caught:
        taken_off(fake)
    assert str(caught.value) == (
        f"the lab's hosts could reach this machine over IPv6: the addresses of br-0123456789ab stay. {said}\n"
        "  `lab down`, then `LAB_IPV6=0 lab up` makes a lab without IPv6"
    )
