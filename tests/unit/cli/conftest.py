"""A lab in memory for the command line: hosts, a recorded message, a DNS, queues and mailboxes, without Docker."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from lab.cli import attach, in_force
from lab.cli.app import app
from lab.engine.hosts import Host, known
from lab.errors import LabError
from lab.mail.mailbox import StoredMessage
from lab.mail.recorder import Line
from lab.mail.submission import Submission
from lab.mail.submit import Receipt, Reply
from lab.mail.watch import Watch
from lab.route.history import History
from lab.route.plan import Plan
from lab.servers.queue import QueuedMessage
from lab.world import bundle
from lab.world.doors import doors
from lab.world.slot import Slot
from lab.world.world import Status
from tests.unit.memory_engine import MemoryEngine, host
from tests.unit.route.recordings import WORLD, parsed, read_history, read_lines

ROLES = {"dns": "dns", "gateway": "gateway", "mailstore": "mailstore", "scripted": "scripted", "smarthost": "smarthost"}
DOMAINS = {"client": "home.test", "direct": "home.test", "smarthost": "isp.test"}
TAG = bundle.tag()
MAIL = b"From: ana@home.test\nTo: bia@dest.test\nSubject: Lunch\nMessage-ID: <1@home.test>\n\nAt one?\n"
PLAN = Plan("bia@refuse2.run.test", "direct", "smtp", "refuse2.run.test", "It is elsewhere.", "RFC 5321 5.1")
REFUSED_TWICE = Receipt(
    "ana@home.test",
    "<refuse2@home.test>",
    ("bia@refuse2.run.test",),
    final=Reply(250, "2.0.0 Ok: queued as 4jYhXL2v5NzDPPF"),
    queue_id="4jYhXL2v5NzDPPF",
)


def make_hosts() -> dict[str, Host]:
    octets = {**WORLD, "198.18.77.13": "mx3"}
    return {
        name: Host(
            name=name,
            role=ROLES.get(name, "mx" if name.startswith("mx") else "client"),
            fqdn=f"{name}.{DOMAINS.get(name, 'dest.test' if name.startswith('mx') else 'lab.test')}",
            address=address.replace("198.18.77.", "198.18.0."),
            state="running",
            container=f"id-{name}",
            image=f"mail-lab/{name}:{TAG}",
        )
        for address, name in octets.items()
    }


def make_status(name: str = "main", **changes: Any) -> Status:
    ports = {door: 25000 + inner % 100 for door, inner in doors().items()}
    slot = Slot(0)
    values = {
        "slot": slot,
        "subnet": slot.subnet,
        "hosts": make_hosts(),
        "ports": ports,
        "problems": {},
        "missing": (),
        **changes,
    }
    return Status(name=name, **values)


class FakeRecorder:
    """A recording, instead of logs that are followed."""

    def __init__(self, name: str) -> None:
        self.history = read_history(name)
        self.said = [Line(at, host, text, parsed(host, at, text)) for host, at, text in read_lines(name)]

    def __enter__(self) -> FakeRecorder:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def wait(self, ready: Callable[[History], bool], _: float) -> bool:
        return ready(self.history)

    def read(self, question: Callable[[History], Any]) -> Any:
        return question(self.history)

    def new(self, cursor: int, _: float | None = None) -> tuple[list[Line], int]:
        return self.said[cursor:], len(self.said)

    def lines(self, _: datetime) -> list[Line]:
        return self.said

    def close(self) -> None:
        pass


@dataclass
class FakeQueue:
    host: str
    done: list[tuple[str, ...]]
    messages: list[QueuedMessage] = field(default_factory=list)

    def list(self) -> Sequence[QueuedMessage]:
        return self.messages

    def flush(self, queue_id: str | None = None) -> None:
        self.done.append(("flush", self.host, queue_id or ""))

    def get(self, queue_id: str) -> QueuedMessage | None:
        return next((message for message in self.messages if message.queue_id == queue_id), None)

    def hold(self, queue_id: str) -> int:
        return self._change("hold", queue_id)

    def release(self, queue_id: str) -> int:
        return self._change("release", queue_id)

    def expire(self, queue_id: str) -> int:
        return self._change("expire", queue_id)

    def delete(self, queue_id: str) -> int:
        return self._change("delete", queue_id)

    def _change(self, verb: str, queue_id: str) -> int:
        self.done.append((verb, self.host, queue_id))
        return len(self.messages) if queue_id == "ALL" else int(self.get(queue_id) is not None)


class FakeMailbox:
    address = "bia@dest.test"

    def names(self) -> list[str]:
        return ["INBOX", "Junk"]

    def messages(self, mailbox: str = "INBOX", _: str | None = None) -> list[StoredMessage]:
        return [StoredMessage("INBOX", 7, MAIL)] if mailbox == "INBOX" else []


@dataclass
class FakeDns:
    done: list[tuple[Any, ...]] = field(default_factory=list)
    refusal: LabError | None = None
    in_force: list[dict[str, Any]] = field(default_factory=list)

    def zones(self) -> list[dict[str, Any]]:
        return [{"origin": "dest.test.", "owner": "world", "records": 9}, *self._put()]

    def _put(self) -> list[dict[str, Any]]:
        return [{"origin": each[1], "owner": "cli", "records": 3} for each in self.done if each[0] == "put"]

    def zone(self, origin: str) -> str:
        return f"; {origin}\n@ MX 10 mx1\n"

    def put(self, origin: str, text: str, variables: dict[str, str], file: str) -> None:
        if self.refusal:
            raise self.refusal
        self.done.append(("put", origin, text, variables, file))

    def remove(self, origin: str) -> None:
        self.done.append(("remove", origin))

    def history(self, **filters: Any) -> list[dict[str, Any]]:
        self.done.append(("history", filters))
        query = {"at": "2026-01-01T12:00:00.123456Z", "transport": "udp", "type": "MX", "name": "dest.test."}
        answer = {"rcode": "NOERROR", "answers": ["10 mx1.dest.test."], "fault": None}
        return [
            {**query, **answer, "client": "198.18.0.22"},
            {**query, **answer, "client": "198.18.0.99", "answers": []},
        ]

    def follow(self, **filters: Any) -> Iterator[dict[str, Any]]:
        return iter(self.history(**filters))

    def fault(self, **given: Any) -> str:
        self.in_force.append({"id": f"f{len(self.in_force) + 1}", "owner": "cli", "fault": "", "met": 0, **given})
        return str(self.in_force[-1]["id"])

    def faults(self) -> list[dict[str, Any]]:
        return self.in_force

    def heal(self, fault: str) -> None:
        self.in_force[:] = [each for each in self.in_force if each["id"] != fault]


@dataclass
class FakeScripted:
    """The policy service; *most* rules are taken, the next one is refused."""

    standing: list[dict[str, Any]] = field(default_factory=list)
    most: int = 9

    def policy(self, **rule: Any) -> str:
        if len(self.standing) == self.most:
            raise LabError("no more rules")
        self.standing.append({"id": f"P{len(self.standing) + 1}", "owner": "cli", **rule})
        return str(self.standing[-1]["id"])

    def policies(self) -> list[dict[str, Any]]:
        return self.standing

    def retract(self, policy: str) -> None:
        self.standing[:] = [each for each in self.standing if each["id"] != policy]


def make_engine() -> MemoryEngine:
    """Return an engine on which two hosts have logged something."""
    engine = MemoryEngine(*(host(name, each.role) for name, each in make_hosts().items()))
    engine.logs = {
        "id-mx1": "2026-01-01T12:00:00.000002000Z second\n2026-01-01T12:00:02.000000000Z [red]fourth[/red]\n",
        "id-mx2": "2026-01-01T12:00:00.000001000Z first\n2026-01-01T12:00:01.000000000Z third\n",
    }
    return engine


class FakeLab:
    """What commands ask of :class:`lab.lab.Lab`; ``recording`` is the message that is sent."""

    def __init__(self) -> None:
        self.hosts = make_hosts()
        self.access = SimpleNamespace(ports=make_status().ports)
        self.recording = "refuse2"
        self.receipt = REFUSED_TWICE
        self.asked: list[dict[str, Any]] = []
        self.queued: dict[str, list[QueuedMessage]] = {}
        self.faults: list[dict[str, Any]] = []
        self.queue_commands: list[tuple[str, ...]] = []
        self.engine = make_engine()
        self.name = "main"
        self.bans: dict[str, int] = {}
        self.dns = FakeDns()
        self.scripted = FakeScripted()
        self.names = dict(WORLD)
        self.recorder = FakeRecorder(self.recording)

    @property
    def watch(self) -> Watch:
        return Watch(self.recorder, lambda: [], lambda *_: None)  # type: ignore[arg-type]  # what a Watch asks of a recorder

    def send(self, **keywords: Any) -> Submission:
        self.asked.append(keywords)
        return Submission(self.watch, lambda *_: {}, keywords["via"], self.receipt, {})

    def one_test(self) -> AbstractContextManager[None]:
        return nullcontext()

    def explain(self, recipient: str, via: str = "client", sender: str | None = None) -> Plan:
        self.asked.append({"recipient": recipient, "via": via, "sender": sender})
        known(self.hosts, via)
        return PLAN

    def banned(self, host: str) -> dict[str, int]:
        known(self.hosts, host)
        return self.bans

    def follow(self, since: float | None, *, mail_only: bool = True) -> FakeRecorder:
        del mail_only
        self.asked.append({"since": since})
        return self.recorder

    def queue(self, host: str) -> FakeQueue:
        known(self.hosts, host)
        return FakeQueue(host, self.queue_commands, self.queued.get(host, []))

    def mailbox(self, user: str) -> FakeMailbox:
        self.asked.append({"user": user})
        return FakeMailbox()


class FakeWorld:
    """What commands ask of :class:`lab.world.world.World`. ``states`` has the labs that there are."""

    states: dict[str, Status | None]

    def __init__(self, name: str, engine: object = None) -> None:
        self.name = name
        self.engine = engine

    def hosts(self) -> dict[str, Host]:
        found = self.states.get(self.name)
        return dict(found.hosts) if found else {}

    def status(self) -> Status | None:
        return self.states.get(self.name)

    def down(self, report: Callable[[str], None], *, images: bool = False) -> bool:
        del report, images
        return self.states.pop(self.name, None) is not None


@pytest.fixture
def fake() -> FakeLab:
    return FakeLab()


@pytest.fixture
def states() -> dict[str, Status | None]:
    """Return the labs there are, by name; a test may add and remove some."""
    return {"main": make_status()}


@pytest.fixture
def run(
    fake: FakeLab, states: dict[str, Status | None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Callable[..., Result]:
    """Return a function that runs `lab` with arguments, on labs in memory."""

    @contextmanager
    def lab(name: str) -> Iterator[FakeLab]:
        if name not in states:
            raise attach.not_up(name)
        yield fake

    @contextmanager
    def dns(name: str) -> Iterator[tuple[FakeLab, FakeDns]]:
        with lab(name) as running:
            yield running, fake.dns

    world = type("World", (FakeWorld,), {"states": states})
    monkeypatch.setattr(attach, "world", world)
    monkeypatch.setattr(attach, "lab", lab)
    monkeypatch.setattr(attach, "dns", dns)
    monkeypatch.setattr(attach, "faults", lambda _: fake.faults)
    monkeypatch.setattr(attach, "labs", lambda _: sorted(states))
    monkeypatch.setattr(in_force, "dns", lambda *_: nullcontext(fake.dns))
    monkeypatch.setattr(in_force, "scripted", lambda *_: nullcontext(fake.scripted))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    for variable in ("LAB", "NO_COLOR", "FORCE_COLOR", "LAB_DEBUG"):
        monkeypatch.delenv(variable, raising=False)

    def invoke(*arguments: str, **options: Any) -> Result:
        return CliRunner().invoke(app, list(arguments), prog_name="lab", **options)

    return invoke
