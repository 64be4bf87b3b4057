"""The names of hosts, in the scenario and in the lab."""

from __future__ import annotations

from lab.plan import Departure
from lab.scenario.names import Names
from tests.unit.scenario.conftest import attempt, notice, route

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


def test_a_departure_is_told_so_too() -> None:
    found = NAMES.departure(Departure("out-of-order", "backup-1a2b", "d1", "backup-1a2b", "d1 198.18.0.1"))
    assert (found.host, found.target, found.expected) == ("backup", "@", "backup")


def test_columns_of_a_text_stay_where_they_are() -> None:
    assert NAMES.told("a  backup-1a2b  b\nbackup-1a2b to\n") == "a  backup       b\nbackup to\n"
