"""The recipes "a key of an expectation" and "a step" of docs/architecture.md, followed in a copy of the project."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
KEY = '''"""How many attempts there were."""

from lab.values import Number
from lab.verdict.difference import Difference
from lab.verdict.key import ExpectationKey


class Tries(ExpectationKey[int]):
    """A number."""

    help = "How many attempts there were."
    example = 2
    kind = Number(9, whole=True)

    def reached(self, expected, route):
        return len(route.attempts) >= expected

    def judge(self, expected, case):
        count = len(case.route.attempts)
        if count != expected:
            yield Difference("tries", str(expected), str(count))
'''
STEP = '''"""Makes the plans anew."""

from dataclasses import dataclass
from typing import ClassVar

from lab.scenario.steps.step import Step
from lab.values import TEXT, Key


@dataclass(frozen=True, slots=True)
class Replan(Step):
    """Because of something that is told."""

    why: str

    action = "replan"
    keys: ClassVar = {"replan": Key(TEXT, "Why the plans are made anew.")}
    example: ClassVar = {"replan": "the weather"}

    @classmethod
    def read(cls, place, table, messages, notes):
        return cls(place, table["replan"])

    def check(self, order):
        if not order.sent:
            order.notes.note(self.place, "there is no plan yet")

    def run(self, running):
        running.plan_again()
'''
ASKED = """
import json

from lab.scenario import tables
from lab.scenario.format.schema import schema
from lab.scenario.format.template import template
from lab.scenario.run.run import run
from lab.verdict import Expectation
from tests.unit.scenario.conftest import GOOD, FakeLab, attempt, problems, route, scenario

SENT = "[[step]]\\nsend = 'message'\\n"
REPLAN = "[[step]]\\nreplan = 'the weather'\\n"


def ran(text):
    lab = FakeLab(lambda to: [[route(attempt("mx-a", "Connection refused"), attempt("mx1"), to=to)]])
    return [run(scenario(text), lab).lines(), lab.did]


properties = json.loads(schema())["properties"]
print(json.dumps({
    "schema": [
        properties["expect"]["anyOf"][0]["properties"]["tries"], properties["step"]["items"]["properties"]["replan"]
    ],
    "tables": [tables.expectations(), tables.steps()],
    "template": template("x"),
    "wrong": [problems(GOOD + "tries = 10\\n"), problems(GOOD + REPLAN + SENT)],
    "right": ran(GOOD + "tries = 2\\n" + SENT + REPLAN),
    "otherwise": ran(GOOD + "tries = 3\\n")[0],
    "value": repr(Expectation(tries=2)),
}))
"""


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return what a copy of the project says that has one key and one step more."""
    copy = tmp_path_factory.mktemp("project")
    for folder in ("lab", "dnszone", "compose"):
        shutil.copytree(ROOT / folder, copy / folder, ignore=shutil.ignore_patterns("__pycache__", "scenarios"))
    (copy / "lab" / "verdict" / "keys" / "tries.py").write_text(KEY)
    (copy / "lab" / "scenario" / "steps" / "replan.py").write_text(STEP)
    listed = copy / "lab" / "verdict" / "expectation.py"
    text = listed.read_text("utf-8").replace(
        "from lab.verdict.logs", "from lab.verdict.keys.tries import Tries\nfrom lab.verdict.logs", 1
    )
    last = "    def __post_init__"
    listed.write_text(text.replace(last, f"    tries: Annotated[int | None, Tries()] = None\n\n{last}"), "utf-8")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "XDG_STATE_HOME": str(copy / "state")}
    done = subprocess.run(
        [sys.executable, "-c", ASKED], cwd=copy, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_a_new_key_and_a_new_step_are_in_the_schema(said: dict[str, Any]) -> None:
    key, step = said["schema"]
    assert key == {
        "type": "integer",
        "minimum": 0,
        "maximum": 9,
        "examples": [2],
        "description": "How many attempts there were.",
    }
    assert step["description"] == "Why the plans are made anew."


def test_they_are_in_the_documentations_tables_and_in_the_template(said: dict[str, Any]) -> None:
    keys, steps = said["tables"]
    assert "| `tries = 2` | How many attempts there were. |\n" in keys
    assert '| `replan = "the weather"` | Why the plans are made anew. |\n' in steps
    assert "tries" in said["template"]
    assert "replan" in said["template"]


def test_they_are_checked_with_their_line(said: dict[str, Any]) -> None:
    of_key, of_step = said["wrong"]
    assert of_key == ["20: expect.tries: must be a whole number from 0 to 9, not 10"]
    assert of_step == ["20: step[0]: there is no plan yet"]


def test_they_are_judged_and_run(said: dict[str, Any]) -> None:
    lines, did = said["right"]
    assert lines == []
    assert "plan bia@d1.test via direct" in did
    assert said["otherwise"] == ["expect (message to bia@d1.test): fail", "  tries: expected 3, observed 2"]


def test_the_key_is_a_field_of_what_tests_write(said: dict[str, Any]) -> None:
    assert "tries=2" in said["value"]
