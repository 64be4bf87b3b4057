"""Plans that are made anew while a message is on its way: each part of the route is compared with that of its time."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from lab.route.model import Route
from lab.route.plan import Group, Plan, Site, Target
from lab.route.stretches import departures, stretches
from tests.unit.scenario.conftest import BEGAN, attempt, route


def plan(target: str) -> Plan:
    there = Target(target, f"{target}.a.test", "198.18.0.9", 25, 10)
    site = Site("a.test", "domain", (Group((there,), 10, "", ""),), (), 5, 2, None, None, "", "")
    return Plan("bia@a.test", "direct", "smtp", "a.test", "", "", sites=(site,))


MADE = route(attempt("one", "450 4.2.0 later"), attempt("two", seconds=10))
AT = BEGAN + timedelta(seconds=10)


def test_each_stretch_of_a_route_has_the_plan_of_its_time() -> None:
    made = route(attempt("one"), attempt("two", seconds=10), attempt("three", seconds=20))
    old, new, last = plan("old"), plan("new"), plan("last")
    made = replace(made, plan=old, replanned=((AT, new), (BEGAN + timedelta(seconds=30), last)))
    parts = [(each, part.attempted, part.outcome) for each, part in stretches(made)]
    assert parts == [(old, ["one"], "unknown"), (new, ["two", "three"], "unknown"), (last, [], "delivered")]


def test_a_plan_that_stays_holds_for_all_of_the_route() -> None:
    made = replace(MADE, plan=plan("one"))
    assert list(stretches(made)) == [(made.plan, made)]
    assert list(stretches(MADE)) == []


def test_departures_are_those_from_the_plan_of_the_time() -> None:
    made = replace(MADE, plan=plan("one"))
    assert [each.kind for each in departures(made)] == ["unplanned-target"]
    assert departures(replace(made, replanned=((AT, plan("two")),))) == []


def test_json_has_the_plans_and_what_departs_from_them() -> None:
    made = replace(MADE, plan=plan("one"), replanned=((AT, plan("two")),))
    data = made.to_json()
    assert data["plan"]["departures"] == []
    assert [each["from"] for each in data["replanned"]] == ["2026-01-01T00:00:10.000000Z"]
    assert Route.from_json(data) == made
