"""How long the lab takes: to come up, and to know a route. Measured and printed, never asserted."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest

from lab import Lab
from lab.engine import connection
from lab.world import bundle
from lab.world.slot import Slot
from lab.world.world import World

from .machine import percentile, show

NAME = "bench"
SLOT = Slot(29)
MESSAGES = 100


@pytest.fixture
def spare() -> Iterator[World]:
    """Return a lab that is down, for tests that bring it up; taken down again."""
    world = World(NAME, connection.ensure(print))
    world.down(lambda _: None)
    yield world
    world.down(lambda _: None)


@pytest.mark.timeout(300)
def test_warm_start(spare: World, lab: Lab) -> None:
    """`lab up` with its images there, to every host ready, against bare Compose that waits for nothing."""
    del lab  # its being up means that the images are there
    environment = {
        **os.environ,
        "LAB": NAME,
        "LAB_NAME": NAME,
        **SLOT.variables(),
        "LAB_TAG": bundle.tag(),
        "LAB_TOKEN": "bench",  # without it the DNS and the scripted host end at once
    }
    bare = ["docker", "compose", "--file", str(bundle.compose_folder() / "compose.yaml"), "up", "--detach"]
    ours = [sys.executable, "-m", "lab", "up"]
    times: dict[str, list[float]] = {"bare": [], "lab up": []}
    for _ in range(3):
        for kind, command in (("bare", bare), ("lab up", ours)):
            start = time.perf_counter()
            subprocess.run(command, env=environment, check=True, capture_output=True)
            times[kind].append(time.perf_counter() - start)
            if kind == "lab up":
                start = time.perf_counter()
                subprocess.run(command, env=environment, check=True, capture_output=True)
                times.setdefault("lab up again", []).append(time.perf_counter() - start)
            spare.down(lambda _: None)
    best = {kind: min(values) for kind, values in times.items()}
    show(
        "warm start, best of 3",
        f"docker compose up --detach  {best['bare']:.2f} s",
        f"lab up, all hosts ready     {best['lab up']:.2f} s   ratio {best['lab up'] / best['bare']:.2f}",
        f"lab up on a running lab     {best['lab up again']:.2f} s",
    )


def test_submission_to_route(lab: Lab) -> None:
    """The full path: client, smarthost, mx1, mail store; then the route in hand."""
    lab.send(to=f"bia@{lab.domain}").route()
    whole, own = [], []
    for _ in range(MESSAGES):
        start = time.perf_counter()
        sent = lab.send(to=f"bia@{lab.domain}")
        sent.route()
        whole.append(time.perf_counter() - start)
        # What the servers' own log says last is what the route had to wait for; Docker's clock is this machine's.
        own.append(time.time() - max(event.at.timestamp() for event in sent.events()))
    show(
        f"submission to route, full path, {MESSAGES} messages one at a time",
        f"send() to route in hand     {both(whole)}",
        f"last log line to route      {both(own)}",
    )


def both(seconds: list[float]) -> str:
    """Return p50 and p95 in milliseconds."""
    return f"p50 {1000 * percentile(seconds, 50):.1f} ms, p95 {1000 * percentile(seconds, 95):.1f} ms"


def test_memory(lab: Lab) -> None:
    """What each host takes, as the kernel counts it for its container."""
    used = {}
    for host in lab.hosts.values():
        stats: Any = lab.docker.api.stats(host.container, stream=False)
        kinds = stats["memory_stats"]["stats"]  # cgroup 2 and 1 have different names
        cache = kinds.get("inactive_file", kinds.get("total_inactive_file", 0))
        used[host.name] = (stats["memory_stats"]["usage"] - cache) / 2**20
    show("memory", *(f"{name:<10} {value:6.1f} MiB" for name, value in sorted(used.items())))


@pytest.mark.timeout(900)
def test_make_test(lab_session: Lab) -> None:
    """`make test` on a lab that is up; this test uses none of its hosts, so that those tests can have them alone."""
    start = time.perf_counter()
    result = subprocess.run(
        ["make", "test"],
        cwd=bundle.root(),
        env={**os.environ, "LAB": lab_session.name},
        capture_output=True,
        check=False,
    )
    show("make test", f"{time.perf_counter() - start:.0f} s, exit code {result.returncode}")
