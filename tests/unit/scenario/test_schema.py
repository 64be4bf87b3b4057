"""The JSON Schema: it is the one in docs/, and knows every key that a scenario may have."""

from __future__ import annotations

import json
from pathlib import Path
from pkgutil import iter_modules

from scripted import read
from scripted.script import STAGES as SCRIPTED_STAGES

from lab.scenario import steps
from lab.scenario.format.expect import TABLE
from lab.scenario.format.keys import SCENARIO, SCRIPT, STAGES, STEP
from lab.scenario.format.schema import schema
from lab.scenario.steps import ACTIONS
from lab.verdict import KEYS

DOCS = Path(__file__).parents[3] / "docs" / "scenario.schema.json"


def test_the_file_in_docs_is_current() -> None:
    hint = "python -m lab.scenario.format.schema > docs/scenario.schema.json"
    assert DOCS.read_text("utf-8") == schema(), hint


def test_every_key_is_described() -> None:
    properties = json.loads(schema())["properties"]
    assert list(properties) == list(SCENARIO.keys)
    assert all(each["description"] for each in properties.values())


def test_expectations_have_the_keys_that_are_judged() -> None:
    assert list(TABLE.keys) == ["message", "to", *KEYS]


def test_scripts_have_the_stages_of_the_scripted_host() -> None:
    assert STAGES == SCRIPTED_STAGES
    assert set(read.KEYS) == set(STAGES)
    assert {"connect", "extensions", *STAGES} < set(SCRIPT)


def test_every_action_is_a_key_of_a_step_and_every_module_has_one() -> None:
    assert list(STEP.keys)[: len(ACTIONS)] == list(ACTIONS)
    assert {key for step in ACTIONS.values() for key in step.keys} == set(STEP.keys)
    modules = {each.name for each in iter_modules(steps.__path__)} - {"content", "in_queue", "order", "step"}
    assert {name: step.__module__.rpartition(".")[2] for name, step in ACTIONS.items()} == {
        name: name for name in modules
    }
