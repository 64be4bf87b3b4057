"""`lab new`, `lab check`, `lab run`, `lab list`: scenarios, from the first line of a file to the verdict."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Annotated

import typer

from lab.cli import attach, codes, failure
from lab.cli.console import Cell, document, joined, live, say, table
from lab.cli.group import example
from lab.cli.options import Json, LabName

if TYPE_CHECKING:
    from rich.text import Text

    from lab.scenario.format.model import Scenario
    from lab.scenario.run.result import Result

MARKS: dict[str, Cell] = {
    "pass": ("pass   ", "green"),
    "fail": ("FAIL   ", "red"),
    "unknown": ("UNKNOWN", "red"),
    "error": ("ERROR  ", "red"),
    "skipped": ("skipped", "yellow"),
}


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("new", epilog=example("$ lab new greylisting", "greylisting.scenario.toml is written; ..."))(new)
    app.command("check", epilog=example("$ lab check my/*.scenario.toml", "2 scenarios are fine"))(check)
    app.command(
        "run",
        epilog=example(
            "$ lab run mx -j 4",
            "pass      0.4 s  mx-fallthrough-refused",
            "pass      0.3 s  mx-lowest-first",
            "2 passed in 0.6 s",
        ),
    )(run)
    app.command(
        "list",
        epilog=example(
            "$ lab list --tag null-mx",
            "GROUP   SCENARIO  TITLE",
            "mx      null-mx   The domain says that it takes no mail",
        ),
    )(show)


Words = Annotated[
    list[str] | None,
    typer.Argument(metavar="NAME|FILE|TAG...", show_default=False, help="Scenarios: id, group, tag, file or folder."),
]
Files = Annotated[list[Path], typer.Argument(metavar="FILE...", show_default=False, help="Scenario files, or folders.")]


def new(
    name: Annotated[str, typer.Argument(metavar="NAME", show_default=False, help="What the scenario shall be called.")],
) -> None:
    """Write NAME.scenario.toml, a scenario that passes, in which every key is explained."""
    from lab.errors import LabError
    from lab.scenario.format.read import SUFFIX
    from lab.scenario.format.template import template

    path = Path(f"{name.removesuffix(SUFFIX)}{SUFFIX}")
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(template(path.name.removesuffix(SUFFIX)))
    except FileExistsError:
        raise LabError(f"there is a file {path} already", hint="choose another name") from None
    except (OSError, ValueError) as error:  # ValueError: no file's name has this character
        reason = getattr(error, "strerror", error)
        raise LabError(f"cannot write {path}: {reason}", hint="is there such a folder?") from None
    say(f"{path} is written; change it, then `lab check {path}` and `lab run {path}`")


def check(files: Files, json: Json = False) -> None:
    """Look for mistakes in scenario files, without a lab: all of them at once, each with its line."""
    from lab.scenario import catalogue as found
    from lab.scenario.format.problem import ScenarioError
    from lab.scenario.format.read import load

    problems = []
    paths = found.named(files)
    try:
        load(paths)
    except ScenarioError as error:
        problems = list(error.problems)
    if json:
        document([problem.to_json() for problem in problems])
    else:
        for problem in problems:
            say(str(problem))
        wrong = {problem.file for problem in problems}
        if problems:
            some = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
            say(f"{some} in {len(wrong)} of {len(paths)} file{'' if len(paths) == 1 else 's'}")
        else:
            say(f"{len(paths)} scenarios are fine" if len(paths) != 1 else "1 scenario is fine")
    if problems:
        raise typer.Exit(codes.USAGE)


def run(
    words: Words = None,
    everything: Annotated[bool, typer.Option("--all", help="Run the whole catalogue.")] = False,
    jobs: Annotated[int, typer.Option("-j", "--jobs", metavar="N", min=1, help="How many at a time.")] = 1,
    junit: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the results as JUnit XML.")] = None,
    evidence: Annotated[
        Path | None, typer.Option(metavar="DIR", file_okay=False, help="Save the evidence of every run there.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(metavar="N", help="Run them in another order, given by this number.")
    ] = None,
    lab: LabName = None,
    json: Json = False,
) -> None:
    """Run scenarios on the lab's real servers.

    Exit code 0 when all have passed or were skipped, else 1. The evidence of those that did not is in .lab/evidence.
    """
    from lab.scenario import catalogue as found
    from lab.scenario import junit as xml
    from lab.scenario.batch import Batch, run_all

    if bool(words) == everything:
        raise typer.BadParameter("name scenarios, or give --all")
    scenarios = found.catalogue() if everything else found.select(words or [])
    world = attach.world(str(lab))
    if not world.hosts():
        raise attach.not_up(str(lab))
    batch = Batch(jobs, seed, evidence or Path(".lab/evidence"), always=evidence is not None)
    began = time.monotonic()
    with _progress(len(scenarios), quiet=json) as told:
        results = run_all(scenarios, world, batch, told)
    if junit is not None:
        xml.write(junit, results)
    if json:
        document([result.to_json() for result in results])
    else:
        _summary(results, time.monotonic() - began)
    if not all(result.good for result in results):
        raise typer.Exit(codes.NO)


def show(
    tag: Annotated[list[str] | None, typer.Option("--tag", metavar="TAG", help="Only those with this tag.")] = None,
    json: Json = False,
) -> None:
    """Show the catalogue: every scenario, by group, with its title."""
    from lab.scenario import catalogue as found

    scenarios = found.tagged(found.catalogue(), tag or ())
    if json:
        document([_described(scenario) for scenario in scenarios])
    elif not scenarios:
        raise failure.AnswerError("no scenario has these tags", hint="`lab list` shows all")
    else:
        rows: list[Sequence[Cell]] = []
        for group, members in groupby(scenarios, key=lambda scenario: scenario.group):
            first, *others = members
            rows.append((group, (first.id, "bold"), first.title))
            rows += [("", (scenario.id, "bold"), scenario.title) for scenario in others]
        table(("GROUP", "SCENARIO", "TITLE"), rows)


def _described(scenario: Scenario) -> dict[str, object]:
    return {
        "id": scenario.id,
        "group": scenario.group,
        "title": scenario.title,
        "teaches": scenario.teaches.strip(),
        "standard": list(scenario.standard),
        "departs": scenario.departs,
        "observed": scenario.observed,
        "tags": list(scenario.tags),
        "source": scenario.source,
        "path": scenario.path,
    }


class _Told:
    """Says what has ended: a line each; on a terminal what is being run stands below."""

    def __init__(self, total: int, *, quiet: bool) -> None:
        self._total = total
        self._quiet = quiet
        self._lock = Lock()
        self._running: dict[str, float] = {}
        self._done = 0

    def __call__(self, scenario: Scenario, result: Result | None) -> None:
        with self._lock:
            if result is None:
                self._running[scenario.id] = time.monotonic()
                return
            self._running.pop(scenario.id, None)
            self._done += 1
            if not self._quiet:
                reason, *_ = (result.reason or "").split("\n")
                name = f"{scenario.id}: {reason}" if reason else scenario.id
                say(MARKS[result.outcome], f" {result.seconds:6.1f} s  {name}")
                for note in result.notes if result.good else ():
                    say(f"              note: {note}")

    def running(self, width: int) -> Text:
        """Return what is being run, on one line."""
        with self._lock:
            names = ", ".join(self._running) or "starting"
        told = joined((f"{self._done} of {self._total} done; running: {names}", "dim"))
        told.truncate(width, overflow="ellipsis")
        return told


@contextmanager
def _progress(total: int, *, quiet: bool) -> Iterator[_Told]:
    told = _Told(total, quiet=quiet)
    if quiet or not sys.stdout.isatty():
        yield told
        return
    with live(told.running, transient=True):
        yield told


def _summary(results: Sequence[Result], seconds: float) -> None:
    for result in results:
        if not result.good:
            say("")
            say(result.report())
    counts = {outcome: sum(each.outcome == outcome for each in results) for outcome in MARKS}
    words = {"pass": "passed", "fail": "failed", "unknown": "unknown", "error": "with an error", "skipped": "skipped"}
    told = ", ".join(f"{count} {words[outcome]}" for outcome, count in counts.items() if count)
    say(f"{told or 'nothing ran'} in {seconds:.1f} s")
