"""The hosts of the world stand in one place, and what is known of them follows from it."""

from __future__ import annotations

import re

import pytest

from lab.scenario.run.hosts_needed import shared
from lab.world import bundle, roster
from lab.world.roster import Member
from tests.unit.scenario.conftest import scenario

LABELS = re.compile(
    r"labels: \{.*mail-lab\.host: (?P<host>[\w-]+), "
    r"mail-lab\.role: (?P<role>[\w-]+), mail-lab\.software: (?P<software>[\w-]+)"
)
MAIL = '[[message]]\nto = "bia@dest.test"\nvia = "direct"\n[expect]\noutcome = "delivered"\n'


def test_the_roster_and_compose_yaml_have_the_same_hosts() -> None:
    text = (bundle.compose_folder() / "compose.yaml").read_text("utf-8")
    labelled = {found["host"]: (found["role"], found["software"]) for found in LABELS.finditer(text)}
    assert labelled == {member.name: (member.role, member.software) for member in roster.MEMBERS}
    for name in roster.variables():
        assert re.search(rf"^  {name}: .*\n  {name}_V6: ", text, re.MULTILINE), f"no {name}, {name}_V6"


def test_the_zone_of_a_domain_names_its_exchangers() -> None:
    text = (bundle.zone_folder() / "dest.test.zone").read_text("utf-8")
    assert set(re.findall(r"^@\s+MX\s+\d+\s+(\w+)$", text, re.MULTILINE)) == roster.exchangers("dest.test")


def test_a_fourth_exchanger_is_shared_like_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """As docs/add-a-host.md has it: whoever sends to dest.test uses it, so that nobody breaks it meanwhile."""
    monkeypatch.setattr(roster, "MEMBERS", (*roster.MEMBERS, Member("mx4", "mx", "postfix", exchanges="dest.test")))
    assert "mx4" in shared(scenario('title = "t"\nteaches = "t"\n' + MAIL))
    assert "mx4" in roster.names()
    assert "MX4" in roster.variables()
    assert "mx4" in roster.mtas()


def test_what_a_relaying_host_sends_goes_through_its_relay() -> None:
    assert roster.behind("client") == {"smarthost"}
    assert roster.behind("direct") == frozenset()
