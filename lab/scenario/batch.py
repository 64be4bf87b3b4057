"""Runs many scenarios on one lab, several at a time, and says what came of each as it ends.

In: scenarios, the world they run in. Out: results in the order of the scenarios. The workers share one recorder: every
host's log is read once, however many look at it. A scenario that cannot run beside those that are running, since one of
them needs a host alone, waits while others are begun (:mod:`lab.state.claims` holds that between processes too).
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lab.scenario.format.model import Scenario
from lab.scenario.run import hosts_needed
from lab.scenario.run.result import Result
from lab.scenario.run.run import run

if TYPE_CHECKING:
    from lab.lab import Lab
    from lab.world.world import World

Told = Callable[[Scenario, Result | None], None]


@dataclass(frozen=True, slots=True)
class Batch:
    """How it is run: *jobs* at a time, shuffled by *seed* (None: in order); *always* with evidence, or if it fails."""

    jobs: int = 1
    seed: int | None = None
    evidence: Path | None = None
    always: bool = False


def run_all(scenarios: Sequence[Scenario], world: World, batch: Batch, told: Told) -> list[Result]:
    """Run *scenarios*; *told* gets each when it begins (None) and when it has ended.

    What nobody expected while one runs ends all, and is raised; nothing more is begun after Ctrl-C either.
    """
    order = list(scenarios)
    if batch.seed is not None:
        random.Random(batch.seed).shuffle(order)  # noqa: S311  an order of tests, no secret
    schedule = Schedule(order)
    with labs(world, max(1, min(batch.jobs, len(order)))) as open_labs:
        threads = [
            threading.Thread(target=_work, args=(schedule, lab, batch, told), name=f"lab-run-{number}")
            for number, lab in enumerate(open_labs)
        ]
        for thread in threads:
            thread.start()
        try:
            for thread in threads:
                thread.join()
        except BaseException:
            schedule.stop(None)
            for thread in threads:
                thread.join()
            raise
    return [schedule.result(scenario) for scenario in scenarios]


@contextmanager
def labs(world: World, count: int) -> Iterator[list[Lab]]:
    """Yield *count* labs that share one recorder, and put everything back after that."""
    from lab.lab import Lab

    with ExitStack() as opened:
        first = opened.enter_context(Lab(world))
        yield [first, *(opened.enter_context(Lab(world, recorder=first.recorder)) for _ in range(count - 1))]


class Schedule:
    """Which scenario is next: the first that does not get in the way of those that are running."""

    def __init__(self, order: Sequence[Scenario]) -> None:
        self._left = list(order)
        self._running: list[Scenario] = []
        self._results: dict[str, Result] = {}
        self._changed = threading.Condition()
        self._failure: BaseException | None = None

    def next(self) -> Scenario | None:
        """Return what to run now, waiting for others to end if need be; None when nothing is left."""
        with self._changed:
            while self._left:
                fitting = (each for each in self._left if not any(disturbs(each, other) for other in self._running))
                scenario = next(fitting, None)
                if scenario is not None:
                    self._left.remove(scenario)
                    self._running.append(scenario)
                    return scenario
                self._changed.wait()
            return None

    def done(self, scenario: Scenario, result: Result) -> None:
        """Note what came of a scenario."""
        with self._changed:
            self._running.remove(scenario)
            self._results[scenario.path] = result
            self._changed.notify_all()

    def stop(self, failure: BaseException | None) -> None:
        """Let nothing more begin; *failure* is raised to whoever asks for results."""
        with self._changed:
            self._left.clear()
            self._failure = self._failure or failure
            self._changed.notify_all()

    def result(self, scenario: Scenario) -> Result:
        """Return what came of a scenario."""
        if self._failure is not None:
            raise self._failure
        return self._results[scenario.path]


def disturbs(one: Scenario, other: Scenario) -> bool:
    """Return whether one of two scenarios needs a host, or a name in the DNS, alone that the other one uses."""
    first, second = (hosts_needed.alone(each) | hosts_needed.names(each) for each in (one, other))
    return bool(first & (second | hosts_needed.shared(other)) or second & hosts_needed.shared(one))


def _work(schedule: Schedule, lab: Lab, batch: Batch, told: Told) -> None:
    while (scenario := schedule.next()) is not None:
        try:
            told(scenario, None)
            result = run(scenario, lab, evidence=batch.evidence, always=batch.always)
            told(scenario, result)
        except BaseException as error:  # noqa: BLE001  a thread's error is raised where results are asked for
            schedule.stop(error)
            return
        schedule.done(scenario, result)
