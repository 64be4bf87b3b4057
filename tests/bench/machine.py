"""The machine that a figure was measured on, and the figures in one form."""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Sequence
from pathlib import Path


def machine() -> str:
    """Return processor, cores, memory and kernel in a line."""
    cpu = next((line.split(":")[1].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")), "?")
    kib = next((int(line.split()[1]) for line in _lines("/proc/meminfo") if line.startswith("MemTotal")), 0)
    return f"{cpu}, {os.cpu_count()} cores, {kib / 2**20:.0f} GiB, Linux {platform.release()}"


def percentile(values: Sequence[float], percent: int) -> float:
    """Return a percentile of some values."""
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


def processor_seconds() -> float:
    """Return how many seconds this machine's processors have worked since it started: proc_stat(5), all but idle."""
    _, *ticks = _lines("/proc/stat")[0].split()
    user, nice, system, _idle, _iowait, *interrupts = (int(each) for each in ticks[:8])  # guests are in user and nice
    return (user + nice + system + sum(interrupts)) / os.sysconf("SC_CLK_TCK")


def show(title: str, *figures: str) -> None:
    """Print figures under a title, with the machine."""
    print(f"\n{title}\n  on {machine()}")
    for figure in figures:
        print(f"  {figure}")


def _lines(path: str) -> list[str]:
    return Path(path).read_text().splitlines()
