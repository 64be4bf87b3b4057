"""What is put back before a lab is started, on an engine in memory."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.faults import standing
from lab.faults.heal import before_start
from lab.state.lease import Lease
from tests.unit.memory_engine import MemoryEngine, host


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return tmp_path / "mail-lab" / "main"


def test_what_the_command_line_has_made_wrong_at_a_host_is_healed_and_told() -> None:
    engine = MemoryEngine(host("mx1", state="paused"), host("mx2", state="paused"), host("scripted", "scripted"))
    standing.note("main", "h1", "mx1", {"host": "paused"})
    standing.note("main", "h2", "mx9", {"host": "paused"})  # it is not there any more
    standing.note("main", "f1", "dns", {"kind": "drop"})  # the DNS keeps that one, and is started anew
    told: list[str] = []
    before_start(engine, "main", told.append)
    assert engine.done == [("unpause", "id-mx1")]
    assert told == ["healing mx1, where h1 of `lab fault add` stands (paused)"]
    assert [each.id for each in standing.read("main")] == ["h2", "f1"]


def test_what_a_killed_process_has_left_is_put_back(state: Path) -> None:
    lease = Lease("main")
    lease.note({"kind": "stopped", "host": "mx1", "wrong": {"host": "stopped"}})
    engine = MemoryEngine(host("mx1", state="exited"), host("scripted", "scripted"), host("mine", owner=lease.owner))
    before_start(engine, "main", lambda _: None)
    assert engine.done == []  # it lives
    kept = state / f"{lease.owner}.lease"
    text = kept.read_text()
    lease.close()
    kept.write_text(text)  # as kill -9 leaves it
    before_start(engine, "main", lambda _: None)
    assert engine.done == [("start", "id-mx1"), ("remove", "id-mine")]
    assert kept.exists()  # whoever attaches puts back the rest
