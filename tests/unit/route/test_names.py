"""The names of hosts, in the scenario and in the lab."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from lab.plan.postfix.explain import Basis
from lab.plan.postfix.path import explain_path
from lab.route.departures import Departure
from lab.route.names import Names
from lab.servers.postfix.settings import Settings
from tests.unit.plan.conftest import hosts as hosts  # noqa: PLC0414  a fixture
from tests.unit.plan.conftest import settings as settings  # noqa: PLC0414  a fixture
from tests.unit.plan.conftest import zones as zones  # noqa: PLC0414  a fixture
from tests.unit.scenario.conftest import BEGAN, attempt, notice, route

NAMES = Names({"backup": "backup-1a2b"}, {"d1": "@", "d2": "other"})


def test_names_there_and_back() -> None:
    assert [NAMES.real(name) for name in ("backup", "mx1")] == ["backup-1a2b", "mx1"]
    assert [NAMES.shown(name) for name in ("backup-1a2b", "d1", "d2", "mx1")] == ["backup", "@", "other", "mx1"]


def test_a_route_is_told_with_the_scenarios_names() -> None:
    told = notice()
    found = NAMES.route(
        route(
            attempt("backup-1a2b"),
            attempt("d1", host="backup-1a2b"),
            notifications=(told,),
            accepted_by="d1",
            mailstore="backup-1a2b",
        )
    )
    assert found.mailstore == "backup"
    assert [(each.host, each.target) for each in found.attempts] == [("direct", "backup"), ("backup", "@")]
    assert (found.hops, found.accepted_by) == (["direct", "backup", "@"], "@")
    assert found.notifications == (told,)


def test_a_route_and_its_plan_are_told_alike(
    zones: Callable[..., Any], settings: Callable[..., Settings], hosts: dict[str, str]
) -> None:
    own = {**hosts, "198.18.0.71": "backup-1a2b"}
    text = "a.test. MX 10 b.a.test.\nb.a.test. A 198.18.0.71\na.test. MX 20 mx1.dest.test.\n"
    everyone = {name: settings("", name) for name in ("direct", "backup-1a2b")}
    plan = explain_path("u@a.test", "direct", Basis(zones(text), everyone, own, {}))
    made = replace(route(attempt("backup-1a2b", "451 4.3.0 later"), attempt("mx1")), plan=plan)
    assert made.to_json()["plan"]["departures"] == []
    shown = NAMES.route(replace(made, replanned=((BEGAN, plan),)))
    assert shown.plan is not None
    assert (shown.plan.order, [part.host for part in shown.plan.walk()]) == (["backup", "mx1"], ["direct", "backup"])
    assert shown.replanned == ((BEGAN, shown.plan),)
    assert shown.to_json()["plan"]["departures"] == []


def test_a_departure_is_told_so_too() -> None:
    found = NAMES.departure(Departure("out-of-order", "backup-1a2b", "d1", "backup-1a2b", "d1 198.18.0.1"))
    assert (found.host, found.target, found.expected) == ("backup", "@", "backup")


def test_columns_of_a_text_stay_where_they_are() -> None:
    assert NAMES.told("a  backup-1a2b  b\nbackup-1a2b to\n") == "a  backup       b\nbackup to\n"
