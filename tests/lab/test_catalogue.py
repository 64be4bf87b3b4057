"""The whole catalogue on one world, many scenarios at a time, in an order that is new each time."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from lab import Lab
from lab.engine import connection
from lab.scenario.batch import Batch, run_all
from lab.scenario.catalogue import catalogue
from lab.world.world import World

JOBS = 8


@pytest.mark.timeout(900)
def test_every_scenario_passes_in_parallel_and_in_any_order(lab_session: Lab, tmp_path: Path) -> None:
    """A scenario that needs what this engine does not allow is skipped, and says so."""
    scenarios = catalogue()
    seed = random.randrange(10_000)  # noqa: S311  an order of tests, no secret
    world = World(lab_session.name, connection.ensure(print))
    results = run_all(scenarios, world, Batch(jobs=JOBS, seed=seed, evidence=tmp_path), lambda *_: None)
    bad = [result.report() for result in results if not result.good]
    assert not bad, f"{len(bad)} of {len(results)} with seed {seed}\n\n" + "\n\n".join(bad)
    unneeded = [f"{result.scenario.id}: {note}" for result in results for note in result.notes]
    assert not unneeded, "the catalogue excuses what does not happen"
    skipped = [f"{result.scenario.id}: {result.reason}" for result in results if result.outcome == "skipped"]
    print(f"{len(results) - len(skipped)} scenarios passed, seed {seed}; skipped: {', '.join(skipped) or 'none'}")
