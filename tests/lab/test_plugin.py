"""The pytest plugin in a repo of a user's own: what it shows, what it saves, what it leaves."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lab import Lab
from lab.engine.hosts import LABEL, find
from lab.mail.evidence import load
from lab.route.history import Origin

FAILING = """
def test_wrong_hop(lab):
    with lab.fault("mx1", connect="refuse"):
        route = lab.send(to=f"bia@{lab.domain}", via="direct").route()
    assert route.accepted_by == "mx3"
"""
PASSING = """
def test_next_mx_takes_over(lab):
    with lab.fault("mx1", connect="refuse"):
        route = lab.send(to="bia@dest.test", via="direct").route()
    assert route.accepted_by == "mx2"
    assert route.attempted == ["mx1", "mx2"]
    assert "mx3" not in route.attempted
"""


def test_failing_assertion_tells_the_whole_story(lab: Lab, pytester: pytest.Pytester) -> None:
    pytester.makepyfile(FAILING)
    result = pytester.runpytest_subprocess("--lab", lab.name, "-p", "no:cacheprovider")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "*assert 'mx2' == 'mx3'*",
            "*- mail routes -*",
            "ana@home.test -> bia@*: delivered 2.0.0 into INBOX",
            "  hops: direct -> mx2",
            "  x direct -> mx1*connect*Connection refused",
            "*direct*dns*MX t*.test.: 10 mx1.dest.test., 20 mx2.dest.test., 30 mx3.dest.test.",
            "the plan:",
            "*1. mx1 *:25*",
            "*2. mx2 *:25*",
            "*- evidence -*",
        ]
    )
    folder = pytester.path / ".lab" / "evidence" / "test_failing_assertion_tells_the_whole_story.py_test_wrong_hop"
    (route,) = json.loads((folder / "routes.json").read_text())
    assert (route["accepted_by"], route["evidence"]) == ("mx2", str(folder))
    assert [attempt["target"] for attempt in route["attempts"]] == ["mx1", "mx2"]
    again = load(folder).routes(Origin(route["hops"][0], route["attempts"][0]["queue_id"]))[0]
    assert again.to_json()["attempts"] == route["attempts"]
    assert {path.name for path in folder.iterdir()} >= {"timeline.txt", "events.jsonl", "dns.jsonl", "hosts.json"}
    assert "Connection refused" in (folder / "logs" / "direct.log").read_text()
    assert list((folder / "zones").iterdir())


def test_contract_example_passes_and_evidence_is_saved_when_asked(lab: Lab, pytester: pytest.Pytester) -> None:
    pytester.makepyfile(PASSING)
    result = pytester.runpytest_subprocess("--lab", lab.name, "--lab-evidence", str(pytester.path / "kept"))
    result.assert_outcomes(passed=1)
    (folder,) = (pytester.path / "kept").iterdir()
    assert json.loads((folder / "routes.json").read_text())[0]["accepted_by"] == "mx2"


@pytest.mark.timeout(180)
def test_lab_that_the_tests_start_is_taken_down_unless_kept(lab: Lab, pytester: pytest.Pytester) -> None:
    pytester.makepyfile(PASSING)
    name = f"{lab.name}-kept"
    result = pytester.runpytest_subprocess("--lab", name, "--lab-keep")
    result.assert_outcomes(passed=1)
    assert len(find(lab.engine, name)) == 10
    result = pytester.runpytest_subprocess("--lab", name)  # it was up before, so it stays
    result.assert_outcomes(passed=1)
    assert len(find(lab.engine, name)) == 10
    _down(pytester, name)
    result = pytester.runpytest_subprocess("--lab", name)
    result.assert_outcomes(passed=1)
    assert find(lab.engine, name) == {}
    assert lab.docker.api.networks(filters={"label": f"{LABEL}={name}"}) == []


def test_unit_tests_of_a_user_need_no_docker(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nonexistent/docker.sock")
    pytester.makepyfile("def test_one():\n    import sys\n    assert 'docker' not in sys.modules\n")
    pytester.runpytest_subprocess().assert_outcomes(passed=1)


def test_no_lab_is_one_clear_error(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nonexistent/docker.sock")
    pytester.makepyfile(PASSING)
    result = pytester.runpytest_subprocess()
    assert result.ret == 4
    result.stdout.fnmatch_lines(["*no lab to test with: the Docker engine does not answer*"])
    result.stdout.no_fnmatch_line("*Traceback*")


def _down(pytester: pytest.Pytester, name: str) -> None:
    result = pytester.run(str(Path(__file__).parents[2] / ".venv" / "bin" / "lab"), "down", "--lab", name)
    assert result.ret == 0
