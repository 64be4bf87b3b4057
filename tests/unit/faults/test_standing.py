"""The record of what the command line has made wrong, and the making and healing, at a host in memory."""

from __future__ import annotations

import json
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from lab.errors import LabError
from lab.faults import keys, kinds, standing
from lab.faults.standing import Standing
from lab.state.lease import Lease, forget, in_force

NAME = "main"
REFUSE = keys.read("connect", "refuse")


class Kind:
    """A kind of fault that notes what is done with it."""

    def __init__(self) -> None:
        self.done: list[tuple[str, list[str]]] = []
        self.fails: set[str] = set()

    def apply(self, _: object) -> None:
        self._do("apply")

    def heal(self, _: object) -> None:
        self._do("heal")

    def _do(self, what: str) -> None:
        self.done.append((what, [each.id for each in standing.read(NAME)]))
        if what in self.fails:
            raise LabError(f"cannot {what}")


@pytest.fixture(autouse=True)
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the path of the record, which is not there yet."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return tmp_path / "mail-lab" / NAME / "standing.json"


@pytest.fixture
def refuse(monkeypatch: pytest.MonkeyPatch) -> Kind:
    kind = Kind()
    monkeypatch.setattr(kinds.KINDS["refuse"], "apply", lambda _, site: kind.apply(site))
    monkeypatch.setattr(kinds.KINDS["refuse"], "heal", staticmethod(kind.heal))
    return kind


def site(host: str = "mx1") -> Any:
    return SimpleNamespace(host=SimpleNamespace(name=host, role="mx"))


def test_nothing_stands_where_nothing_was_set() -> None:
    assert standing.read(NAME) == []
    forget(NAME)


def test_a_fault_is_noted_before_it_is_applied(refuse: Kind) -> None:
    entry = standing.set_at(NAME, site(), REFUSE)
    assert (entry.id, entry.where, entry.wrong, entry.kind) == ("h1", "mx1", {"connect": "refuse"}, "refuse")
    assert refuse.done == [("apply", ["h1"])]
    assert standing.read(NAME) == [entry]
    assert entry.since.endswith("Z")


@pytest.mark.usefixtures("refuse")
def test_ids_are_the_lowest_that_are_free() -> None:
    entries = [standing.set_at(NAME, site(host), REFUSE) for host in ("mx1", "mx2", "mx3")]
    standing.heal(NAME, site("mx2"), entries[1])
    assert [each.id for each in standing.read(NAME)] == ["h1", "h3"]
    assert standing.set_at(NAME, site("mx2"), REFUSE).id == "h2"


def test_a_fault_that_cannot_be_applied_is_healed_and_forgotten(refuse: Kind) -> None:
    refuse.fails.add("apply")
    with pytest.raises(LabError, match="cannot apply"):
        standing.set_at(NAME, site(), REFUSE)
    assert [what for what, _ in refuse.done] == ["apply", "heal"]
    assert standing.read(NAME) == []


def test_a_fault_that_cannot_be_healed_still_stands(refuse: Kind) -> None:
    entry = standing.set_at(NAME, site(), REFUSE)
    refuse.fails.add("heal")
    with pytest.raises(LabError, match="cannot heal"):
        standing.heal(NAME, site(), entry)
    assert standing.read(NAME) == [entry]


def test_faults_of_servers_are_noted_under_their_ids_and_healed_there() -> None:
    first = standing.note(NAME, "f1", "dns", {"kind": "drop"})
    again = standing.note(NAME, "f1", "dns", {"kind": "lame"})  # the server was started anew, and counts from 1
    assert (first.kind, standing.read(NAME)) == (None, [again])
    standing.drop(NAME, "f1", "P7")
    assert standing.read(NAME) == []


def test_kinds_are_those_of_the_faults_package() -> None:
    for wrong, kind in (
        ({"connect": "drop"}, "drop"),
        ({"host": "disk-full"}, "disk-full"),
        ({"scan_ban": {"after": 5}}, "scan_ban"),
        ({"connect": {"loss": 0.3}}, "loss"),
        ({"connect": {"close_after_accept": True}}, "close_after_accept"),
    ):
        assert Standing("h1", "mx1", wrong, "").kind == kind
        assert kind in kinds.KINDS


@pytest.mark.parametrize("text", ["{", "[1]", '[{"id": "h1"}]', "{}x"])
def test_a_record_that_cannot_be_read_is_told_with_its_file(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True)
    file.write_text(text)
    with pytest.raises(LabError, match=r"(?s)cannot read .*standing\.json.*`lab down` removes it"):
        standing.read(NAME)


def test_a_record_that_cannot_be_written_is_told(file: Path) -> None:
    file.parent.parent.mkdir(parents=True)
    file.parent.write_text("in the way")
    with pytest.raises(LabError, match=r"cannot (read|note)"):
        standing.note(NAME, "f1", "dns", {})


def test_the_record_is_replaced_as_a_whole(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    standing.note(NAME, "f1", "dns", {"kind": "drop"})
    with file.open() as reader:
        standing.note(NAME, "f2", "dns", {"kind": "ttl", "ttl": 1})
        assert [each["id"] for each in json.load(reader)] == ["f1"]  # who has opened the old one reads the old one
    before = file.read_text()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(LabError, match="No space left on device"):
        standing.note(NAME, "f3", "dns", {"kind": "lame"})
    assert file.read_text() == before


def test_what_living_processes_have_in_force_is_read_without_their_lock() -> None:
    lease = Lease(NAME)
    try:
        lease.note({"kind": "refuse", "host": "mx1"})
        assert in_force(NAME) == {lease.owner: [{"kind": "refuse", "host": "mx1"}]}
        lease.healed(1)
        assert in_force(NAME) == {lease.owner: []}
    finally:
        lease.close()
    assert in_force(NAME) == {}


def test_the_record_is_plain_json(file: Path) -> None:
    entry = standing.note(NAME, "P1", "mx1", {"rcpt": "450 4.2.0 später"})
    assert json.loads(file.read_text()) == [
        {"id": "P1", "where": "mx1", "wrong": {"rcpt": "450 4.2.0 später"}, "since": entry.since}
    ]
