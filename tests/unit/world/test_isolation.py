"""What keeps a lab to itself: which rules there are, when they are missing, and what is said where they cannot be."""

from __future__ import annotations

from typing import Any, cast

import pytest
from docker import DockerClient
from docker.errors import APIError, ContainerError

from lab.engine import netns
from lab.errors import LabError
from lab.world.isolation import MISSING, chains, isolate, opened, release, ruleset
from lab.world.slot import Slot

INSIDE = {"Id": "0123456789abcdef", "EnableIPv6": True, "Options": None, "Labels": {"mail-lab.slot": "1"}}
OUTSIDE = {"Id": "fedcba9876543210", "EnableIPv6": False, "Options": None, "Labels": {}}
BRIDGES = "br-0123456789ab", "br-fedcba987654"
LISTED = "\n".join(rule for rules in chains(Slot(1), *BRIDGES).values() for rule in rules)


class FakeDocker:
    """An engine with *networks*, where each command prints *said*; ``ran`` has the commands and how they were run."""

    def __init__(self, *networks: dict[str, Any], said: str = "", error: Exception | None = None) -> None:
        self.api = self
        self.containers = self
        self.ran: list[tuple[list[str], dict[str, Any]]] = []
        self._networks = networks or (INSIDE, OUTSIDE)
        self._said = said
        self._error = error

    def networks(self, *, filters: dict[str, str]) -> list[dict[str, Any]]:
        assert filters == {"label": "mail-lab.name=main"}
        return list(self._networks)

    def run(self, image: str, command: list[str], **how: Any) -> bytes:
        assert image == "tools"
        self.ran.append((command, how))
        if self._error:
            raise self._error
        return self._said.encode()

    def isolate(self) -> str:
        return isolate(cast("DockerClient", self), "main", Slot(1), "tools")

    def opened(self) -> str:
        return opened(cast("DockerClient", self), "main", Slot(1), "tools")


def failed(said: bytes) -> ContainerError:
    error: Any = ContainerError  # its types say str, and it has bytes
    found: ContainerError = error(None, 1, "sh", "tools", said)
    return found


@pytest.mark.parametrize(
    ("options", "bridge"),
    [(None, "br-0123456789ab"), ({"com.docker.network.bridge.name": "lab0"}, "lab0")],
)
def test_the_bridge_loses_its_addresses(options: dict[str, str] | None, bridge: str) -> None:
    fake = FakeDocker({**INSIDE, "Options": options}, OUTSIDE)
    assert fake.isolate() == ""
    ((command, how),) = fake.ran
    assert command[-1] == bridge
    assert f'iifname "{bridge}" drop' in command[-2]
    assert (how["network_mode"], how["userns_mode"]) == ("host", "host")
    assert (how["cap_drop"], how["cap_add"], how["remove"]) == (["ALL"], ["NET_ADMIN"], True)


def test_a_network_without_ipv6_has_no_address_to_lose() -> None:
    fake = FakeDocker({**INSIDE, "EnableIPv6": False}, OUTSIDE)
    assert fake.isolate() == ""
    ((command, _),) = fake.ran
    assert command[-1].startswith("add table inet mail-lab-main; ")


def test_the_rules_replace_what_an_earlier_lab_of_this_name_has_left() -> None:
    assert ruleset("main", {"input priority filter": ('iifname "a" drop', 'iifname "b" drop')}) == (
        "add table inet mail-lab-main; delete table inet mail-lab-main; table inet mail-lab-main { "
        'chain input { type filter hook input priority filter; iifname "a" drop; iifname "b" drop; }; }'
    )


def test_a_kernel_without_nftables_is_told() -> None:
    assert FakeDocker(said="Error: Could not process rule: Operation not supported\n").isolate() == (
        "Error: Could not process rule: Operation not supported"
    )


def test_an_engine_that_forbids_its_network_namespace_is_told_where_there_is_no_ipv6() -> None:
    error = APIError("x", explanation="host network is forbidden")
    assert FakeDocker({**INSIDE, "EnableIPv6": False}, OUTSIDE, error=error).isolate() == "host network is forbidden"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (failed(b"inet6 fe80::1/64 scope link\n"), "inet6 fe80::1/64 scope link"),
        (APIError("x", explanation="host network is forbidden"), "host network is forbidden"),
    ],
)
def test_addresses_that_stay_are_an_error(error: Exception, said: str) -> None:
    with pytest.raises(LabError) as caught:
        FakeDocker(error=error).isolate()
    assert str(caught.value) == (
        f"the lab's hosts could reach this machine over IPv6: the addresses of br-0123456789ab stay. {said}\n"
        "  `lab down`, then `LAB_IPV6=0 lab up` makes a lab without IPv6"
    )


def test_a_lab_with_all_its_rules_is_closed() -> None:
    assert FakeDocker(said=f"table inet mail-lab-main {{\n\t\t{LISTED}\n}}").opened() == ""


@pytest.mark.parametrize("rule", LISTED.splitlines())
def test_a_lab_that_lacks_one_rule_is_open(rule: str) -> None:
    assert FakeDocker(said=LISTED.replace(rule, "")).opened() == MISSING.format("mail-lab-main")


def test_rules_of_networks_that_are_gone_close_nothing() -> None:
    assert FakeDocker({**INSIDE, "Id": "another bridge"}, OUTSIDE, said=LISTED).opened() != ""


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (b"Error: No such file or directory\n", MISSING.format("mail-lab-main")),
        (b"Error: Operation not permitted\n", "Error: Operation not permitted"),
    ],
)
def test_a_table_that_cannot_be_listed_is_told_with_its_reason(said: bytes, told: str) -> None:
    assert FakeDocker(error=failed(said)).opened() == told


def test_release_wants_no_table_to_be_there() -> None:
    fake = FakeDocker()
    release(cast("DockerClient", fake), "main", "tools")
    ((command, _),) = fake.ran
    assert command == ["nft", "add table inet mail-lab-main; delete table inet mail-lab-main"]


def test_release_tells_what_the_engine_says() -> None:
    with pytest.raises(netns.RefusedError, match="not permitted"):
        release(cast("DockerClient", FakeDocker(error=failed(b"not permitted"))), "main", "tools")
