"""What keeps a lab to itself: which rules there are, when they are missing, and what is said where they cannot be."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lab.engine.protocol import MACHINE, Network, Ran, RefusedError
from lab.errors import LabError
from lab.world.isolation import MISSING, chains, isolate, opened, release, ruleset
from lab.world.slot import Slot
from tests.unit.memory_engine import MemoryEngine

INSIDE = Network("0123456789abcdef", "inside", {"mail-lab.name": "main", "mail-lab.slot": "1"}, "br-inside", ipv6=True)
OUTSIDE = Network("fedcba9876543210", "outside", {"mail-lab.name": "main"}, "br-outside")
LISTED = "\n".join(rule for rules in chains(Slot(1), "br-inside", "br-outside").values() for rule in rules)


class Engine(MemoryEngine):
    """An engine with *networks*, where each command ends with *exit_code* and has printed *said*."""

    def __init__(self, *networks: Network, said: str = "", exit_code: int = 0, refusal: str = "") -> None:
        super().__init__()
        self.nets = [*(networks or (INSIDE, OUTSIDE))]
        self.answer = lambda _: Ran(exit_code, "" if exit_code else said, said if exit_code else "")
        if refusal:
            self.refused["run"] = RefusedError(refusal)

    def isolate(self) -> str:
        return isolate(self, "main", Slot(1), "tools")

    def opened(self) -> str:
        return opened(self, "main", Slot(1), "tools")


def test_the_bridge_loses_its_addresses() -> None:
    engine = Engine()
    assert engine.isolate() == ""
    (wanted,) = engine.short
    assert wanted.command[-1] == "br-inside"
    assert 'iifname "br-inside" drop' in wanted.command[-2]
    assert (wanted.image, wanted.network) == ("tools", MACHINE)
    assert (wanted.confinement.dropped, wanted.confinement.capabilities) == (("ALL",), ("NET_ADMIN",))


def test_a_network_without_ipv6_has_no_address_to_lose() -> None:
    engine = Engine(replace(INSIDE, ipv6=False), OUTSIDE)
    assert engine.isolate() == ""
    ((*_, last),) = engine.ran
    assert last.startswith("add table inet mail-lab-main; ")


def test_the_rules_replace_what_an_earlier_lab_of_this_name_has_left() -> None:
    assert ruleset("main", {"input priority filter": ('iifname "a" drop', 'iifname "b" drop')}) == (
        "add table inet mail-lab-main; delete table inet mail-lab-main; table inet mail-lab-main { "
        'chain input { type filter hook input priority filter; iifname "a" drop; iifname "b" drop; }; }'
    )


def test_a_kernel_without_nftables_is_told() -> None:
    assert Engine(said="Error: Could not process rule: Operation not supported\n").isolate() == (
        "Error: Could not process rule: Operation not supported"
    )


def test_an_engine_that_forbids_its_network_namespace_is_told_where_there_is_no_ipv6() -> None:
    engine = Engine(replace(INSIDE, ipv6=False), OUTSIDE, refusal="host network is forbidden")
    assert engine.isolate() == "host network is forbidden"


@pytest.mark.parametrize(
    ("engine", "said"),
    [
        (Engine(said="inet6 fe80::1/64 scope link\n", exit_code=1), "inet6 fe80::1/64 scope link"),
        (Engine(refusal="host network is forbidden"), "host network is forbidden"),
    ],
)
def test_addresses_that_stay_are_an_error(engine: Engine, said: str) -> None:
    with pytest.raises(LabError) as caught:
        engine.isolate()
    assert str(caught.value) == (
        f"the lab's hosts could reach this machine over IPv6: the addresses of br-inside stay. {said}\n"
        "  `lab down`, then `LAB_IPV6=0 lab up` makes a lab without IPv6"
    )


def test_a_lab_with_all_its_rules_is_closed() -> None:
    assert Engine(said=f"table inet mail-lab-main {{\n\t\t{LISTED}\n}}").opened() == ""


@pytest.mark.parametrize("rule", LISTED.splitlines())
def test_a_lab_that_lacks_one_rule_is_open(rule: str) -> None:
    assert Engine(said=LISTED.replace(rule, "")).opened() == MISSING.format("mail-lab-main")


def test_rules_of_networks_that_are_gone_close_nothing() -> None:
    assert Engine(replace(INSIDE, bridge="br-another"), OUTSIDE, said=LISTED).opened() != ""


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("Error: No such file or directory\n", MISSING.format("mail-lab-main")),
        ("Error: Operation not permitted\n", "Error: Operation not permitted"),
    ],
)
def test_a_table_that_cannot_be_listed_is_told_with_its_reason(said: str, told: str) -> None:
    assert Engine(said=said, exit_code=1).opened() == told


def test_release_wants_no_table_to_be_there() -> None:
    engine = Engine()
    release(engine, "main", "tools")
    assert engine.ran == [("nft", "add table inet mail-lab-main; delete table inet mail-lab-main")]


def test_release_tells_what_the_engine_says() -> None:
    with pytest.raises(RefusedError, match="not permitted"):
        release(Engine(said="not permitted", exit_code=1), "main", "tools")
