"""What a host costs that a test brings along, where it is one of many. Measured and printed, never asserted.

Each figure is for one host, and a ratio to the same among the fewest: 1.0 all the way down is a straight line.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import astuple, dataclass
from pathlib import Path

import pytest

from lab import Lab

from .machine import show

HOSTS = (25, 50, 100, 200)
AT_ONCE = 8  # are being started at any time


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one host: seconds to its start, its message's route and its removal; processor-seconds; MiB."""

    start: float
    route: float
    remove: float
    processor: float
    memory: float


@pytest.mark.timeout(1800)
def test_many_hosts_at_once(lab: Lab) -> None:
    """Started by several threads, a message through each, all removed."""
    lab.host("warm")
    lab.reset()
    costs = {number: _cost(lab, number) for number in HOSTS}
    first = astuple(costs[HOSTS[0]])
    rows = [
        f"{number:>5}  "
        + "  ".join(f"{value:9.3f} {value / unit:6.2f}" for value, unit in zip(astuple(cost), first, strict=True))
        for number, cost in costs.items()
    ]
    names = ("start s", "route s", "remove s", "processor", "MiB")
    show(
        f"hosts at once, {AT_ONCE} starting at any time",
        "hosts  " + "  ".join(f"{name:>9}  ratio" for name in names),
        *rows,
    )


def _cost(lab: Lab, number: int) -> Cost:
    names = [f"h{each}" for each in range(number)]
    free, busy = _free(), _busy()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        started = _timed(lambda: list(pool.map(lab.host, names)))
    taken = free - _free()

    def through_each() -> None:
        sent = [lab.send(to=f"bia@{lab.domain}", via=name) for name in names]
        assert {submission.route().outcome for submission in sent} == {"delivered"}

    routed = _timed(through_each)
    removed = _timed(lab.reset)
    return Cost(*(each / number for each in (started, routed, removed, _busy() - busy, taken)))


def _timed(action: Callable[[], object]) -> float:
    begin = time.perf_counter()
    action()
    return time.perf_counter() - begin


def _free() -> float:
    """Return the MiB that are available, by the kernel's own estimate."""
    line = next(each for each in Path("/proc/meminfo").read_text().splitlines() if each.startswith("MemAvailable"))
    return int(line.split()[1]) / 1024


def _busy() -> float:
    """Return the seconds that the machine's processors have worked, for whomever."""
    user, nice, system, _, _, irq, soft, *_ = map(int, Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:])
    return (user + nice + system + irq + soft) / 100
