"""Scenario files in pytest, with a lab that is none."""

from __future__ import annotations

import pytest

import lab.scenario.run.run  # noqa: F401  pytester forgets what is imported in it, and the package does not
from tests.unit.scenario.conftest import GOOD

PRETEND = """
import pytest
from lab.scenario.run import run as module
from lab.scenario.run.result import Result

@pytest.fixture(scope="session")
def lab_session():
    yield "a lab"

def run(scenario, lab, *, evidence, always):
    assert lab == "a lab"
    outcome = scenario.id
    return Result(scenario, outcome, 0.1, "why" if outcome != "pass" else None, story="the timeline", evidence=evidence)

module.run = run
"""


@pytest.fixture
def tester(pytester: pytest.Pytester) -> pytest.Pytester:
    pytester.makeconftest(PRETEND)
    return pytester


def put(tester: pytest.Pytester, name: str, text: str = GOOD) -> None:
    (tester.path / f"{name}.scenario.toml").write_text(text)


def test_each_file_is_a_test(tester: pytest.Pytester) -> None:
    for name in ("pass", "fail", "unknown", "skipped", "error"):
        put(tester, name)
    (tester.path / "other.toml").write_text("x = 1")
    found = tester.runpytest("-p", "no:cacheprovider", "-rs")
    found.assert_outcomes(passed=1, failed=3, skipped=1)
    found.stdout.fnmatch_lines(["*SKIPPED*why", "*"])


def test_a_failure_shows_the_differences_the_story_and_where_the_evidence_is(tester: pytest.Pytester) -> None:
    put(tester, "fail")
    found = tester.runpytest("-p", "no:cacheprovider")
    found.stdout.fnmatch_lines(
        [
            "*fail: The preferred MX refuses the connection*",
            "fail: fail",
            "  why",
            "the timeline",
            "evidence: *.lab/evidence",
        ]
    )
    found.stdout.no_fnmatch_line("*Traceback*")


def test_tags_select(tester: pytest.Pytester) -> None:
    put(tester, "pass", GOOD.replace("teaches", "tags = ['greylisting']\nteaches"))
    put(tester, "fail")
    tester.runpytest("-k", "greylisting").assert_outcomes(passed=1, deselected=1)


def test_mistakes_are_told_when_files_are_collected(tester: pytest.Pytester) -> None:
    put(tester, "pass", GOOD.replace("title", "titel"))
    found = tester.runpytest()
    found.assert_outcomes(errors=1)
    found.stdout.fnmatch_lines(["*pass.scenario.toml:1: titel: unknown key titel*", "*:1: title is missing*"])


STEERING = "\x1b]0;owned\x07\x9b31m\u202e\u2028[red]"
VISIBLE = r"*\x1b[]]0;owned\x07\x9b31m\u202e\u2028[[]red]*"


def test_what_strangers_wrote_is_safe_to_print(tester: pytest.Pytester) -> None:
    tester.makeconftest(PRETEND.replace('"why"', repr(STEERING)).replace('"the timeline"', repr(STEERING)))
    put(tester, "fail", GOOD.replace("refuses", r"refuses \u001b \u202e"))
    put(tester, "skipped")
    tester.makepyfile(
        f"""
        from lab.errors import LabError

        def test_error():
            raise LabError({STEERING!r}, hint={STEERING!r})
        """
    )
    found = tester.runpytest("-p", "no:cacheprovider", "-rA")
    found.assert_outcomes(failed=2, skipped=1)
    found.stdout.fnmatch_lines_random([f"  {VISIBLE}", VISIBLE, f"E {VISIBLE}", f"SKIPPED{VISIBLE}", r"*\x1b \u202e*"])
    shown = "".join(found.outlines + found.errlines)
    assert all(each.isprintable() for each in shown), {each for each in shown if not each.isprintable()}
