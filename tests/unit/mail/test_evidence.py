"""What is saved of a run: its own lines, hosts and zones, in its own names, and nothing of other runs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from lab.control.scripted import Place
from lab.engine.hosts import Host
from lab.mail.evidence import load, report, save
from lab.mail.recorder import Line
from lab.route import events
from lab.route.departures import Departure, compare
from lab.route.model import Route
from lab.route.names import Names
from lab.route.plan import Group, Plan, Site, Target
from lab.servers.postfix import log as postfix
from lab.servers.present import Present
from tests.unit.scenario.conftest import BEGAN, attempt, route

AT = datetime(2026, 1, 1, 0, 0, 5, tzinfo=UTC)
OURS = "Jan 01 00:00:05 x postfix/smtp[7]: QQQQQQQQQQ1: to=<bia@d1.test>"
LINES = [
    ("mx1", AT, "Jan 01 00:00:05 x postfix/qmgr[2]: QQQQQQQQQQ7: from=<ana@home.test>, size=3"),  # of a run beside it
    ("mx1", AT, "Jan 01 00:00:05 x postfix/smtpd[3]: NOQUEUE: reject: to=<bia@d1.test>"),
    ("mx1", AT, "Jan 01 00:00:05 x postfix/smtpd[3]: connect from unknown[198.18.0.71]"),
    ("mx1", AT, "Jan 01 00:00:05 x postfix/smtpd[3]: connect from unknown[198.18.0.72]"),
    ("mx1", AT, "Jan 01 00:00:05 x postfix/qmgr[2]: QQQQQQQQQQ2: removed"),
    ("own-3f2a", AT, OURS),
    ("own-3f2a", AT, "Jan 01 00:00:05 x postfix/master[1]: whatever a host of its own says"),
    ("own-3f2a", AT, "own-3f2a speaks of itself"),
    ("own-9e9e", AT, "Jan 01 00:00:05 x postfix/master[1]: a host of another run"),
    ("mx1", AT, "Jan 01 00:00:05 x postfix/smtp[4]: connect to mx2.dest.test[198.18.0.12]:25: Connection refused"),
]


def made(target: str) -> Plan:
    there = Target(target, f"{target}.d1.test", "198.18.0.9", 25, 10)
    site = Site("d1.test", "domain", (Group((there,), 10, "", ""),), (), 5, 2, None, None, "", "")
    return Plan("bia@d1.test", "own-3f2a", "smtp", "d1.test", "", "", sites=(site,))


ROUTE = replace(
    route(attempt("mx1", host="own-3f2a", seconds=5), to="bia@d1.test"),
    hops=["own-3f2a", "mx1"],
    plan=made("mx9"),
    replanned=((BEGAN + timedelta(seconds=9), made("mx1")),),
)
SUBMISSION: Any = SimpleNamespace(
    known=lambda: [ROUTE],
    events=lambda: [
        events.MessageId(host="own-3f2a", at=AT, queue_id="QQQQQQQQQQ1", message_id="<1@lab.test>"),
        events.Removed(host="mx1", at=AT, queue_id="QQQQQQQQQQ2", how="removed"),
        postfix.parse(*LINES[-1]),
    ],
    timeline=lambda: "own-3f2a -> mx1",
)


HOSTS = Present({name: Host(name, "mx", "", f"198.18.0.1{name[-1]}", "running", "", "") for name in ("mx1", "mx2")})
HOSTS.brought["own-3f2a"] = Host("own-3f2a", "mx", "", "198.18.0.71", "running", "", "")
DOMAINS: Any = SimpleNamespace(texts={"d1.test": "@ MX 10 mx1"}, places=lambda: [Place("198.18.0.130", None)])
RECORDER: Any = SimpleNamespace(lines=lambda since: [Line(at, host, text) for host, at, text in LINES if at >= since])


def saved(folder: Path, **more: Any) -> list[Route]:
    names = Names({"own": "own-3f2a"}, {})
    return save(folder, [SUBMISSION], AT, hosts=HOSTS, domains=DOMAINS, recorder=RECORDER, names=names, **more)


def test_lines_are_of_this_run_alone(tmp_path: Path) -> None:
    saved(tmp_path)
    assert {path.name for path in (tmp_path / "logs").iterdir()} == {"mx1.log", "own.log"}
    mx1 = (tmp_path / "logs" / "mx1.log").read_text().splitlines()
    assert [line.partition(" ")[2] for line in mx1] == [LINES[1][2], LINES[2][2], LINES[4][2], LINES[-1][2]]


def test_a_host_that_nobody_else_had_has_all_its_lines(tmp_path: Path) -> None:
    saved(tmp_path, alone=["mx1"])
    assert len((tmp_path / "logs" / "mx1.log").read_text().splitlines()) == 6


def test_hosts_have_the_names_of_the_run(tmp_path: Path) -> None:
    (found,) = saved(tmp_path)
    assert (found.hops, found.attempts[0].host, found.evidence) == (["own", "mx1"], "own", str(tmp_path))
    for path in tmp_path.rglob("*"):
        assert "own-3f2a" not in path.name
        if path.is_file():
            assert "own-3f2a" not in path.read_text(), path
    assert json.loads((tmp_path / "hosts.json").read_text())["198.18.0.71"] == "own"
    assert load(tmp_path).file("own", "QQQQQQQQQQ1") is not None


def test_what_an_earlier_run_has_left_is_removed_and_nothing_else(tmp_path: Path) -> None:
    saved(tmp_path)
    (tmp_path / "logs" / "own-1111.log").write_text("of an earlier run")
    (tmp_path / "zones" / "old.test").write_text("of an earlier run")
    saved(tmp_path)
    assert {path.name for path in (tmp_path / "logs").iterdir()} == {"mx1.log", "own.log"}
    assert [path.name for path in (tmp_path / "zones").iterdir()] == ["d1.test"]
    other = tmp_path / "other"
    (other / "logs").mkdir(parents=True)
    (other / "logs" / "mine.log").write_text("nobody's business")
    saved(other)
    assert (other / "logs" / "mine.log").read_text() == "nobody's business"


def test_a_plan_that_was_made_anew_is_shown_as_such() -> None:
    lines = report(SUBMISSION).splitlines()
    assert [line for line in lines if line.startswith("the plan")] == [
        "the plan:",
        "the plan, made anew at 2026-01-01T00:00:09.000000Z:",
    ]
    assert sum("unplanned-target" in line for line in lines) == 1


def test_a_departure_that_a_fault_explains_is_marked() -> None:
    def explains(plan: Plan, route: Route) -> Iterator[tuple[Departure, bool]]:
        yield from ((each, each.kind == "unplanned-target") for each in compare(plan, route))

    (line,) = (line for line in report(SUBMISSION, explains).splitlines() if "unplanned-target" in line)
    assert line.endswith("(explained by a fault)")
