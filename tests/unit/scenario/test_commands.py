"""lab new, check, run and list, without a lab."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner

from lab.cli import attach
from lab.cli.app import app
from lab.scenario import batch, catalogue
from lab.scenario.format.model import Scenario
from lab.scenario.run.result import Result
from tests.unit.scenario.conftest import GOOD


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def own(here: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let the catalogue have three scenarios in two groups."""
    folder = here / "own"
    for name, tags in (("mx/a", '["x"]'), ("mx/b", '["x", "y"]'), ("dns/c", '["y"]')):
        path = folder / f"{name}.scenario.toml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(GOOD.replace("teaches", f"tags = {tags}\nteaches"))
    monkeypatch.setattr(catalogue, "FOLDER", folder)
    monkeypatch.setattr(catalogue.files, "__defaults__", (folder,))
    return folder


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Run nothing: "b" fails, all others pass."""
    found: list[str] = []

    def run_all(scenarios: Sequence[Scenario], world: object, how: batch.Batch, told: batch.Told) -> list[Result]:
        del world
        found.extend(each.id for each in scenarios)
        found.append(f"{how.jobs} at a time")
        results = [Result(each, "fail" if each.id == "b" else "pass", 0.5) for each in scenarios]
        for each in results:
            told(each.scenario, None)
            told(each.scenario, each)
        return results

    monkeypatch.setattr(batch, "run_all", run_all)
    monkeypatch.setattr(attach, "world", lambda _: SimpleNamespace(hosts=lambda: {"mx1": 1}))
    return found


def call(*words: str) -> tuple[int, str]:
    found = CliRunner().invoke(app, words)
    return found.exit_code, found.output


def test_new_writes_a_file_that_is_fine(here: Path) -> None:
    code, output = call("new", "first")
    assert (code, output.split()[0]) == (0, "first.scenario.toml")
    assert call("check", "first.scenario.toml") == (0, "1 scenario is fine\n")
    assert 'title = "first: ' in (here / "first.scenario.toml").read_text()


def test_new_overwrites_nothing(here: Path) -> None:
    (here / "a.scenario.toml").write_text("mine")
    code, output = call("new", "a")
    assert (code, output) == (2, "lab: there is a file a.scenario.toml already\n  choose another name\n")
    assert (here / "a.scenario.toml").read_text() == "mine"


def test_check_lists_every_mistake(here: Path) -> None:
    (here / "a.scenario.toml").write_text(GOOD.replace("title", "titel"))
    code, output = call("check", ".")
    assert code == 2
    assert output.splitlines()[0].startswith("a.scenario.toml:1: titel: unknown key")
    assert output.splitlines()[-1] == "2 problems in 1 of 1 file"
    code, output = call("check", "--json", "a.scenario.toml")
    assert (code, [each["line"] for each in json.loads(output)]) == (2, [1, 1])


@pytest.mark.usefixtures("own")
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--all"], ["c", "a", "b"]),
        (["mx"], ["a", "b"]),
        (["y"], ["c", "b"]),
        (["c", "mx", "own/mx/a.scenario.toml"], ["c", "a", "b"]),
        (["own/dns"], ["c"]),
    ],
)
def test_what_is_run(ran: list[str], words: list[str], expected: list[str]) -> None:
    code, output = call("run", *words, "-j", "3")
    assert ran == [*expected, "3 at a time"]
    assert code == int("b" in expected)
    lines = output.splitlines()
    assert lines[: len(expected)] == [
        f"{'FAIL   ' if name == 'b' else 'pass   '}    0.5 s  {name}" for name in expected
    ]


@pytest.mark.usefixtures("own", "ran")
def test_what_failed_is_told_at_the_end() -> None:
    lines = call("run", "mx")[1].splitlines()
    assert lines[2:4] == ["", "b: fail"]
    assert lines[-1].startswith("1 passed, 1 failed in ")


@pytest.mark.usefixtures("own", "ran")
def test_run_as_json_and_junit(here: Path) -> None:
    code, output = call("run", "mx", "--json", "--junit", "junit.xml")
    assert (code, [each["outcome"] for each in json.loads(output)]) == (1, ["pass", "fail"])
    assert (here / "junit.xml").is_file()


@pytest.mark.usefixtures("own", "ran")
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["run"], "name scenarios, or give --all"),
        (["run", "a", "--all"], "name scenarios, or give --all"),
        (["run", "mxx"], "no scenario has the name, group or tag 'mxx'"),
    ],
)
def test_what_cannot_be_run(words: list[str], expected: str) -> None:
    code, output = call(*words)
    assert code == 2
    assert expected in output


@pytest.mark.usefixtures("own")
def test_a_lab_that_is_not_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LAB", raising=False)
    monkeypatch.setattr(attach, "world", lambda _: SimpleNamespace(hosts=dict))
    code, output = call("run", "a")
    assert (code, output.splitlines()[0]) == (3, "lab: the lab 'main' is not up")


@pytest.mark.usefixtures("own")
def test_the_list() -> None:
    assert [line.split()[:2] for line in call("list")[1].splitlines()] == [
        ["GROUP", "SCENARIO"],
        ["dns", "c"],
        ["mx", "a"],
        ["b", "The"],
    ]
    found: list[dict[str, Any]] = json.loads(call("list", "--tag", "y", "--json")[1])
    assert [each["id"] for each in found] == ["c", "b"]
    assert call("list", "--tag", "z")[0] == 1
