"""Many scenarios at a time: which is next, and what came of each."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from lab.scenario import batch
from lab.scenario.batch import Batch, Schedule, run_all
from lab.scenario.format.model import Scenario
from lab.scenario.format.read import read
from lab.scenario.junit import write
from lab.scenario.run.judge import Judged
from lab.scenario.run.result import Outcome, Result
from lab.verdict import Difference, Verdict
from tests.unit.scenario.conftest import GOOD

BREAKS = GOOD + "[faults.mx1]\nhost = 'stopped'\n"


def named(name: str, text: str = GOOD) -> Scenario:
    return read(text, Path(f"group/{name}.scenario.toml"))


def result(scenario: Scenario, outcome: Outcome = "pass", reason: str | None = None, **rest: Any) -> Result:
    return Result(scenario, outcome, 0.25, reason, **rest)


def test_the_next_is_the_first_that_disturbs_nobody() -> None:
    uses, also, breaks = named("uses"), named("also"), named("breaks", BREAKS)
    schedule = Schedule([uses, breaks, also])
    assert schedule.next() is uses
    assert schedule.next() is also
    schedule.done(uses, result(uses))
    schedule.done(also, result(also))
    assert schedule.next() is breaks
    assert schedule.next() is None


def test_who_finds_nothing_waits_until_another_has_ended() -> None:
    breaks, uses = named("breaks", BREAKS), named("uses")
    schedule = Schedule([breaks, uses])
    assert schedule.next() is breaks
    found: list[Scenario | None] = []
    thread = threading.Thread(target=lambda: found.append(schedule.next()))
    thread.start()
    assert found == []
    schedule.done(breaks, result(breaks))
    thread.join(5)
    assert found == [uses]


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Run nothing: a scenario passes, or what its name says."""
    ran: list[str] = []

    def run(scenario: Scenario, lab: object, *, evidence: Path | None, always: bool) -> Result:
        del lab, evidence, always
        ran.append(scenario.id)
        if scenario.id == "boom":
            raise ZeroDivisionError("boom")
        return result(scenario)

    class Labs:
        def __init__(self, _: object, count: int) -> None:
            self.labs = [object()] * count

        def __enter__(self) -> list[object]:
            return self.labs

        def __exit__(self, *_: object) -> None:
            pass

    monkeypatch.setattr(batch, "run", run)
    monkeypatch.setattr(batch, "labs", Labs)
    return ran


def run_named(names: list[str], batch: Batch) -> list[str]:
    world: Any = None
    return [each.scenario.id for each in run_all([named(name) for name in names], world, batch, lambda *_: None)]


def test_results_come_in_the_order_of_the_scenarios(fake: list[str]) -> None:
    names = [f"s{number}" for number in range(20)]
    assert run_named(names, Batch(jobs=4, seed=1)) == names
    assert sorted(fake) == sorted(names)


def test_a_seed_gives_an_order(fake: list[str]) -> None:
    names = [f"s{number}" for number in range(20)]
    run_named(names, Batch(seed=1))
    first = fake.copy()
    fake.clear()
    run_named(names, Batch(seed=1))
    assert fake == first != names
    fake.clear()
    run_named(names, Batch())
    assert fake == names


def test_what_nobody_expected_ends_all(fake: list[str]) -> None:
    with pytest.raises(ZeroDivisionError):
        run_named(["a", "boom", "b"], Batch())
    assert fake == ["a", "boom"]


def test_junit(tmp_path: Path) -> None:
    differs = Judged("expect", "message", "bia@a.test", Verdict("fail", (Difference("status", "2.0.0", "5.1.1\x1b"),)))
    scenarios = [named(name) for name in ("good", "bad", "wrong", "left-out")]
    results = [
        result(scenarios[0]),
        result(scenarios[1], "fail", judged=(differs,)),
        result(scenarios[2], "error", "gone"),
        result(scenarios[3], "skipped", "no NET_ADMIN"),
    ]
    path = tmp_path / "new" / "junit.xml"
    write(path, results)
    (suite,) = ElementTree.parse(path).getroot()  # noqa: S314  written by this test
    assert {key: suite.attrib[key] for key in ("name", "tests", "failures", "errors", "skipped", "time")} == {
        "name": "group",
        "tests": "4",
        "failures": "1",
        "errors": "1",
        "skipped": "1",
        "time": "1.000",
    }
    assert [[(each.tag, each.attrib["message"]) for each in case] for case in suite] == [
        [],
        [
            (
                "failure",
                "expect (message to bia@a.test): fail; status: expected 2.0.0, observed 5.1.1\\x1b",
            )
        ],
        [("error", "gone")],
        [("skipped", "no NET_ADMIN")],
    ]


def test_a_result_as_json() -> None:
    found = result(named("good"), "error", "gone").to_json()
    assert found == {
        "schema": 1,
        "id": "good",
        "group": "group",
        "title": "The preferred MX refuses the connection",
        "outcome": "error",
        "seconds": 0.25,
        "reason": "gone",
        "differences": ["gone"],
        "notes": [],
        "domains": {},
        "routes": [],
        "evidence": None,
    }
