"""Which departures from the plan a scenario explains: what a declared fault causes, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_args

import pytest

from dnszone.faults import KINDS as DNS_KINDS
from lab.faults import reader
from lab.faults.effects import ANOTHER, KEPT, MISSING, NONE, OFF
from lab.faults.kinds import KINDS
from lab.plan.postfix.explain import Basis
from lab.plan.postfix.path import explain_path
from lab.route.departures import Departure
from lab.route.model import Route
from lab.route.plan import Plan
from lab.route.tries import Kind
from lab.scenario.faults.at_host import AtHost
from lab.scenario.faults.at_scripted import AtScripted
from lab.scenario.faults.in_dns import InDns
from lab.scenario.format.model import Departs
from lab.scenario.run.explained import OF_ANSWERS, Lookup, Wrong, judged, meant, of_dns, wrong
from lab.servers.postfix.settings import Settings
from tests.unit.plan.conftest import HOSTS, Zones, make_route
from tests.unit.plan.conftest import settings as settings  # noqa: PLC0414  a fixture
from tests.unit.plan.conftest import zones as zones  # noqa: PLC0414  a fixture

THREE = (
    "a.test. A 198.18.0.4\na.test. MX 10 mx1.dest.test.\na.test. MX 20 mx2.dest.test.\na.test. MX 30 mx3.dest.test.\n"
)
SIX = "".join(
    f"a.test. MX {number} h{number}.a.test.\nh{number}.a.test. A 198.18.0.{90 + number}\n" for number in range(1, 7)
)
REFUSED: dict[str, Any] = {"outcome": "deferred", "status": "4.4.1"}


@pytest.fixture
def plan(zones: Callable[..., Zones], settings: Callable[..., Settings]) -> Callable[..., Plan]:
    """Return the plan of direct, with mx1 behind it, made from zone lines and main.cf lines."""

    def make(text: str = THREE, main_cf: str = "") -> Plan:
        hosts = {"direct": settings(main_cf), "mx1": settings("virtual_mailbox_domains = a.test", "mx1")}
        return explain_path("u@a.test", "direct", Basis(zones(text), hosts, HOSTS, {}))

    return make


def dns(name: str | None = None, type_: str | None = None, client: str | None = None, kind: str = "rcode") -> Wrong:
    return Wrong((Lookup(name, type_, client, kind, OF_ANSWERS[DNS_KINDS[kind].answer]),))


def unexplained(plan: Plan, made: Route, what: Wrong) -> list[str]:
    return [found.kind for found, explained in judged(plan, made, what) if not explained]


def departures(plan: Plan, made: Route) -> list[str]:
    return [found.kind for found, _ in judged(plan, made, Wrong())]


def at(host: str, /, **table: Any) -> Wrong:
    return wrong([AtHost(host, table)], str, str, str)


EVERYTHING_AT_A_HOST: tuple[dict[str, Any], ...] = (
    {"connect": "refuse"},
    {"connect": "drop"},
    {"connect": "unreachable"},
    {"connect": {"drop": "ipv6"}},
    {"connect": {"delay": 2}},
    {"connect": {"loss": 0.3}},
    {"connect": {"limit": 1}},
    {"connect": {"close_after_accept": True}},
    {"banner": "554 5.3.2 no"},
    {"ehlo": {"close": True}},
    {"starttls": "454 4.7.0 no"},
    {"auth": "535 5.7.8 no"},
    {"mail": "450 4.2.0 later"},
    {"rcpt": [{"reply": "550 5.1.1 no", "first": 1}]},
    {"data": "451 4.3.0 no"},
    {"end-of-data": "554 5.6.0 no"},
    {"extensions": {"hide": ["STARTTLS"]}},
    {"host": "disk-full"},
    {"scan_ban": {"after": 5}},
)


@pytest.mark.parametrize("table", EVERYTHING_AT_A_HOST, ids=str)
def test_what_is_wrong_with_a_tried_host_explains_nothing(plan: Callable[..., Plan], table: dict[str, Any]) -> None:
    """What comes of it is an attempt, or a reply, and those the comparison takes as they come."""
    made = plan()
    for shown in (
        make_route("mx1 refused", "mx2 250"),
        make_route("mx1 banner 554", "mx2 250"),
        make_route("mx1 rcpt 450", "mx2 rcpt 450", **REFUSED),
        make_route("mx1 starttls 454", "mx2 250"),
    ):
        assert departures(made, shown) == []
    for lost, kinds in (
        (make_route("mx2 250"), ["out-of-order"]),  # the attempt at mx1 is not in the route
        (make_route("mx1 refused", **REFUSED), ["stopped-early"]),
        (make_route(**REFUSED), ["not-attempted"]),
        (make_route("mailstore 250"), ["excluded-target"]),
        (make_route("client 250"), ["unplanned-target"]),
    ):
        assert departures(made, lost) == kinds
        for host in ("mx1", "mx2", "mailstore", "client", "direct"):
            assert unexplained(made, lost, at(host, **table)) == kinds


@pytest.mark.parametrize(
    ("state", "shown", "excused"),
    [
        ("stopped", make_route(**REFUSED), True),
        ("killed", make_route("mx1 refused", **REFUSED), True),
        ("paused", make_route("mx1 refused", **REFUSED), True),
        ("paused", make_route("mx2 250"), False),  # it is no reason to pass anybody over
        ("cut", make_route(**REFUSED), True),
        ("cut", make_route("mx2 250"), True),  # nor does the DNS answer it
        ("cut", make_route("client 250"), False),
    ],
)
def test_a_host_that_is_off_sends_nothing(plan: Callable[..., Plan], state: str, shown: Route, excused: bool) -> None:
    assert (unexplained(plan(), shown, at("direct", host=state)) == []) is excused
    assert unexplained(plan(), shown, at("mx1", host=state)) != []


@pytest.mark.parametrize(
    ("what", "shown", "excused"),
    [
        # an exchanger without an address is passed over, and no other one
        (dns("mx1.dest.test.", "A"), make_route("mx2 250"), True),
        (dns("mx1.dest.test."), make_route("mx2 250"), True),
        (dns("*.dest.test."), make_route("mx3 250"), True),
        (dns("mx1.dest.test.", "A"), make_route("mx3 250"), False),
        (dns("mx2.dest.test.", "A"), make_route("mx2 250"), False),
        (dns("mx1.dest.test.", "AAAA"), make_route("mx2 250"), False),  # its IPv4 address is known
        (dns("mx2.dest.test.", "A"), make_route("mx1 refused", "mx3 250"), True),
        (dns("mx3.dest.test.", "A"), make_route("mx1 refused", "mx2 refused", **REFUSED), True),
        (dns("mx3.dest.test.", "A"), make_route("mx1 refused", **REFUSED), False),
        (dns("*.dest.test.", "A"), make_route(**REFUSED), True),
        # the MX answer
        (dns("a.test.", "MX"), make_route(**REFUSED), True),
        (dns("a.test.", "MX"), make_route("mailstore 250"), True),  # told that there is none: the domain itself
        (dns("a.test.", "MX"), make_route("client 250"), False),
        (dns("a.test.", "TXT"), make_route(**REFUSED), False),  # nobody asks that
        (dns("b.test."), make_route(**REFUSED), False),
        # of one client
        (dns("a.test.", "MX", "direct"), make_route(**REFUSED), True),
        (dns(client="direct"), make_route(**REFUSED), True),
        (dns("a.test.", "MX", "mx1"), make_route(**REFUSED), False),
        # of other kinds
        (dns("a.test.", kind="view"), make_route("client 250"), True),
        (dns("a.test.", kind="view"), make_route("mx2 250"), True),
        (dns("a.test.", kind="order"), make_route("mx2 250"), True),
        (dns("a.test.", kind="order"), make_route("client 250"), False),
        (dns("a.test.", kind="ttl"), make_route("mx2 250"), False),
        (dns("a.test.", kind="ad"), make_route("mx2 250"), False),  # TLS does not ask for it
        # never
        (dns(client="direct", kind="view"), make_route("mx1 250", "mx2 250"), False),
        (dns(client="direct", kind="view"), make_route("mx1 rcpt 550", "mx2 250"), False),
        (dns(client="direct", kind="view"), make_route("mx1 rcpt 450", "mx2 rcpt 450", "mx3 250"), False),
    ],
)
def test_an_answer_of_the_dns_explains_what_it_causes(
    plan: Callable[..., Plan], what: Wrong, shown: Route, excused: bool
) -> None:
    made = plan()
    assert departures(made, shown)
    assert (unexplained(made, shown, what) == []) is excused


def test_the_limit_reaches_further_where_an_address_is_missing(plan: Callable[..., Plan]) -> None:
    shown = make_route(*(f"h{number} refused" for number in range(2, 7)), **REFUSED)
    made = plan(SIX)
    assert "excluded-target" in departures(made, shown)
    assert unexplained(made, shown, dns("h1.a.test.", "A")) == []
    assert "excluded-target" in unexplained(made, shown, dns("h9.a.test.", "A"))


def test_a_signed_answer_matters_where_tls_wants_one(plan: Callable[..., Plan]) -> None:
    shown = make_route("mx2 250")
    dane = "smtp_tls_security_level = dane\nsmtp_dns_support_level = dnssec"
    assert unexplained(plan(THREE, dane), shown, dns(client="direct", kind="ad")) == []
    assert unexplained(plan(THREE, "smtp_tls_security_level = may"), shown, dns(client="direct", kind="ad")) != []


def test_an_answer_explains_another_end_where_nobody_was_to_be_tried(plan: Callable[..., Plan]) -> None:
    nothing = plan("a.test. MX 10 gone.a.test.\n")
    shown = make_route(outcome="deferred", status="4.4.3")
    assert departures(nothing, shown) == ["outcome"]
    assert unexplained(nothing, shown, dns("gone.a.test.", "A")) == []
    assert unexplained(nothing, shown, dns("b.test.", "A")) == ["outcome"]


def test_a_reply_that_sends_a_message_elsewhere_explains_where_it_goes(plan: Callable[..., Plan]) -> None:
    away = make_route("mx1 250", "mx1>client 250", hops=("direct", "mx1", "client"))
    made = plan()
    assert departures(made, away) == ["unplanned-target"]
    redirect = {"reply": "REDIRECT bia@home.test", "first": 1}
    assert unexplained(made, away, at("mx1", rcpt=redirect)) == []
    assert unexplained(made, away, at("mx2", rcpt=redirect)) == ["unplanned-target"]
    assert unexplained(made, away, at("mx1", rcpt="450 4.2.0 later")) == ["unplanned-target"]


def test_every_kind_of_fault_has_its_effect() -> None:
    assert {kind.answer for kind in DNS_KINDS.values()} == set(OF_ANSWERS)
    never = {"continued-after-acceptance", "continued-after-rejection", "too-many-addresses", "too-many-sessions"}
    assert set(get_args(Kind)) - ANOTHER == never
    for effect in (*OF_ANSWERS.values(), *(kind.effect for kind in KINDS.values())):
        assert effect <= ANOTHER


def test_effects_of_tables() -> None:
    flap = {"kind": "flap", "outcomes": ["normal", {"kind": "rcode", "rcode": "SERVFAIL"}, {"kind": "ttl", "ttl": 1}]}
    assert list(of_dns(flap)) == [("rcode", MISSING), ("ttl", NONE)]
    assert reader.read({"host": "stopped"}).effect == OFF
    assert reader.read({"rcpt": ["450 4.2.0 later", {"reply": "hold please"}]}).effect == KEPT
    assert reader.read({"data": "FILTER smtp:[127.0.0.1]:10025"}).effect == ANOTHER
    assert reader.read({"connect": {"drop": "ipv6"}}).effect == NONE


def test_what_was_wrong() -> None:
    faults = [
        InDns("x", {"kind": "rcode", "name": "$DOMAIN", "type": "mx", "client": "direct"}),
        InDns("y", {"kind": "view", "client": "own"}),
        AtScripted("mx-a", {"connect": "refuse"}),
        AtHost("own", {"host": "cut", "rcpt": "HOLD"}),
    ]
    found = wrong(
        faults,
        lambda text: text.replace("$DOMAIN", "d1.test"),
        lambda name: f"real-{name}",
        lambda client: f"client-{client}",
    )
    assert found.lookups == (
        Lookup("d1.test.", "MX", "client-direct", "rcode", MISSING),
        Lookup("d1.test.", None, "client-own", "view", ANOTHER),
        Lookup("*.d1.test.", None, "client-own", "view", ANOTHER),
        Lookup(None, None, "real-own", "cut", MISSING),
    )
    assert found.hosts == {"real-own": MISSING | KEPT}


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
    departure = Departure("unplanned-target", "direct", "mx9", "x", "y")
    assert (meant(departure, [entry]) is not None) is expected


def test_what_is_wrong_with_a_resolver_is_wrong_for_those_who_ask_it() -> None:
    faults = [
        InDns("y", {"kind": "drop", "client": "cache"}),
        AtHost("other", {"host": "stopped"}),
        AtHost("third", {"connect": "refuse"}),  # port 25 of a resolver
    ]
    behind = {"cache": {"sender"}, "other": {"asker"}, "third": {"nobody"}}
    found = wrong(faults, str, str, str, lambda name: behind.get(name, set()))
    assert found.lookups == (
        Lookup(None, None, "cache", "drop", MISSING),
        Lookup(None, None, "sender", "drop", MISSING),
        Lookup(None, None, "asker", "stopped", MISSING),
    )
    assert found.hosts == {"other": OFF, "third": NONE}
