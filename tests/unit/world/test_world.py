"""A lab isolated, and taken down, on an engine in memory."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path
from subprocess import CalledProcessError

import pytest

from lab.engine.protocol import BusyError, Network, Ran, RefusedError
from lab.errors import MachineError
from lab.state.lease import standing_file
from lab.world.slot import Slot
from lab.world.world import World
from tests.unit.memory_engine import MemoryEngine, host

LABELS = {"mail-lab.name": "main"}


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MemoryEngine:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    found = MemoryEngine(host("mx1"), host("mine", owner="me"), host("mx2", lab="second"))
    found.nets = [Network("1", "lab", LABELS), Network("2", "outside", LABELS), Network("3", "other", {})]
    found.tags = ["mail-lab/scripted:0123"]
    return found


def test_down_removes_all_that_is_the_labs(engine: MemoryEngine) -> None:
    standing_file("main").parent.mkdir(parents=True)
    standing_file("main").write_text("{")  # not even a broken record keeps a lab from going down
    assert World("main", engine).down(lambda _: None)
    assert list(engine.there) == ["id-mx2"]
    assert [each.name for each in engine.nets] == ["other"]
    assert engine.ran == [("nft", "add table inet mail-lab-main; delete table inet mail-lab-main")]
    assert not standing_file("main").exists()
    assert not World("main", engine).down(lambda _: None)


def test_a_network_that_the_engine_keeps_is_told_when_all_else_is_removed(engine: MemoryEngine) -> None:
    engine.refused["remove_network"] = BusyError("network lab has active endpoints")
    with pytest.raises(MachineError) as caught:
        World("main", engine).down(lambda _: None)
    cause, hint = str(caught.value.args[0]), str(caught.value.hint)
    assert cause.splitlines()[0] == "the engine keeps the network lab: network lab has active endpoints"
    assert "restart the engine" in hint
    assert list(engine.there) == ["id-mx2"]
    assert engine.ran  # the firewall is cleared, too


def isolating(engine: MemoryEngine, meanwhile: Callable[[], None] = lambda: None) -> str:
    """Let Compose make containers until the lab has been isolated once, or cannot be; then *meanwhile* happens."""
    made = Future[None]()

    def compose(_: Sequence[str]) -> Ran:
        if not made.done():
            meanwhile()
            made.set_result(None)
        return Ran(0, "")

    engine.answer = compose
    return World("main", engine)._isolated(Slot(0), made)


def test_a_lab_is_isolated_while_its_containers_are_made(engine: MemoryEngine) -> None:
    assert isolating(engine) == ""
    assert len(engine.ran) == 1


def test_a_network_that_compose_replaces_is_isolated_too(engine: MemoryEngine) -> None:
    def replace() -> None:
        engine.nets[0] = Network("4", "lab", LABELS)

    assert isolating(engine, replace) == ""
    assert len(engine.ran) == 2


def test_what_cannot_be_isolated_is_told_when_all_is_made(engine: MemoryEngine) -> None:
    engine.nets[0] = Network("1", "lab", LABELS, ipv6=True)
    engine.refused["run"] = RefusedError("host network is forbidden")
    made = Future[None]()
    threading.Timer(0.05, made.set_result, [None]).start()
    with pytest.raises(MachineError, match="host network is forbidden"):
        World("main", engine)._isolated(Slot(0), made)


def test_what_compose_says_comes_first(engine: MemoryEngine) -> None:
    engine.nets = []
    made = Future[None]()
    made.set_exception(CalledProcessError(1, "docker compose create"))
    with pytest.raises(CalledProcessError):
        World("main", engine)._isolated(Slot(0), made)
    assert engine.ran == []
