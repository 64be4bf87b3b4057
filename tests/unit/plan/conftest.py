"""A world in memory: zones from text, hosts, and routes made by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from dnszone.record import Record
from dnszone.zones import Answer
from lab.plan.postfix.explain import Basis, Stage, explain
from lab.route.model import Attempt, Route
from lab.route.plan import Plan
from lab.servers.postfix.settings import Settings, read

HOSTS = {
    "198.18.0.4": "mailstore",
    "198.18.0.11": "mx1",
    "198.18.0.12": "mx2",
    "198.18.0.13": "mx3",
    "198.18.0.21": "client",
    "198.18.0.22": "direct",
    "198.18.0.31": "smarthost",
}
WORLD = """
mx1.dest.test.       A 198.18.0.11
mx2.dest.test.       A 198.18.0.12
mx3.dest.test.       A 198.18.0.13
smarthost.isp.test.  A 198.18.0.31
mailstore.lab.test.  A 198.18.0.4
dest.test.           MX 10 mx1.dest.test.
dest.test.           MX 20 mx2.dest.test.
dest.test.           MX 30 mx3.dest.test.
"""
COMMON = "compatibility_level = 3.9\ninet_protocols = ipv4\nmydestination =\nsmtp_connection_cache_on_demand = no\n"


@dataclass
class Zones:
    """Answers from "name TYPE data" lines; ``rcodes`` has another rcode for a (name, type)."""

    text: str
    rcodes: dict[tuple[str, str], str] = field(default_factory=dict)

    def resolve(self, name: str, type: str) -> Answer:
        """RFC 1034 4.3.2, with wildcards; aliases are followed as long as they lead to a name of the text."""
        if (name, type) in self.rcodes:
            return Answer(self.rcodes[name, type], (), ())
        records = [Record(each[0], 60, each[1], each[2]) for each in map(_fields, self.text.strip().splitlines())]
        found: list[Record] = []
        for _ in range(8):
            owned = _owned(records, name)
            match = [record for record in owned if record.type == type]
            alias = [record for record in owned if record.type == "CNAME"]
            if match or not alias:
                known = owned or any(record.name.endswith("." + name) for record in records)
                return Answer("NOERROR" if known else "NXDOMAIN", (*found, *match), ())
            found += alias
            if not _owned(records, alias[0].data) or alias[0].data == name:
                break
            name = alias[0].data
        return Answer("NOERROR", tuple(found), ())


def _fields(line: str) -> tuple[str, str, str]:
    name, type_, data = line.split(None, 2)
    return name, type_, data


def _owned(records: list[Record], name: str) -> list[Record]:
    exact = [record for record in records if record.name == name]
    if exact or any(record.name.endswith("." + name) for record in records):
        return exact
    wildcard = "*." + name.partition(".")[2]
    return [Record(name, 60, record.type, record.data) for record in records if record.name == wildcard]


@pytest.fixture
def zones() -> Callable[..., Zones]:
    """Return zones: the world's, and the lines given."""
    return lambda text="", rcodes=None: Zones(WORLD + text, rcodes or {})


@pytest.fixture
def hosts() -> dict[str, str]:
    return dict(HOSTS)


@pytest.fixture
def settings() -> Callable[..., Settings]:
    """Return the settings of a host whose main.cf is the lab's common part and the lines given."""
    return lambda main_cf="", host="direct", **options: read(COMMON + main_cf, f"{host}.home.test", **options)


@pytest.fixture
def plan(zones: Callable[..., Zones], settings: Callable[..., Settings]) -> Callable[..., Plan]:
    """Return the plan for a recipient, made from zone lines and main.cf lines."""

    def make(
        text: str = "",
        main_cf: str = "",
        recipient: str = "u@a.test",
        host: str = "direct",
        rcodes: dict[tuple[str, str], str] | None = None,
        sender: str | None = None,
        stage: Stage = "smtp",
        port: int = 25,
        **options: Any,
    ) -> Plan:
        basis = Basis(zones(text, rcodes), {host: settings(main_cf, host, **options)}, HOSTS, {})
        return explain(recipient, host, basis, sender, stage, port)

    return make


@pytest.fixture
def route() -> Callable[..., Route]:
    """Return a route of attempts written as "mx1 refused", "mx2 banner 554", "mx1 rcpt 450", "mx2 250"."""
    return make_route


def make_route(*attempts: str, host: str = "direct", **fields: object) -> Route:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    made = [_attempt(host, text, start + timedelta(seconds=index)) for index, text in enumerate(attempts)]
    accepted = next((attempt.target for attempt in reversed(made) if attempt.outcome == "accepted"), None)
    values: dict[str, object] = {
        "message_id": "<1@home.test>",
        "sender": "ana@home.test",
        "recipient": "u@a.test",
        "outcome": "delivered" if accepted else "deferred",
        "status": "2.0.0" if accepted else "4.4.1",
        "reason": None,
        "accepted_by": accepted,
        "mailbox": "INBOX" if accepted else None,
        "hops": (host, *([accepted] if accepted else [])),
        "attempts": tuple(made),
        "notifications": (),
        "copies": int(accepted is not None),
    }
    return Route(**{**values, **fields})  # type: ignore[arg-type]  # fields of Route, given by name


def _attempt(default_host: str, text: str, at: datetime) -> Attempt:
    sender, _, rest = text.rpartition(">")
    target, *words = rest.split()
    queue_id, _, name = target.rpartition("/")
    stage = words[0] if len(words) > 1 else ("connect" if words[0] == "refused" else "end-of-data")
    reply = None if words[-1] in ("refused", "lost") else f"{words[-1]} text"
    outcome = {"2": "accepted", "4": "deferred", "5": "rejected"}[reply[0]] if reply else "failed"
    address = next((address for address, host in HOSTS.items() if host == name), None)
    return Attempt(
        host=sender or default_host,
        queue_id=queue_id or "Q1",
        target=name,
        address=address,
        port=25,
        stage=stage,
        reply=reply,
        dsn=None,
        reason="Connection refused" if words[-1] == "refused" else reply or "lost connection",
        outcome=outcome,
        tls=None,
        next_queue_id="Q2" if outcome == "accepted" else None,
        at=at,
    )
