"""Where the plan leaves off: what it does not follow it says, and does not hold against a route."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from lab.plan.postfix.explain import Basis
from lab.plan.postfix.path import explain_path
from lab.plan.text import text
from lab.route.departures import compare
from lab.route.model import Route
from lab.route.plan import Plan
from lab.servers.dovecot.store import Store
from lab.servers.postfix.settings import DEFAULTS, Settings
from lab.servers.postfix.settings.unplanned import UNPLANNED
from tests.unit.docs.test_references import postfix

Make = Callable[..., Plan]
ZONE = "a.test. MX 10 mx1.dest.test.\na.test. MX 20 mx2.dest.test.\n"
OTHER: dict[str, str] = {  # a value for which the plan does not hold, where "x" is none
    "append_at_myorigin": "no",
    "masquerade_classes": "envelope_recipient",
    "parent_domain_matches_subdomains": "transport_maps",
    "resolve_dequoted_address": "no",
    "resolve_null_domain": "yes",
    "smtp_bind_address_enforce": "yes",
    "smtp_connection_cache_on_demand": "yes",
    "smtp_host_lookup": "dns, native",
    "virtual_alias_address_length_limit": "20",
}
KEYED = "inline:{{ {{u@{domain} = x@b.test}} }}"


def set_(name: str, domain: str = "a.test") -> str:
    """Return a line of main.cf that makes the parameter count."""
    return f"{name} = {KEYED.format(domain=domain) if UNPLANNED[name].keyed else OTHER.get(name, 'x:y')}"


@pytest.mark.parametrize("name", UNPLANNED)
def test_a_parameter_that_is_not_followed_is_said(plan: Make, route: Callable[..., Route], name: str) -> None:
    local = "mydestination = a.test\nalias_maps =\n" if UNPLANNED[name].at == "local" else ""
    found = plan(ZONE, f"{local}{set_(name)}")
    assert found.unplanned is not None
    assert found.unplanned.setting.startswith(f"{name} = ")
    assert found.unplanned.why.endswith(".")
    assert plan(ZONE, local).unplanned is None
    assert f"unknown {name} = " in text(found, 200)
    assert "From here on nothing is planned." in text(found)
    assert compare(found, route("mx3 250")) == []  # what is not planned is no departure
    assert compare(found, route(outcome="bounced", status="5.9.9")) == []
    assert Plan.from_json(found.to_json()) == found


@pytest.mark.parametrize("name", [name for name, entry in UNPLANNED.items() if entry.keyed])
def test_a_table_that_does_not_list_the_recipient_has_no_say(plan: Make, name: str) -> None:
    assert plan(ZONE, set_(name, "c.test")).unplanned is None
    assert plan(ZONE, f"{name} = ldap:/etc/postfix/ldap.cf").unplanned is not None


def test_what_is_not_followed_is_of_postfix_and_planned_nowhere_else() -> None:
    assert set(UNPLANNED) <= postfix()
    assert set(UNPLANNED) & set(Settings.__slots__) == {"smtp_host_lookup"}  # both of its names are read
    assert set(UNPLANNED) & set(DEFAULTS) == {"smtp_host_lookup", "smtp_connection_cache_on_demand"}


@pytest.mark.parametrize(
    ("main_cf", "setting"),
    [
        ("transport_maps = ldap:/etc/postfix/ldap.cf", "transport_maps = ldap:/etc/postfix/ldap.cf"),
        ("virtual_alias_maps = pcre:/p", "virtual_alias_maps = pcre:/p"),
        ("relay_domains = pgsql:/p", "relay_domains = pgsql:/p"),
        ("smtp_tls_policy_maps = socketmap:inet:127.0.0.1:8461:QUERY", "smtp_tls_policy_maps = socketmap:inet:"),
        ("header_checks = inline:{ {/^X/ = FILTER smtp:[127.0.0.1]:10025} }", "header_checks: FILTER"),
        ("smtpd_recipient_restrictions = check_recipient_access inline:{{u@a.test = redirect x@b.test}}", "REDIRECT"),
        ("smtpd_restriction_classes = own\nown = check_sender_access texthash:/own", "own: FILTER"),
        ("smtp_connection_cache_destinations = a.test", "smtp_connection_cache_destinations: a.test"),
        ("smtp_connection_cache_destinations = static:all", "smtp_connection_cache_destinations: a.test"),
        ("mydestination = a.test\nalias_maps = ldap:/l", "alias_maps = ldap:/l"),
        ("mydestination = a.test\nalias_maps = inline:{ {u = |/bin/x} }", "alias_maps: |/bin/x"),
        ("mydestination = a.test\nalias_maps = inline:{ {u = :include:/list} }", "alias_maps: :include:/list"),
        ("transport_maps = inline:{ {a.test = lmtp:inet:[127.0.0.1]:24} }", "handed to lmtp:inet:[127.0.0.1]:24"),
    ],
)
def test_other_things_that_are_not_followed(plan: Make, main_cf: str, setting: str) -> None:
    found = plan(ZONE, main_cf, tables={"/own": "# REDIRECT a@b.test\nana@home.test FILTER smtp:[127.0.0.1]:10025\n"})
    assert found.unplanned is not None
    assert setting in found.unplanned.setting


@pytest.mark.parametrize(
    "main_cf",
    [
        "content_filter =",
        "smtp_connection_cache_destinations = b.test",
        "header_checks = inline:{ {/^Subject: FILTER/ = HOLD} }",
        "smtpd_milters = inet:127.0.0.1:8891",  # it may refuse, hold or drop a message: an answer, or an end
        "always_bcc = x@b.test",  # a further copy has a way of its own
        "smtp_tls_security_level = encrypt",
    ],
)
def test_what_has_no_say_is_not_mentioned(plan: Make, main_cf: str) -> None:
    assert plan(ZONE, main_cf).unplanned is None


def test_a_content_filter_is_for_what_comes_over_smtp(plan: Make) -> None:
    filtered = "content_filter = smtp:[127.0.0.1]:10026\nvirtual_alias_maps = inline:{ {u@a.test = x@b.test} }"
    found = plan(ZONE, filtered)
    assert (found.transport, found.sites, found.branches, found.replaced) == ("", (), (), False)
    assert "none: the address is refused" not in text(found)
    assert plan(ZONE, filtered, stage="internal").unplanned is None  # what local(8) makes anew goes past it


def test_smtpd_refuses_before_anything_is_filtered(plan: Make) -> None:
    main_cf = "content_filter = x:y\nsmtpd_relay_restrictions = reject_unknown_recipient_domain"
    assert plan("", main_cf).outcome == "rejected"


MASTER = """
smtp inet n - n - - smtpd
  -o content_filter=smtp:[127.0.0.1]:10026
127.0.0.1:10026 inet n - n - - smtpd
  -o { receive_override_options = no_address_mappings, no_milters }
smtp unix - - n - - smtp
relay unix - - n - - smtp
  -o smtp_fallback_relay=
slow unix - - n - - smtp -o smtp_mx_address_limit=1
pick unix - - n - - smtp
  -o smtp_tls_policy_maps=ldap:/x
"""
ALIAS = "virtual_alias_maps = inline:{ {u@a.test = x@a.test} }"


def test_a_port_has_settings_of_its_own(plan: Make) -> None:
    at = [plan(ZONE, ALIAS, master_cf=MASTER, port=port) for port in (25, 10026, 587)]
    assert [found.unplanned is not None for found in at] == [True, False, False]
    assert [found.replaced for found in at] == [False, False, True]  # at 10026 aliases do not hold


def test_a_transport_has_settings_of_its_own(plan: Make) -> None:
    def order(transport: str) -> Plan:
        main_cf = f"default_transport = {transport}\nsmtp_fallback_relay = [mx3.dest.test]"
        return plan(ZONE, main_cf, master_cf=MASTER, stage="internal")

    assert order("smtp").order == ["mx1", "mx2", "mx3"]
    assert order("relay").order == ["mx1", "mx2"]
    assert order("slow").order == ["mx1", "mx3"]
    assert order("pick").unplanned is not None


@pytest.mark.parametrize(
    ("entry", "setting"),
    [
        ("cleanup unix n - n - 0 cleanup -o virtual_alias_maps=", "-o virtual_alias_maps of cleanup in master.cf"),
        ("rewrite unix - - n - - trivial-rewrite -o transport_maps=", "-o transport_maps of trivial-rewrite"),
        ("cleanup unix n - n - 0 cleanup -o syslog_name=x", None),
    ],
)
def test_a_daemon_with_settings_of_its_own_is_not_followed(plan: Make, entry: str, setting: str | None) -> None:
    found = plan(ZONE, "", master_cf=f"smtp unix - - n - - smtp\n{entry}\n").unplanned
    assert (found is None) if setting is None else (found is not None and setting in found.setting)


def test_a_path_ends_where_the_plan_leaves_off(
    zones: Callable[..., Any], settings: Callable[..., Settings], hosts: dict[str, str], route: Callable[..., Route]
) -> None:
    everyone = {
        "direct": settings(""),
        "mx1": settings("content_filter = smtp:[mx2.dest.test]:10026", "mx1"),
        "mx2": settings("virtual_mailbox_domains = a.test", "mx2"),
    }
    plan = explain_path("u@a.test", "direct", Basis(zones("a.test. MX 10 mx1.dest.test.\n"), everyone, hosts, {}))
    assert [(part.host, part.unplanned is not None) for part in plan.walk()] == [("direct", False), ("mx1", True)]
    through = route("mx1 250", "mx1>mx2 250", "mx2>mx1 250", "mx1>mailstore 250", hops=("direct", "mx1", "mx2", "mx1"))
    assert compare(plan, through) == []
    assert [each.kind for each in compare(plan, route("mx2 250"))] == ["unplanned-target"]  # direct's part is planned


def test_what_is_suspended_has_been_tried_by_others(plan: Make, route: Callable[..., Route]) -> None:
    waits = route(outcome="deferred", status="4.4.1")
    assert [each.kind for each in compare(plan(ZONE), waits)] == ["not-attempted"]
    assert compare(plan(ZONE), replace(waits, suspended=True)) == []


def test_deferred_transports_wait(plan: Make) -> None:
    found = plan(ZONE, "defer_transports = smtp, other")
    assert (found.outcome, found.status, found.reason, found.sites) == ("deferred", "4.3.2", "deferred transport", ())


def test_a_domain_without_a_dot_is_completed_where_it_is_wanted(plan: Make) -> None:
    assert plan(ZONE, "append_dot_mydomain = yes\nmydomain = test", recipient="u@a").nexthop == "a.test"
    assert plan(ZONE, "mydomain = test", recipient="u@a").nexthop == "a"


@pytest.mark.parametrize(
    ("outlet", "at", "port"),
    [("mx1.dest.test:10025", "mx1", 10025), ("mx2.dest.test", "mx2", 25), ("198.18.0.13:25", "mx3", 25)],
)
def test_the_outlet_of_a_store_is_its_own(
    zones: Callable[..., Any],
    settings: Callable[..., Settings],
    hosts: dict[str, str],
    outlet: str,
    at: str,
    port: int,
) -> None:
    own = "virtual_mailbox_domains = a.test\nvirtual_transport = lmtp:inet:[mailstore.lab.test]:24"
    everyone = {name: settings(own, name) for name in ("mx1", "mx2", "mx3")}
    stores = {"mailstore": Store(outlet, {}, {"u@a.test": 'redirect "x@b.test";'})}
    plan = explain_path("u@a.test", "mx1", Basis(zones("b.test. MX 10 mx1.dest.test.\n"), everyone, hosts, stores))
    (branch,) = plan.branches
    assert (branch.host, branch.port) == (at, port)
