"""Which departures from the plan a scenario explains."""

from __future__ import annotations

from typing import Any

import pytest

from lab.plan import Departure, Group, Plan, Question, Site, Target
from lab.scenario.explained import Wrong, explained, meant, wrong
from lab.scenario.model import Departs, Fault


def target(host: str) -> Target:
    return Target(host, f"{host}.a.test", "198.18.0.1", 25, 10)


SITE = Site("a.test", "domain", (Group((target("mx-a"), target("mx1")), 2, "", ""),), (), 5, 2, None, None, "", "")
BEHIND = Plan("bia@a.test", "mx1", "lmtp", "store", "", "", questions=(Question("store.lab.test", "A", "", "", ""),))
PLAN = Plan(
    "bia@a.test",
    "direct",
    "smtp",
    "a.test",
    "",
    "",
    questions=(Question("a.test", "MX", "", "", ""), Question("mx-a.a.test", "A", "", "", "")),
    sites=(SITE,),
    then=(BEHIND,),
)


def departure(kind: Any = "unplanned-target", host: str = "direct", at: str | None = "mx9") -> Departure:
    return Departure(kind, host, at, "x", "y")


@pytest.mark.parametrize(
    ("what", "found", "expected"),
    [
        (Wrong(), departure(), False),
        # DNS
        (Wrong(dns=(("a.test.", None, None),)), departure(), True),
        (Wrong(dns=(("a.test.", "MX", None),)), departure("outcome", at=None), True),
        (Wrong(dns=(("a.test.", "A", None),)), departure(), False),  # it asks no such question
        (Wrong(dns=(("*.a.test.", None, None),)), departure(), True),
        (Wrong(dns=(("b.test.", None, None),)), departure(), False),
        (Wrong(dns=((None, None, "direct"),)), departure(), True),
        (Wrong(dns=(("a.test.", None, "client"),)), departure(), False),  # others were told right
        (Wrong(dns=(("a.test.", None, None),)), departure(host="mx1"), False),  # mx1 does not ask that
        # hosts
        (Wrong(hosts=frozenset({"mx-a"})), departure(at="mx-a"), True),
        (Wrong(hosts=frozenset({"mx-a"})), departure(at="mx9"), False),  # another host was asked that nobody planned
        (Wrong(hosts=frozenset({"mx-a"})), departure("stopped-early", at="mx1"), True),
        (Wrong(hosts=frozenset({"mx-a"})), departure("not-attempted", at=None), True),
        (Wrong(hosts=frozenset({"mx-a"})), departure("too-many-sessions", at="mx1"), False),
        (Wrong(hosts=frozenset({"mx-b"})), departure("stopped-early", at="mx1"), False),
        (Wrong(hosts=frozenset({"direct"})), departure(), True),
    ],
)
def test_what_explains_a_departure(what: Wrong, found: Departure, expected: bool) -> None:
    assert explained(found, PLAN, what) is expected


def test_what_was_wrong() -> None:
    faults = [
        Fault("x", "dns", {"name": "$DOMAIN", "type": "mx", "client": "direct"}),
        Fault("y", "dns", {"kind": "drop", "client": "own"}),
        Fault("mx-a", "scripted", {}),
        Fault("own", "policy", {}),
    ]
    found = wrong(
        faults,
        lambda text: text.replace("$DOMAIN", "d1.test"),
        lambda name: f"real-{name}",
        lambda client: f"client-{client}",
    )
    assert found == Wrong(
        (("d1.test.", "MX", "client-direct"), (None, None, "client-own")),
        frozenset({"real-mx-a", "real-own"}),
    )


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (Departs("unplanned-target", "why"), True),
        (Departs("outcome", "why"), False),
        (Departs("unplanned-target", "why", "direct", "mx9"), True),
        (Departs("unplanned-target", "why", "client"), False),
        (Departs("unplanned-target", "why", None, "mx1"), False),
    ],
)
def test_departures_that_are_meant(entry: Departs, expected: bool) -> None:
    assert (meant(departure(), [entry]) is not None) is expected


def test_what_is_wrong_with_a_resolver_is_wrong_for_those_who_ask_it() -> None:
    faults = [Fault("y", "dns", {"kind": "drop", "client": "cache"}), Fault("other", "host", {"host": "stopped"})]
    behind = {"cache": {"sender"}, "other": {"third"}}
    found = wrong(faults, str, str, str, lambda name: behind.get(name, set()))
    assert found == Wrong(((None, None, "cache"), (None, None, "sender")), frozenset({"other", "third"}))
