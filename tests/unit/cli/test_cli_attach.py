"""Attaching to a lab: what is there, and what is not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from lab.cli import attach, complete, lookup, names
from lab.cli.failure import NotUpError
from lab.engine.protocol import Network, Pool
from lab.errors import LabError, MachineError
from lab.world.doors import Door
from tests.unit.memory_engine import MemoryEngine, host

from .conftest import FakeLab, FakeWorld, make_status


def test_a_lab_without_hosts_is_not_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attach, "world", type("World", (FakeWorld,), {"states": {}}))
    with pytest.raises(NotUpError, match="the lab 'main' is not up"), attach.lab("main"):
        pass


def test_an_engine_that_does_not_answer_is_the_machine_in_the_way(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    with pytest.raises(MachineError) as raised:
        attach.engine()
    assert raised.value.args[0] == f"the Docker engine does not answer at unix://{tmp_path}/none.sock"
    assert raised.value.hint


def test_a_dns_that_is_not_published(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakeLab()
    fake.access.ports = {Door("dns", 53): 25053}

    @contextmanager
    def lab(_: str) -> Iterator[FakeLab]:
        yield fake

    monkeypatch.setattr(attach, "lab", lab)
    with pytest.raises(MachineError, match="its port is not published"), attach.dns("main"):
        pass


def test_labs_are_found_by_their_networks_and_by_their_containers() -> None:
    engine = MemoryEngine(host("mx1", lab="half"), host("mx2", lab="main"))
    engine.nets = [
        Network(name, name, {"mail-lab.name": name, "mail-lab.slot": "0"}, pools=(Pool("198.18.0.0/20"),))
        for name in ("main", "gone")
    ]
    assert attach.labs(engine) == ["gone", "half", "main"]


def test_completion_offers_what_begins_so_and_nothing_where_nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    context: Any = SimpleNamespace(params={"lab": "second"}, find_root=lambda: SimpleNamespace(params={}))
    states = {"second": make_status("second")}
    monkeypatch.setattr(attach, "world", type("World", (FakeWorld,), {"states": states}))
    assert complete.hosts(context, "mx") == ["mx1", "mx2", "mx3"]
    assert complete.users(context, "b") == ["bia"]
    states.clear()
    assert complete.hosts(context, "mx") == []

    def world(_: str) -> None:
        raise LabError("no Docker")

    monkeypatch.setattr(attach, "world", world)
    assert complete.hosts(context, "mx") == []


@pytest.mark.parametrize(
    ("called", "found", "shown"),
    [
        ("/usr/bin/lab", "/usr/bin/lab", "lab status"),
        (".venv/bin/lab", None, ".venv/bin/lab status"),
        ("/elsewhere/bin/lab", None, "/elsewhere/bin/lab status"),
    ],
)
def test_commands_are_shown_as_they_can_be_typed_here(
    monkeypatch: pytest.MonkeyPatch, called: str, found: str | None, shown: str
) -> None:
    monkeypatch.setattr("sys.argv", [called])
    monkeypatch.setattr("shutil.which", lambda _: found)
    assert names.command("status", "main") == shown
    assert names.command("status", "second") == f"{shown} --lab second"


@pytest.mark.parametrize(
    ("name", "type_"),
    [
        ("dest.test", "MXX"),
        ("dest.test", "TYPE65536"),
        ("dest.test", "TYPE²"),
        ("a..b", "MX"),
        ("\ud800", "A"),
        ("x" * 64, "A"),
    ],
)
def test_a_question_that_is_none(name: str, type_: str) -> None:
    with pytest.raises(LabError, match=" is not a question: "):
        lookup.ask(1, name, type_)


def test_a_dns_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise ConnectionRefusedError("refused")

    monkeypatch.setattr("dns.query.tcp", refuse)
    with pytest.raises(LabError, match="the DNS does not answer: refused") as raised:
        lookup.ask(1, "dest.test", "MX")
    assert raised.value.__cause__ is not None
