"""The lab as a test holds it: what is made at its first use, who closes it, and what stays for the next command."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from lab import Lab
from lab.engine.hosts import Host
from lab.errors import LabError
from lab.state.lease import living
from tests.unit.memory_engine import MemoryEngine, host

NAMES = ("mx1", "gateway")


@pytest.fixture
def engine() -> MemoryEngine:
    return MemoryEngine(*(host(name, name.rstrip("1")) for name in NAMES))


@pytest.fixture
def world(engine: MemoryEngine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    hosts = {name: Host(name, name.rstrip("1"), "", "198.18.0.11", "running", f"id-{name}", "") for name in NAMES}
    return SimpleNamespace(name="main", engine=engine, hosts=lambda: hosts)


@pytest.fixture
def lab(world: Any) -> Iterator[Lab]:
    with Lab(world) as attached:
        yield attached


def test_a_lab_that_nobody_has_asked_for_anything_leaves_no_trace(lab: Lab, engine: MemoryEngine) -> None:
    assert living("main") == set()
    assert (engine.followed, engine.done) == ([], [])
    lab.reset()
    assert living("main") == set()


def test_what_was_made_is_closed_at_the_end(lab: Lab, engine: MemoryEngine) -> None:
    recorder, owner = lab.recorder, lab.lease.owner
    assert (lab.recorder, lab.lease.owner) == (recorder, owner)
    assert living("main") == {owner}
    assert engine.followed
    lab.close()
    assert living("main") == set()
    assert recorder.new(0) == ([], 0)


def test_a_recorder_that_others_listen_through_stays_open(lab: Lab, world: Any) -> None:
    with Lab(world, recorder=lab.recorder) as second:
        assert second.recorder is lab.recorder
    assert lab.recorder.new(0, 0) == ([], 0)
    assert not lab.recorder._closed


def test_what_could_not_be_put_back_is_left_to_the_next_command(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses() -> None:
        raise LabError("no answer")

    owner = lab.lease.owner
    with monkeypatch.context() as broken:
        broken.setattr(lab.domains, "clear", refuses)
        with pytest.raises(LabError, match="no answer"):
            lab.close()
    assert living("main") == {owner}


@pytest.mark.parametrize("fails", [False, True])
def test_the_hosts_are_held_for_one_test(lab: Lab, fails: bool) -> None:
    with suppress(ZeroDivisionError), lab.one_test():
        assert lab.holding is not None
        _ = 1 / (not fails)
    assert lab.holding is None


def test_a_lab_that_is_not_up(world: Any) -> None:
    world.hosts = dict
    with pytest.raises(LabError, match=r"lab 'main' is not up\n  run `lab up`"):
        Lab(world)
