"""Slots: numbers, and what follows from them."""

from __future__ import annotations

from collections.abc import Collection

import pytest

from lab.errors import LabError
from lab.world.slot import SLOTS, Slot, choose


def test_what_follows_from_a_number() -> None:
    slot = Slot(1)
    assert (slot.net, slot.subnet, slot.ports) == ("198.18.1", "198.18.1.0/24", "251")
    assert (slot.net6, Slot(63).net6) == ("2001:2:0:1", "2001:2:0:63")  # the same digits as for IPv4
    assert (slot.published(2511), slot.published(2501)) == (25111, 25101)
    assert Slot(0).published(2511) == 25011


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
        ("main", (), "63", 63),
        ("main", (), "", 0),  # an empty variable is none
    ],
)
def test_choosing(name: str, taken: Collection[int], wanted: str | None, number: int) -> None:
    assert choose(name, taken, wanted) == Slot(number)


@pytest.mark.parametrize("wanted", ["64", "-1", "1.5", "one", "²", " 1"])
def test_no_slot(wanted: str) -> None:
    with pytest.raises(LabError) as caught:
        choose("main", (), wanted)
    assert str(caught.value) == f"LAB_SLOT={wanted} is no slot\n  give a number from 0 to 63"


def test_a_taken_slot() -> None:
    with pytest.raises(LabError) as caught:
        choose("main", (5,), "5")
    assert str(caught.value) == "slot 5 belongs to another lab\n  `lab status --all` lists them"


def test_no_slot_is_left() -> None:
    assert choose("main", range(1, SLOTS), None) == Slot(0)
    with pytest.raises(LabError) as caught:
        choose("second", range(1, SLOTS), None)
    assert str(caught.value) == "all 64 slots are taken by other labs\n  `lab down --lab NAME` frees one"
