"""How long a fault takes to be applied and healed, and a host of a test to be there. Measured, never asserted."""

from __future__ import annotations

import time

from lab import Lab
from lab.faults.kinds import KINDS

from .machine import percentile, show

TIMES = 5


def test_apply_and_heal(lab: Lab) -> None:
    """Each kind at mx1; healed is a host that answers again."""
    assert lab.holding is not None
    figures = []
    with lab.holding.alone("mx1"):  # what is measured is the fault, not the wait for the host
        for name, kind in KINDS.items():
            applied, healed = [], []
            for _ in range(TIMES):
                start = time.perf_counter()
                with lab.fault("mx1", **{kind.key: kind.example}):
                    applied.append(time.perf_counter() - start)
                    start = time.perf_counter()
                healed.append(time.perf_counter() - start)
            figures.append(f"{name:<12} apply {both(applied)}   heal {both(healed)}")
    show(f"faults at a real host, {TIMES} times each, p50 (most)", *figures)


def test_replies(lab: Lab) -> None:
    """What a real MX answers."""
    lab.domain  # noqa: B018  the zone is no part of it
    applied, healed = [], []
    for _ in range(TIMES):
        start = time.perf_counter()
        with lab.fault("mx1", rcpt="450 4.2.0 later"):
            applied.append(time.perf_counter() - start)
            start = time.perf_counter()
        healed.append(time.perf_counter() - start)
    show("a reply of a real MX, p50 (most)", f"apply {both(applied)}   heal {both(healed)}")


def test_host_of_a_test(lab: Lab) -> None:
    """A guest, from the call to a host that takes connections."""
    took = []
    for number in range(TIMES):
        start = time.perf_counter()
        lab.host(f"guest{number}", like="mx1")
        took.append(time.perf_counter() - start)
    show("a host that a test brings along, start to ready, p50 (most)", both(took))


def both(seconds: list[float]) -> str:
    """Return p50 and the longest in milliseconds."""
    return f"{1000 * percentile(seconds, 50):6.0f} ms ({1000 * max(seconds):.0f})"
