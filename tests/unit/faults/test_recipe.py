"""The recipe "a fault" of docs/architecture.md, followed: one new file, and the kind is everywhere."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
AT_HOST = '''"""Port 25 of a living host answers a share of the connections with a bell."""

from dataclasses import dataclass
from typing import Any, ClassVar

from lab.faults.effects import OFF
from lab.faults.kinds.filtered import Filtered, chain, load
from lab.faults.kinds.site import Site
from lab.values import Kind, Positive


@dataclass(frozen=True, slots=True)
class Bell(Filtered):
    """``share`` of the connections."""

    share: float

    kind = "bell"
    help = "connections are answered with a bell"
    seen = "a bell"
    example: ClassVar[Any] = {"bell": 0.5}
    setting: ClassVar[Kind | None] = Positive(1)
    word = False
    effect = OFF

    def apply(self, site: Site) -> None:
        """Ring."""
        load(site, chain("input", f"tcp dport 25 bell {self.share}"))
'''
IN_DNS = '''"""An answer that rings."""

from dnszone.faults.fault import Fault


class RingFault(Fault):
    """No parameters."""

    kind = "ring"
    help = "a bell"

    def apply(self, exchange):
        return exchange.response
'''
ASKED = """
import json
from pathlib import Path

from typer.testing import CliRunner

from lab.cli import fault_kinds
from lab.cli.app import app
from lab.faults import page, reader
from lab.scenario.format.problem import ScenarioError
from lab.scenario.format.read import read
from lab.scenario.format.schema import schema
from lab.scenario.format.template import template


def mistakes(faults):
    try:
        read(template("x").replace("[faults.mx-a]", faults + "[faults.mx-a]"), Path("x.scenario.toml"))
    except ScenarioError as error:
        return [each.problem for each in error.problems]
    return []


script = json.loads(schema())["properties"]["faults"]["additionalProperties"]["properties"]
given = reader.at_host("mx", {"connect": {"bell": 0.25}})
print(json.dumps({
    "help": CliRunner().invoke(app, ["fault", "add", "--help"]).output,
    "schema": script["connect"]["anyOf"][1]["properties"]["bell"],
    "described": script["connect"]["description"],
    "right": mistakes("[faults.mx1]\\nconnect = {bell = 0.5}\\n"),
    "wrong": mistakes("[faults.mx1]\\nconnect = {bell = 2}\\n"),
    "template": template("x"),
    "table": page.at_hosts(),
    "words": fault_kinds.words("mx1"),
    "value": [given.whole.fault.share, sorted(given.effect)],
    "dns": [page.of_dns(), fault_kinds.words("dns"), mistakes('[[faults.dns]]\\nkind = "ring"\\nname = "$DOMAIN"\\n')],
}))
"""


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return what a copy of the project says that has one file more for each of the two kinds."""
    copy = tmp_path_factory.mktemp("project")
    for folder in ("lab", "dnszone", "compose"):
        shutil.copytree(ROOT / folder, copy / folder, ignore=shutil.ignore_patterns("__pycache__", "scenarios"))
    (copy / "lab" / "faults" / "kinds" / "bell.py").write_text(AT_HOST)
    (copy / "dnszone" / "faults" / "ring.py").write_text(IN_DNS)
    done = subprocess.run([sys.executable, "-c", ASKED], cwd=copy, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_a_new_kind_is_in_the_help_and_in_completion(said: dict[str, Any]) -> None:
    assert "connect='{\"bell\": 0.5}'" in said["help"]
    assert "connections are answered with a bell" in said["help"]
    assert "kind=ring" in said["help"]
    assert "connect=" in said["words"]


def test_it_is_in_the_schema_and_in_the_template(said: dict[str, Any]) -> None:
    assert said["schema"] == {"type": "number", "exclusiveMinimum": 0, "maximum": 1}
    assert "{bell = 0.5}" in said["described"]
    assert "{bell = 0.5}" in said["template"]


def test_it_is_checked_with_file_and_line(said: dict[str, Any]) -> None:
    assert said["right"] == []
    assert said["wrong"] == ["faults.mx1.connect.bell: must be a number above 0, up to 1, not 2"]


def test_it_is_in_the_documentations_table(said: dict[str, Any]) -> None:
    assert "| `connect = {bell = 0.5}` | connections are answered with a bell | a bell |\n" in said["table"]


def test_it_is_a_value_with_its_settings_and_explains_its_departures(said: dict[str, Any]) -> None:
    assert said["value"] == [0.25, ["not-attempted", "stopped-early"]]


def test_a_new_kind_of_the_dns_is_one_file_too(said: dict[str, Any]) -> None:
    table, words, problems = said["dns"]
    assert "| `ring` | | a bell |\n" in table
    assert "kind=ring" in words
    assert problems == []
