"""Scenario files, routes and a lab that only pretends, for the tests of this folder."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from dnszone.masterfile import read as read_zone
from lab.control.scripted import Place
from lab.engine.hosts import Host
from lab.mail.dsn import Dsn
from lab.mail.submit import Receipt, Reply
from lab.route.history import Origin
from lab.route.model import Attempt, Notification, Route
from lab.scenario.format.model import Scenario
from lab.scenario.format.problem import ScenarioError
from lab.scenario.format.read import read
from lab.servers.postfix import sentences

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
GOOD = """\
title = "The preferred MX refuses the connection"
teaches = "The next one is asked."
zone = '''
@    MX 10 mx-a
@    MX 20 mx1.dest.test.
mx-a A  $SCRIPTED_1
'''

[faults.mx-a]
connect = "refuse"

[[message]]
to = "bia@$DOMAIN"
via = "direct"

[expect]
attempts = ["mx-a refused", "mx1 250"]
accepted_by = "mx1"
delivered = "INBOX"
"""


def scenario(text: str = GOOD, name: str = "a") -> Scenario:
    return read(text, Path(f"{name}.scenario.toml"))


def problems(text: str) -> list[str]:
    """Return what is wrong with a file, each as "LINE: problem (hint)"."""
    with pytest.raises(ScenarioError) as caught:
        scenario(text)
    return [str(problem).removeprefix("a.scenario.toml:") for problem in caught.value.problems]


def attempt(target: str, said: str = "250 2.0.0 Ok", *, host: str = "direct", seconds: float = 0) -> Attempt:
    """Return an attempt; *said* is a reply, or a reason without a code."""
    reply = said if said[:3].isdigit() else None
    outcome = {"2": "accepted", "4": "deferred", "5": "rejected"}.get(said[0], "failed")
    stage = {"accepted": "end-of-data", "failed": "connect"}.get(outcome, "rcpt")
    at = BEGAN + timedelta(seconds=seconds)
    dsn = said.split()[1] if reply else "4.4.1"
    cause = None if reply else sentences.cause(said)
    return Attempt(host, "Q1", target, None, 25, stage, reply, dsn, said, outcome, None, None, at, cause=cause)


def route(*attempts: Attempt, outcome: str = "delivered", to: str = "bia@a.test", **rest: Any) -> Route:
    accepted = [each.target for each in attempts if each.outcome == "accepted"]
    values: dict[str, Any] = {
        "message_id": "<1@lab.test>",
        "sender": "ana@home.test",
        "recipient": to,
        "outcome": outcome,
        "status": "2.0.0" if outcome == "delivered" else "4.4.1",
        "reason": attempts[-1].reason if attempts else None,
        "accepted_by": accepted[-1] if accepted else None,
        "mailbox": "INBOX" if outcome == "delivered" else None,
        "hops": ["direct", *accepted],
        "attempts": attempts,
        "notifications": (),
        "copies": int(outcome == "delivered"),
    }
    return Route(**{**values, **rest})


def notice(kind: str = "failed", to: str = "ana@home.test") -> Notification:
    return Notification(kind, "Q9", "direct", route(to=to))


@dataclass
class FakeHistory:
    """Routes as the servers tell them: the first of ``stages`` now, the others as time goes by."""

    stages: list[list[Route]] = field(default_factory=list)
    settles: bool = True
    looks: list[str] = field(default_factory=list)

    def settled(self, *_: object) -> bool:
        return self.settles

    def routes(self, *_: object) -> list[Route]:
        return self.stages[0]

    def go_on(self) -> None:
        """Let time go by."""
        if len(self.stages) > 1:
            self.stages.pop(0)

    def contacts(self, _: datetime) -> list[Any]:
        self.looks.append("contacts")
        return []


@dataclass
class FakeLab:
    """As much of lab.lab.Lab as a run uses. ``did`` has what it was told to do; ``tells`` makes a message's routes."""

    tells: Callable[[str], list[list[Route]]]
    did: list[str] = field(default_factory=list)
    refuses: Reply | None = None
    broken: Exception | None = None  # raised where a host's port is closed
    waits: int = 3  # questions until time is over
    said: list[tuple[str, str]] = field(default_factory=list)  # lines of logs: host, line
    later: list[tuple[str, str]] = field(default_factory=list)  # those that come as time goes by
    unheard: tuple[str, ...] = ()  # containers whose log cannot be read
    changes: tuple[str, ...] = ()  # hosts whose settings are others each time they are read
    name: str = "fake"
    patience: list[float] = field(default_factory=list)  # how long was waited at most, each time
    asked: list[Dsn] = field(default_factory=list)  # of notices, with each message

    def __post_init__(self) -> None:
        self.hosts = {
            name: Host(
                name, "mx" if name.startswith("mx") else "client", f"{name}.test", f"198.18.0.{n}", "running", name, "i"
            )
            for n, name in enumerate(("direct", "client", "mx1", "mx2", "mx3", "mailstore"), start=20)
        }
        self.domains = SimpleNamespace(
            texts={},
            values=self._values,
            at_scripted=lambda: {name: [address] for name, address in self._scripted().items()},
            names_of=lambda address: {name for name, each in self._scripted().items() if each == address},
            places=lambda: [Place(address, None) for address in self._scripted().values()],
        )
        self.scripted = SimpleNamespace(
            script=lambda address, script: self.did.append(f"script {address} {script}"),
            messages=lambda _: [],
        )
        self.dns = SimpleNamespace(
            fault=self._dns_fault, heal=lambda number: self.did.append(f"dns heal {number}"), history=self._dns_history
        )
        self.history = FakeHistory()
        self.recorder = SimpleNamespace(
            wait=self._wait,
            read=lambda ask: ask(self.history),
            of=lambda host, _: [line for name, line in self.said if name == host.partition("-")[0]],
            caught_up=lambda container, _: container not in self.unheard,
        )
        self.watch = SimpleNamespace(wait=lambda _, ready, timeout: self._wait(ready, timeout))
        self.submissions: list[Any] = []
        self.settings: dict[str, dict[str, Any]] = {}  # of the hosts that were brought along
        self.mailstores = ["mailstore"]
        self._domains = 0

    @property
    def names(self) -> dict[str, str]:
        return {host.address: host.name for host in self.hosts.values()}

    def new_domain(self) -> str:
        self._domains += 1
        return f"d{self._domains}.test"

    def zone(self, text: str, domain: str) -> None:
        self.did.append(f"zone {domain}")
        self.domains.texts[domain] = text

    def host(self, name: str, **settings: Any) -> None:
        self.did.append(f"host {settings['like']}")
        self.settings[name] = settings
        self.hosts[name] = Host(name, "client", f"{name}.test", "198.18.0.70", "running", name, "i")

    def sieve(self, user: str, script: str, at: str = "mailstore") -> None:
        self.did.append(f"sieve {user} at {at}: {script}")

    def send(self, *, to: list[str], via: str, sender: str, message: object, login: str | None, dsn: Dsn) -> Any:
        del message, login
        self.asked.append(dsn)
        self.did.append(f"send {sender} to {', '.join(to)} via {via.split('-', maxsplit=1)[0]}")
        refused = dict.fromkeys(to, self.refuses) if self.refuses else {}
        receipt = Receipt(sender, "<1@lab.test>", tuple(to), refused, None, None if refused else "Q1")
        self.history = FakeHistory(self.tells(to[0]))
        history = self.history
        return SimpleNamespace(
            receipt=receipt,
            recipients=tuple(to),
            origin=None if refused else Origin("direct", "Q1"),
            known=lambda: history.stages[0],
            events=list,
            timeline=lambda: "the timeline",
            plan_again=lambda: self.did.append(f"plan {', '.join(to)} via {via}"),
        )

    def connect(self, at: str) -> socket.socket:
        self.did.append(f"connect to {at.partition('-')[0]}")
        connected, other = socket.socketpair()
        other.close()
        return connected

    def logs_tls(self) -> frozenset[str]:
        return frozenset(self.hosts)

    def reread(self, host: str) -> bool:
        return host in self.changes

    @contextmanager
    def fault(self, name: str, /, **wrong: Any) -> Iterator[None]:
        if self.broken is not None:
            raise self.broken
        words = " ".join(f"{key}={value}" for key, value in wrong.items())
        self.did.append(f"{words} {name}")
        yield
        self.did.append(f"heal {name}")

    def stopped(self, host: str) -> Any:
        return self.fault(host, host="stopped")

    def reset(self) -> None:
        self.did.append("reset")

    def _wait(self, ready: Callable[[FakeHistory], bool], timeout: float) -> bool:
        self.patience.append(timeout)
        for _ in range(self.waits):
            if ready(self.history):
                return True
            self.history.go_on()
            self.said += self.later
            self.later = []
        return False

    def _dns_fault(self, **parameters: Any) -> str:
        self.did.append(f"dns {parameters['kind']} {parameters.get('name')}")
        return "f1"

    def _dns_history(self, **_: Any) -> list[dict[str, str]]:
        self.history.looks.append("questions")
        return [{"type": "MX", "name": f"d{self._domains}.test.", "client": self.hosts["direct"].address}]

    def _values(self, domain: str) -> dict[str, str]:
        return {"DOMAIN": domain, "SCRIPTED_1": "198.18.0.130", "SCRIPTED_2": "198.18.0.131"}

    def _scripted(self) -> dict[str, str]:
        found = {}
        for domain, text in self.domains.texts.items():
            addresses = {host.name.upper(): host.address for host in self.hosts.values()}
            for record in read_zone(text, domain, variables={**addresses, **self._values(domain)}).records:
                if record.type == "A" and record.data.startswith("198.18.0.13"):
                    found[record.name.rstrip(".")] = record.data
        return found


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep claims in a folder of the test's own."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state"
