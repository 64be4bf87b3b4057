"""Routes beside plans: what a plan allows, and every kind of departure from it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from lab.plan.postfix.explain import Basis
from lab.plan.postfix.path import explain_path
from lab.route.departures import compare
from lab.route.model import Route
from lab.route.plan import Plan
from lab.servers.postfix.settings import Settings

Make = Callable[..., Plan]
Routes = Callable[..., Route]
THREE = "a.test. MX 10 mx1.dest.test.\na.test. MX 20 mx2.dest.test.\na.test. MX 30 mx3.dest.test.\n"
EQUAL = "a.test. MX 10 mx1.dest.test.\na.test. MX 10 mx2.dest.test.\na.test. MX 20 mx3.dest.test.\n"
RELAY = "smtp_fallback_relay = [smarthost.isp.test]"
BOUNCED: dict[str, object] = {"outcome": "bounced", "status": "5.1.1"}

# zone, main.cf, attempts, fields of the route
ALLOWED: dict[str, tuple[str, str, list[str], dict[str, object]]] = {
    "the first one accepts": (THREE, "", ["mx1 250"], {}),
    "the next one, after a refusal": (THREE, "", ["mx1 refused", "mx2 250"], {}),
    "4xx at any stage goes on": (THREE, "", ["mx1 rcpt 450", "mx2 250"], {}),
    "a 5xx greeting goes on": (THREE, "", ["mx1 banner 554", "mx2 250"], {}),
    "5xx after it ends it": (THREE, "", ["mx1 rcpt 550"], BOUNCED),
    "5xx goes on with soft_bounce": (THREE, "soft_bounce = yes", ["mx1 rcpt 550", "mx2 250"], {}),
    "a refused password goes on": (THREE, "", ["mx1 auth 535", "mx2 250"], {}),
    "a refused password ends it": (THREE, "smtp_sasl_auth_soft_bounce = no", ["mx1 auth 535"], BOUNCED),
    "all refuse, twice": (THREE, "", ["mx1 refused", "mx2 refused", "mx3 refused"] * 2, {}),
    "all refuse, then one accepts": (THREE, "", ["mx1 refused", "mx2 refused", "mx3 refused", "mx1 250"], {}),
    "two sessions, and no third": (THREE, "", ["mx1 mail 451", "mx2 mail 451"], {"status": "4.0.0"}),
    "greetings are no sessions": (THREE, "", ["mx1 banner 421", "mx2 banner 421", "mx3 250"], {}),
    "either order of equal preference": (EQUAL, "", ["mx2 refused", "mx1 refused", "mx3 250"], {}),
    "the fallback comes last": (
        THREE,
        RELAY,
        ["mx1 refused", "mx2 refused", "mx3 refused", "smarthost 250"],
        {},
    ),
    "the fallback, after two sessions": (THREE, RELAY, ["mx1 mail 451", "mx2 mail 451", "smarthost 250"], {}),
    "once more without TLS": (THREE, "", ["mx1 starttls lost", "mx1 250"], {}),
    "a message that comes back is tried anew": (THREE, "", ["A/mx1 250", "B/mx1 250"], {}),
    "an expected bounce": ("a.test. MX 0 .", "", [], {"outcome": "bounced", "status": "5.1.0"}),
    "a deferral that expires": (
        "",
        "relayhost = [gone.test]",
        [],
        {"outcome": "expired", "status": "4.3.5"},
    ),
    "a route that is not complete": (THREE, "", ["mx1 refused"], {"outcome": "unknown", "status": None}),
    "no bounce seen yet": ("a.test. MX 0 .", "", [], {"outcome": "unknown", "status": None}),
    "nothing known yet": (THREE, "", [], {"outcome": "unknown", "status": None}),
}


@pytest.mark.parametrize("name", ALLOWED)
def test_plan_allows(plan: Make, route: Routes, name: str) -> None:
    text, main_cf, attempts, fields = ALLOWED[name]
    assert compare(plan(text, main_cf), route(*attempts, **fields)) == []


# zone, main.cf, attempts, fields of the route, (kind, target) of each departure
DEPARTURES: dict[str, tuple[str, str, list[str], dict[str, object], list[tuple[str, str | None]]]] = {
    "the preferred one is skipped": (THREE, "", ["mx2 250"], {}, [("out-of-order", "mx2")]),
    "the middle one is skipped": (THREE, "", ["mx1 refused", "mx3 250"], {}, [("out-of-order", "mx3")]),
    "the worse group first": (
        EQUAL,
        "",
        ["mx3 refused", "mx1 250"],
        {},
        [("out-of-order", "mx3")],
    ),
    "someone unknown": (THREE, "", ["mx1 refused", "stranger 250"], {}, [("unplanned-target", "stranger")]),
    "the address that MX hides": (
        "a.test. MX 10 mx1.dest.test.\na.test. A 198.18.0.12",
        "",
        ["mx1 refused", "mx2 250"],
        {},
        [("excluded-target", "mx2")],
    ),
    "no end, and addresses left": (THREE, "", ["mx1 refused"], {}, [("stopped-early", "mx1")]),
    "only one of an equal pair": (EQUAL, "", ["mx1 refused", "mx3 refused"], {}, [("out-of-order", "mx3")]),
    "stopped, then a new try": (THREE, "", ["mx1 refused", "mx1 250"], {}, [("stopped-early", "mx1")]),
    "on after 5xx": (THREE, "", ["mx1 rcpt 550", "mx2 250"], {}, [("continued-after-rejection", "mx2")]),
    "on after a 5xx greeting that counts": (
        THREE,
        "smtp_skip_5xx_greeting = no",
        ["mx1 banner 554", "mx2 250"],
        {},
        [("continued-after-rejection", "mx2")],
    ),
    "on after a refused password that counts": (
        THREE,
        "smtp_sasl_auth_soft_bounce = no",
        ["mx1 auth 535", "mx2 250"],
        {},
        [("continued-after-rejection", "mx2")],
    ),
    "on after 250": (THREE, "", ["mx1 250", "mx2 250"], {}, [("continued-after-acceptance", "mx2")]),
    "a third session": (
        THREE,
        "",
        ["mx1 mail 451", "mx2 mail 451", "mx3 250"],
        {},
        [("too-many-sessions", "mx3")],
    ),
    "a third address": (
        "a.test. MX 5 mx1.dest.test.\na.test. MX 10 mx2.dest.test.\na.test. MX 10 mx3.dest.test.",
        "smtp_mx_address_limit = 2",
        ["mx1 refused", "mx2 refused", "mx3 250"],
        {},
        [("too-many-addresses", "mx3")],
    ),
    "over the limit": (
        THREE,
        "smtp_mx_address_limit = 2",
        ["mx1 refused", "mx2 refused", "mx3 250"],
        {},
        [("excluded-target", "mx3")],
    ),
    "nobody is tried": (THREE, "", [], {"outcome": "deferred"}, [("not-attempted", None)]),
    "another end": (
        "a.test. MX 0 .",
        "",
        [],
        {"outcome": "deferred", "status": "4.4.3"},
        [("outcome", None)],
    ),
    "another status": (
        "a.test. MX 0 .",
        "",
        [],
        {"outcome": "bounced", "status": "5.1.10"},
        [("outcome", None)],
    ),
    "an attempt despite the null MX": (
        "a.test. MX 0 .\na.test. A 198.18.0.11",
        "",
        ["mx1 250"],
        {},
        [("excluded-target", "mx1")],
    ),
    "a bounce although all was temporary": (
        "a.test. MX 10 mx1.dest.test.",
        "",
        ["mx1 banner 554"],
        {"outcome": "bounced", "status": "5.0.0"},
        [("outcome", None)],
    ),
    "no bounce although it was rejected": (
        THREE,
        "",
        ["mx1 rcpt 550"],
        {"outcome": "deferred"},
        [("outcome", None)],
    ),
    "refused at once, and delivered": (
        "",
        "transport_maps = inline:{ { a.test = error:5.7.1 no } }",
        [],
        {"outcome": "delivered", "status": "2.0.0"},
        [("outcome", None)],
    ),
}


@pytest.mark.parametrize("name", DEPARTURES)
def test_departure(plan: Make, route: Routes, name: str) -> None:
    text, main_cf, attempts, fields, expected = DEPARTURES[name]
    found = compare(plan(text, main_cf), route(*attempts, **fields))
    assert [(each.kind, each.target) for each in found] == expected
    assert all(each.expected and each.observed for each in found)


def test_departure_says_who_was_due(plan: Make, route: Routes) -> None:
    (departure,) = compare(plan(EQUAL), route("mx3 250"))
    assert str(departure) == "direct: out-of-order: expected mx1 or mx2; observed mx3 198.18.0.13 250 text"


def test_each_hop_is_compared_with_its_own_plan(
    settings: Callable[..., Settings],
    zones: Callable[..., Any],
    hosts: dict[str, str],
    route: Callable[..., Route],
) -> None:
    everyone = {
        "client": settings("relayhost = [smarthost.isp.test]:587", "client"),
        "smarthost": settings("", "smarthost"),
    }
    path = explain_path("u@dest.test", "client", Basis(zones(), everyone, hosts, {}))
    hops = ("client", "smarthost", "mx2")
    good = route("smarthost 250", "smarthost>mx1 refused", "smarthost>mx2 250", host="client", hops=hops)
    assert compare(path, good) == []
    bad = route("smarthost 250", "smarthost>mx2 250", host="client", hops=hops)
    assert [(each.host, each.kind) for each in compare(path, bad)] == [("smarthost", "out-of-order")]


def test_host_that_was_not_reached_is_not_judged(
    settings: Callable[..., Settings],
    zones: Callable[..., Any],
    hosts: dict[str, str],
    route: Callable[..., Route],
) -> None:
    everyone = {
        "client": settings("relayhost = [smarthost.isp.test]:587", "client"),
        "smarthost": settings("", "smarthost"),
    }
    path = explain_path("u@dest.test", "client", Basis(zones(), everyone, hosts, {}))
    assert compare(path, route("smarthost refused", host="client", hops=("client",))) == []
