"""What a soak does: chosen by a seed, and always something that the lab can do."""

from __future__ import annotations

import pytest

from dnszone.check import Checker
from dnszone.faults import read
from dnszone.masterfile import read as zone
from lab.control import grammar as script
from lab.faults.reader import at_host
from lab.soak.campaign import AT_SCRIPTED, IN_DNS, SCRIPTED, SHAPES, VIAS, WHOLE, Wrong, campaign

MANY = campaign(3000, 8)


def test_the_same_seed_chooses_the_same() -> None:
    assert campaign(40, 1) == campaign(40, 1)
    assert campaign(40, 1) != campaign(40, 2)


@pytest.mark.parametrize("messages", [1, 10, 25])
def test_as_many_messages_as_are_wanted(messages: int) -> None:
    assert sum(len(each.letters) for each in campaign(messages, 1)) == messages


def test_no_message_is_given_to_a_host_that_cannot_take_it() -> None:
    for each in MANY:
        broken = {wrong.where for wrong in each.wrong}
        assert broken.isdisjoint(letter.via for letter in each.letters)
        if "mailstore" in broken:
            assert all(letter.via != "smarthost" for letter in each.letters)


def test_the_mail_store_is_healed_first() -> None:
    """Faults are healed in the other order; the smarthost greets nobody at 465 and 587 while it is away."""
    both = [each.wrong for each in MANY if {"mailstore", "smarthost"} <= {wrong.where for wrong in each.wrong}]
    assert both
    assert all(wrong[-1].where == "mailstore" for wrong in both)


def test_every_fault_domain_and_way_has_its_turn() -> None:
    places = {wrong.where for each in MANY for wrong in each.wrong}
    assert places == {"dns", "mx1", "mx2", "mx3", "mailstore", *VIAS[1:], *SCRIPTED}
    assert {letter.via for each in MANY for letter in each.letters} == set(VIAS)
    assert {number for each in MANY for letter in each.letters for _, number in letter.to} == set(range(len(SHAPES)))


def test_one_thing_at_a_time_is_wrong_at_a_place() -> None:
    for each in MANY:
        places = [(wrong.where, wrong.domain) for wrong in each.wrong]
        assert len(places) == len(set(places))


@pytest.mark.parametrize("number", range(len(SHAPES)))
def test_every_zone_can_be_served(number: int) -> None:
    text = SHAPES[number].format(n=number)
    found = zone(text, "soak.test", variables={"SCRIPTED_1": "198.18.0.129", "MAILSTORE": "198.18.0.4"})
    assert (f"s{number}.soak.test." in {each.name for each in found.records}) == (number in SCRIPTED)


@pytest.mark.parametrize("what", IN_DNS, ids=str)
def test_every_fault_of_the_dns_is_one(what: dict[str, object]) -> None:
    checker = Checker({**what, "name": "*soak.test"})
    assert read(checker) is not None
    assert checker.problems == []


@pytest.mark.parametrize("what", AT_SCRIPTED, ids=str)
def test_every_fault_at_a_scripted_exchanger_is_one(what: dict[str, object]) -> None:
    assert script.script_problems(what) == []


@pytest.mark.parametrize("what", WHOLE, ids=str)
def test_every_fault_at_a_host_is_one(what: dict[str, object]) -> None:
    assert at_host("mx", what).whole is not None


def test_a_fault_is_told_in_words() -> None:
    assert str(Wrong("mx1", {"connect": "refuse"})) == "mx1 connect=refuse"
    assert str(Wrong(2, {"rcpt": "450 later"})) == "the exchanger of domain 2 rcpt=450 later"
    assert str(Wrong("dns", {"kind": "drop"}, 3)) == "dns kind=drop for domain 3"
