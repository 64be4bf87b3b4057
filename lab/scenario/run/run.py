"""Runs one scenario on a lab: sets the stage, takes the steps, looks, judges, and puts everything back.

In: a scenario, a :class:`lab.lab.Lab`. Out: a :class:`Result`; whatever goes wrong becomes one.
"""

from __future__ import annotations

import json
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from lab.errors import LabError, UnsupportedError
from lab.scenario.format.model import Scenario
from lab.scenario.run import hosts_needed
from lab.scenario.run.explained import meant
from lab.scenario.run.judge import worst
from lab.scenario.run.result import Outcome, Result
from lab.scenario.run.running import Running
from lab.scenario.run.stage import Stage
from lab.scenario.steps.order import listed
from lab.state import claims

if TYPE_CHECKING:
    from lab.lab import Lab
    from lab.route.departures import Departure


def run(scenario: Scenario, lab: Lab, *, evidence: Path | None = None, always: bool = False) -> Result:
    """Run *scenario* and return what came of it.

    The evidence of a run that does not pass is saved below *evidence*, with *always* that of every run.
    """
    began = time.monotonic()
    alone = hosts_needed.alone(scenario)
    stage = Stage(scenario, lab)
    try:
        with claims.claim(lab.name, hosts_needed.shared(scenario), alone | hosts_needed.names(scenario)):
            began = time.monotonic()  # waiting for others is no part of it
            with stage:
                return _Run(stage, alone, evidence, always=always).result(began)
    except UnsupportedError as error:
        return Result(scenario, "skipped", time.monotonic() - began, str(error.args[0]))
    except LabError as error:
        return Result(scenario, "error", time.monotonic() - began, stage.names.told(str(error)))


class _Run:
    def __init__(self, stage: Stage, alone: frozenset[str], evidence: Path | None, *, always: bool) -> None:
        self._stage = stage
        self._scenario = stage.scenario
        self._lab = stage.lab
        self._alone = alone
        self._evidence = evidence
        self._always = always
        self._running = Running(stage, alone)
        self._notes: list[str] = []

    def result(self, began: float) -> Result:
        """Take the steps, judge, and return the result."""
        try:
            for step in listed(self._scenario):
                step.run(self._running)
                if self._running.differences:  # what comes after a step that failed means nothing
                    break
            else:
                self._running.expect(self._scenario.expected)
        except UnsupportedError:
            raise
        except LabError as error:
            return self._end("error", began, str(error), ())
        departures = self._departures()
        verdicts = [each.verdict for each in self._running.judged]
        failed = bool(self._running.differences or departures)
        unsent = not self._scenario.messages  # sessions and steps, which have their own differences
        outcome: Outcome = "fail" if failed else "pass" if unsent and not verdicts else worst(verdicts)
        return self._end(outcome, began, None, departures)

    def _end(self, outcome: Outcome, began: float, reason: str | None, departures: tuple[Departure, ...]) -> Result:
        seconds = time.monotonic() - began
        shown = self._stage.names
        routes = tuple(shown.route(route) for each in self._running.submissions for route in each.known())
        folder, story = None, ""
        if outcome not in ("pass", "skipped") or self._always:
            story, folder = self._save()
        found = Result(
            self._scenario,
            outcome,
            seconds,
            None if reason is None else shown.told(reason),
            tuple(self._running.judged),
            tuple(self._running.differences),
            routes,
            departures,
            shown.told(story),
            folder,
            {f"${name}": domain for name, domain in self._stage.domains.items()},
            tuple(self._notes),
        )
        if folder is not None:
            with suppress(OSError):  # as above
                (folder / "result.json").write_text(json.dumps(found.to_json(), indent=1), "utf-8")
        return found

    def _save(self) -> tuple[str, Path | None]:
        """Return the story of the messages, and the folder with the evidence, as far as there is any."""
        from lab.mail import evidence

        submissions = self._running.submissions
        folder = self._evidence / self._scenario.id if self._evidence else None
        judge = self._running.observer.judge()
        story = "\n\n".join(evidence.report(each, judge) for each in submissions if each.origin)
        if folder is not None:
            with suppress(LabError):  # the result must still be seen
                evidence.save(
                    folder,
                    submissions,
                    self._running.began,
                    hosts=self._lab.hosts,
                    domains=self._lab.domains,
                    recorder=self._lab.recorder,
                    names=self._stage.names,
                    alone=self._alone,
                    judge=judge,
                )
        return story, folder

    def _departures(self) -> tuple[Departure, ...]:
        """Return the departures without a reason; a reason without its departure is noted, and no more.

        The servers did nothing wrong then: chance went the other way, or plans have learned something since. Where a
        plan leaves off nobody can tell a departure, nor that there is none.
        """
        reasons = self._scenario.departs_from_plan
        found, used, open_ = [], set(), set()
        for each in (sent for several in self._running.sent.values() for sent in several):
            open_ |= set(self._running.observer.unplanned(each))
            for departure, explained in self._running.observer.departures(each):
                entry = meant(departure, reasons)
                if entry is not None:
                    used.add(entry)
                elif not explained:
                    found.append(departure)
        for index, entry in enumerate(reasons):
            vague = bool(open_) if entry.host is None else entry.host in open_
            if entry not in used and not vague and not self._running.differences:
                what = f"{entry.kind} at {entry.target or entry.host or 'a host'}: {entry.why}"
                self._notes.append(f"departs_from_plan[{index}] ({what}) was not needed")
        return tuple(dict.fromkeys(found))
