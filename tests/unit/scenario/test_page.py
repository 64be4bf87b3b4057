"""The catalogue's page: it is the one in docs/, and every group has its title."""

from __future__ import annotations

from pathlib import Path

from lab.scenario.catalogue import catalogue
from lab.scenario.page import GROUPS, page

DOCS = Path(__file__).parents[3] / "docs" / "catalogue.md"


def test_the_file_in_docs_is_current() -> None:
    assert DOCS.read_text("utf-8") == page(catalogue()), "python -m lab.scenario.page > docs/catalogue.md"


def test_every_group_has_a_title_and_every_scenario_its_place() -> None:
    scenarios = catalogue()
    assert {scenario.group for scenario in scenarios} == set(GROUPS)
    text = page(scenarios)
    assert all(f"### [{scenario.id}](" in text for scenario in scenarios)
