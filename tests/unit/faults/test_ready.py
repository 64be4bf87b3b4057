"""Waiting for hosts that were healed: at the doors of the world."""

from __future__ import annotations

import pytest

from lab.errors import LabError
from lab.faults.ready import await_ready
from lab.world import ready
from lab.world.doors import Door


def test_waiting_asks_the_doors_of_the_hosts_and_all_behind_the_gateway(monkeypatch: pytest.MonkeyPatch) -> None:
    ports = {Door("mx1", 25): 1, Door("mx2", 25): 2}
    asked: list[set[str]] = []
    problems: dict[Door, str] = {}

    def wait(doors: dict[Door, int], *_: object) -> dict[Door, str]:
        asked.append({door.host for door in doors})
        return problems

    monkeypatch.setattr(ready, "wait", wait)
    await_ready(ports, ["mx1"])
    await_ready(ports, ["gateway"])
    assert asked == [{"mx1"}, {"mx1", "mx2"}]
    problems[Door("mx1", 25)] = "no greeting yet"
    with pytest.raises(LabError, match=r"mx1:25 does not come back: no greeting yet"):
        await_ready(ports, ["mx1"])
