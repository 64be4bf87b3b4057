"""Slots: numbers, and what follows from them."""

from __future__ import annotations

from collections.abc import Collection
from ipaddress import IPv4Network, collapse_addresses
from itertools import combinations

import pytest

from lab.control.domains import PLACES
from lab.errors import LabError
from lab.world.slot import SLOTS, Slot, choose, occupied


def test_what_follows_from_a_number() -> None:
    slot = Slot(1)
    assert (slot.net, str(slot.subnet), slot.ports) == ("198.18.16", "198.18.16.0/20", "251")
    assert (slot.net6, slot.subnet6) == ("2001:2:0:1::16", "2001:2:0:1::/64")  # the same digits as for IPv4
    assert (str(slot.brought), str(slot.scripted)) == ("198.18.20.0/22", "198.18.24.0/22")
    assert (Slot(16).net, Slot(16).net6) == ("198.19.0", "2001:2:0:16::0")
    assert (slot.published(2511), slot.published(2501)) == (25111, 25101)
    assert Slot(0).published(2511) == 25011


def test_the_slots_share_out_the_block_that_is_reserved_for_isolated_tests() -> None:
    assert list(collapse_addresses(Slot(number).subnet for number in range(SLOTS))) == [IPv4Network("198.18.0.0/15")]
    for number in range(SLOTS):
        slot = Slot(number)
        hosts = IPv4Network(f"{slot.net}.0/24")
        parts = (hosts, slot.brought, slot.scripted)
        assert all(part.subnet_of(slot.subnet) for part in parts)
        assert not any(one.overlaps(other) for one, other in combinations(parts, 2))
        assert min(slot.brought.num_addresses, slot.scripted.num_addresses) > 1000
        assert len(list(slot.scripted.hosts())) == PLACES


def test_a_lab_of_the_version_before_this_has_addresses_of_another_slot() -> None:
    assert occupied(1, Slot(1).subnet) == {1}
    assert occupied(1, IPv4Network("198.18.1.0/24")) == {0, 1}
    assert occupied(40, IPv4Network("198.18.40.0/24")) == {2, 40}


def test_no_slot_takes_ports_that_systems_hand_out() -> None:
    assert Slot(SLOTS - 1).published(99) < 32768


@pytest.mark.parametrize(
    ("name", "taken", "wanted", "number"),
    [
        ("main", (), None, 0),
        ("main", (0,), None, 1),
        ("second", (), None, 1),  # 0 is kept for "main"
        ("second", (1, 2, 4), None, 3),
        ("second", (), "0", 0),
        ("main", (), "31", 31),
        ("main", (), "", 0),  # an empty variable is none
    ],
)
def test_choosing(name: str, taken: Collection[int], wanted: str | None, number: int) -> None:
    assert choose(name, taken, wanted) == Slot(number)


@pytest.mark.parametrize("wanted", ["32", "-1", "1.5", "one", "²", " 1"])
def test_no_slot(wanted: str) -> None:
    with pytest.raises(LabError) as caught:
        choose("main", (), wanted)
    assert (
        str(caught.value)
        == f"LAB_SLOT must be a number from 0 to 31, not {wanted!r}\n  without it, a slot that is free is taken"
    )


def test_a_taken_slot() -> None:
    with pytest.raises(LabError) as caught:
        choose("main", (5,), "5")
    assert str(caught.value) == "slot 5 belongs to another lab\n  `lab status --all` lists them"


def test_no_slot_is_left() -> None:
    assert choose("main", range(1, SLOTS), None) == Slot(0)
    with pytest.raises(LabError) as caught:
        choose("second", range(1, SLOTS), None)
    assert str(caught.value) == "all 32 slots are taken by other labs\n  `lab down --lab NAME` frees one"
