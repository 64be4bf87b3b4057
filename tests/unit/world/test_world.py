"""A lab taken down, on an engine in memory."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.engine.protocol import BusyError, Network
from lab.errors import MachineError
from lab.state.lease import standing_file
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
