"""How long the catalogue takes, one scenario at a time and eight at a time. Measured and printed, never asserted."""

from __future__ import annotations

import time
from collections import Counter

import pytest

from lab import Lab
from lab.engine import connection
from lab.scenario.batch import Batch, run_all
from lab.scenario.catalogue import catalogue
from lab.world.world import World

from .machine import percentile, processor_seconds, show


@pytest.mark.timeout(3600)
def test_catalogue(lab: Lab) -> None:
    """The whole catalogue, in series and with eight jobs."""
    world = World(lab.name, connection.ensure(print))
    scenarios = catalogue()
    walls = {}
    for jobs in (1, 8):
        start, worked = time.perf_counter(), processor_seconds()
        results = run_all(scenarios, world, Batch(jobs=jobs, seed=1), lambda *_: None)
        walls[jobs] = time.perf_counter() - start
        worked = processor_seconds() - worked
        outcomes = Counter(result.outcome for result in results)
        alone = [result.seconds for result in results]
        told = ", ".join(f"{count} {outcome}" for outcome, count in outcomes.items())
        show(
            f"{len(scenarios)} scenarios, {jobs} at a time",
            f"wall time {walls[jobs]:.1f} s; {told}",
            f"processor time {worked:.0f} s, all that this machine did meanwhile: {worked / len(scenarios):.2f} s each",
            f"each: p50 {percentile(alone, 50):.1f} s, p95 {percentile(alone, 95):.1f} s, longest {max(alone):.1f} s",
            *(line for result in results if not result.good for line in (result.scenario.id, *result.lines())),
        )
    show("eight at a time over one at a time", f"{walls[8] / walls[1]:.2f} of the wall time")
