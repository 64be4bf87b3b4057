"""The tables of docs/write-a-scenario.md are what the registries make, and what they show is right."""

from __future__ import annotations

import pytest

from lab.scenario.format.lines import Places
from lab.scenario.format.problem import Notes
from lab.scenario.steps import ACTIONS
from lab.scenario.tables import PAGE, filled
from lab.values import Table
from lab.verdict import KEYS, parse


def test_the_tables_in_docs_are_current() -> None:
    text = PAGE.read_text("utf-8")
    assert text == filled(text), "make pages"


def test_a_page_without_a_place_is_told() -> None:
    with pytest.raises(ValueError, match="no place for the table of keys"):
        filled("# Write a scenario\n")


@pytest.mark.parametrize("name", KEYS)
def test_the_example_of_a_key_is_right(name: str) -> None:
    assert getattr(parse({name: KEYS[name].example}), name) is not None


@pytest.mark.parametrize("action", ACTIONS)
def test_the_example_of_a_step_is_right(action: str) -> None:
    notes = Notes("a.scenario.toml", Places())
    Table(ACTIONS[action].keys).check(ACTIONS[action].example, "step[0]", notes)
    assert notes.all() == []
    assert action in ACTIONS[action].example
