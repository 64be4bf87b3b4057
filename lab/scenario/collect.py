"""Scenario files in pytest: each ``*.scenario.toml`` is a test, which uses the session's lab.

In: paths that pytest meets. Out: items. A file with mistakes is a collection error that lists all of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lab.printable import printable
from lab.scenario.format.problem import ScenarioError
from lab.scenario.format.read import SUFFIX, load

if TYPE_CHECKING:
    from _pytest._code.code import ExceptionInfo, TerminalRepr

    from lab.lab import Lab
    from lab.scenario.format.model import Scenario
    from lab.scenario.run.result import Result

EVIDENCE = Path(".lab") / "evidence"


class NotPassedError(Exception):
    """A scenario that failed, or whose outcome is unknown; ``result`` has why."""

    def __init__(self, result: Result) -> None:
        """*result* did not pass."""
        super().__init__(printable(f"{result.scenario.id}: {result.outcome}"))
        self.result = result


def collect_file(file_path: Path, parent: pytest.Collector) -> ScenarioFile | None:
    """Return the collector of a scenario file, None for other files: for the hook pytest_collect_file."""
    if file_path.name.endswith(SUFFIX):
        return ScenarioFile.from_parent(parent, path=file_path)
    return None


class ScenarioFile(pytest.File):
    """A file with one scenario."""

    def collect(self) -> Iterator[ScenarioItem]:
        """Yield the scenario."""
        try:
            (scenario,) = load([self.path])
        except ScenarioError as error:
            raise self.CollectError(str(error)) from error
        yield ScenarioItem.of(self, scenario)


class ScenarioItem(pytest.Function):
    """A scenario as a test: its tags are keywords of -k, as are its group and title."""

    scenario: Scenario

    @classmethod
    def of(cls, parent: ScenarioFile, scenario: Scenario) -> ScenarioItem:
        """Return the item of *scenario*."""

        def test(lab_session: Lab, pytestconfig: pytest.Config) -> None:
            _run(scenario, lab_session, pytestconfig)

        item: ScenarioItem = cls.from_parent(parent, name=scenario.id, callobj=test)
        item.scenario = scenario
        item.extra_keyword_matches |= {*scenario.tags, scenario.group, scenario.title}
        return item

    def repr_failure(  # type: ignore[override]  # pytest calls it with one argument
        self, excinfo: ExceptionInfo[BaseException]
    ) -> str | TerminalRepr:
        """Return the differences, the story, the plan, and where the evidence is."""
        if isinstance(excinfo.value, NotPassedError):
            return printable(excinfo.value.result.report())
        return super().repr_failure(excinfo)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Return where it is, and its title."""
        return self.path, 0, printable(f"{self.scenario.id}: {self.scenario.title}")


def _run(scenario: Scenario, lab: Lab, config: pytest.Config) -> None:
    from lab.scenario.run.run import run

    asked = config.getoption("--lab-evidence")
    result = run(scenario, lab, evidence=asked or config.rootpath / EVIDENCE, always=bool(asked))
    if result.outcome == "skipped":
        pytest.skip(printable(result.reason or ""))
    for note in result.notes:
        print(printable(f"note: {note}"))  # pytest shows it with -rP, and where the test fails
    if not result.good:
        raise NotPassedError(result)
