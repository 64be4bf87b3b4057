"""What a host has logged about a test: by its messages and domains; of a host of its own, all of it."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from lab.engine.hosts import Host
from lab.errors import LabError
from lab.mail.logged import logged
from lab.route import events
from lab.servers.present import Present

AT = datetime(2026, 1, 1, tzinfo=UTC)
OURS, THEIRS, DOMAIN = "QQQQQQQQQQ1: removed", "QQQQQQQQQQ2: removed", "NOQUEUE: reject: to=<bia@a.test>"
HOSTS = Present({name: Host(name, "mx", "", "198.18.0.11", "running", f"id-{name}", "") for name in ("mx1", "gateway")})
HOSTS.brought["own"] = Host("own", "mx", "", "198.18.0.70", "running", "id-own", "")
SENT: Any = SimpleNamespace(events=lambda: [events.Removed(host="mx1", at=AT, queue_id="QQQQQQQQQQ1", how="removed")])


class FakeRecorder:
    def __init__(self) -> None:
        self.since: list[datetime | None] = []

    def caught_up(self, container: str, _: float) -> bool:
        return container != "id-gateway"

    def of(self, _: str, since: datetime | None) -> list[str]:
        self.since.append(since)
        return [f"Jan 01 00:00:00 x postfix/qmgr[2]: {text}" for text in (OURS, THEIRS, DOMAIN)]


@pytest.mark.parametrize(
    ("host", "texts", "since"), [("mx1", [OURS, DOMAIN], AT), ("own", [OURS, THEIRS, DOMAIN], None)]
)
def test_lines_about_the_test(host: str, texts: list[str], since: datetime | None) -> None:
    recorder: Any = FakeRecorder()
    found = logged(host, AT, [SENT], ["a.test"], HOSTS, recorder)
    assert [line.partition("]: ")[2] for line in found] == texts
    assert recorder.since == [since]


def test_a_host_whose_log_nobody_follows() -> None:
    recorder: Any = FakeRecorder()
    with pytest.raises(LabError, match=r"the log of gateway cannot be read to its end\n  hosts that have one"):
        logged("gateway", AT, [], [], HOSTS, recorder)
