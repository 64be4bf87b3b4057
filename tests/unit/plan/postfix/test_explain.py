"""Groups A to D of the scenario catalogue, as far as zone and settings decide them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from lab.plan.postfix.explain import Basis, explain
from lab.plan.postfix.path import explain_path
from lab.route.plan import Plan
from lab.servers.postfix.settings import Settings

Make = Callable[..., Plan]
THREE = "a.test. MX 20 mx2.dest.test.\na.test. MX 30 mx3.dest.test.\na.test. MX 10 mx1.dest.test.\n"


def asked(plan: Plan) -> list[str]:
    return [f"{question.type} {question.name}" for question in plan.questions]


def never(plan: Plan) -> list[str]:
    return [each.host for site in plan.sites for each in site.excluded]


# zone, main.cf, order of attempts, questions
ATTEMPTS: dict[str, tuple[str, str, list[object], list[str]]] = {
    "mx-lowest-first": (
        THREE,
        "",
        ["mx1", "mx2", "mx3"],
        ["MX a.test", "A mx1.dest.test", "A mx2.dest.test", "A mx3.dest.test"],
    ),
    "mx-equal-pref-random": (
        "a.test. MX 10 mx1.dest.test.\na.test. MX 10 mx2.dest.test.\na.test. MX 20 mx3.dest.test.",
        "",
        [["mx1", "mx2"], "mx3"],
        ["MX a.test", "A mx1.dest.test", "A mx2.dest.test", "A mx3.dest.test"],
    ),
    "mx-equal-pref-in-order": (
        "a.test. MX 10 mx2.dest.test.\na.test. MX 10 mx1.dest.test.",
        "smtp_randomize_addresses = no",
        ["mx2", "mx1"],
        ["MX a.test", "A mx2.dest.test", "A mx1.dest.test"],
    ),
    "several addresses of one MX host are shuffled": (
        "a.test. MX 10 m.a.test.\nm.a.test. A 198.18.0.11\nm.a.test. A 198.18.0.12",
        "",
        [["mx1", "mx2"]],
        ["MX a.test", "A m.a.test"],
    ),
    "implicit-mx": ("a.test. A 198.18.0.11", "", ["mx1"], ["MX a.test", "A a.test"]),
    "mx-hides-domain-a": (
        "a.test. MX 10 mx1.dest.test.\na.test. A 198.18.0.12",
        "",
        ["mx1"],
        ["MX a.test", "A mx1.dest.test"],
    ),
    "mx-target-cname": (
        "a.test. MX 10 alias.a.test.\nalias.a.test. CNAME mx1.dest.test.",
        "",
        ["mx1"],
        ["MX a.test", "A alias.a.test"],
    ),
    "mx-target-missing-one": (
        "a.test. MX 10 gone.a.test.\na.test. MX 20 mx2.dest.test.",
        "",
        ["mx2"],
        ["MX a.test", "A gone.a.test", "A mx2.dest.test"],
    ),
    "mx-target-ip-literal": ("a.test. MX 10 198.18.0.11.", "", ["mx1"], ["MX a.test"]),
    "a malformed MX name is dropped": (
        "a.test. MX 10 bad\\032name.a.test.\na.test. MX 20 mx2.dest.test.",
        "",
        ["mx2"],
        ["MX a.test", "A mx2.dest.test"],
    ),
    "domain-cname": (
        "a.test. CNAME b.test.\nb.test. MX 10 mx1.dest.test.",
        "",
        ["mx1"],
        ["MX a.test", "A mx1.dest.test"],
    ),
    "an alias without MX is asked for once more, then for its address": (
        "a.test. CNAME b.test.\nb.test. A 198.18.0.11",
        "",
        ["mx1"],
        ["MX a.test", "MX b.test", "A a.test"],
    ),
    "relayhost-brackets": (
        "",
        "relayhost = [smarthost.isp.test]:587",
        ["smarthost"],
        ["A smarthost.isp.test"],
    ),
    "relayhost without brackets, with MX": (
        "smarthost.isp.test. MX 10 mx1.dest.test.",
        "relayhost = smarthost.isp.test",
        ["mx1"],
        ["MX smarthost.isp.test", "A mx1.dest.test"],
    ),
    "relayhost without brackets, without MX": (
        "",
        "relayhost = smarthost.isp.test",
        ["smarthost"],
        ["MX smarthost.isp.test", "A smarthost.isp.test"],
    ),
    "several relayhosts": (
        "",
        "relayhost = [smarthost.isp.test], [mx3.dest.test]",
        ["smarthost", "mx3"],
        ["A smarthost.isp.test", "A mx3.dest.test"],
    ),
    "transport-map-precedence": (
        THREE,
        "relayhost = [smarthost.isp.test]\ntransport_maps = inline:{ a.test=smtp:[mx2.dest.test] }",
        ["mx2"],
        ["A mx2.dest.test"],
    ),
    "a transport alone takes the domain instead of relayhost": (
        THREE,
        "relayhost = [smarthost.isp.test]\ntransport_maps = inline:{ a.test=relay: }",
        ["mx1", "mx2", "mx3"],
        ["MX a.test", "A mx1.dest.test", "A mx2.dest.test", "A mx3.dest.test"],
    ),
    "a colon alone changes nothing": (
        "",
        "relayhost = [smarthost.isp.test]\ntransport_maps = inline:{ a.test=: }",
        ["smarthost"],
        ["A smarthost.isp.test"],
    ),
    "fallback-relay after the exchangers": (
        "a.test. MX 10 mx1.dest.test.",
        "smtp_fallback_relay = [smarthost.isp.test]",
        ["mx1", "smarthost"],
        ["MX a.test", "A mx1.dest.test", "A smarthost.isp.test"],
    ),
    "fallback-relay for a domain that does not exist": (
        "",
        "smtp_fallback_relay = [smarthost.isp.test]",
        ["smarthost"],
        ["MX a.test", "A a.test", "A smarthost.isp.test"],
    ),
    "fallback-relay for a null MX": (
        "a.test. MX 0 .",
        "smtp_fallback_relay = [smarthost.isp.test]",
        ["smarthost"],
        ["MX a.test", "A smarthost.isp.test"],
    ),
    "no DNS lookups means no MX": (
        "a.test. A 198.18.0.11",
        "disable_dns_lookups = yes",
        ["mx1"],
        ["A a.test"],
    ),
}


@pytest.mark.parametrize("name", ATTEMPTS)
def test_attempts_and_questions_in_order(plan: Make, name: str) -> None:
    text, main_cf, order, questions = ATTEMPTS[name]
    found = plan(text, main_cf)
    assert found.order == order
    assert asked(found) == questions
    assert found.outcome is None
    assert found.consequences


# zone, main.cf, rcodes, outcome, status, words of the reason, questions
ENDS: dict[str, tuple[str, str, dict[tuple[str, str], str], str, str | None, str, list[str]]] = {
    "null-mx": ("a.test. MX 0 .\na.test. A 198.18.0.11", "", {}, "bounced", "5.1.0", "nullMX", ["MX a.test"]),
    "null-mx mixed with a real one": (
        "a.test. MX 0 .\na.test. MX 10 mx1.dest.test.",
        "",
        {},
        "bounced",
        "5.1.0",
        "Domain a.test does not accept mail (nullMX)",
        ["MX a.test"],
    ),
    "domain-missing, NXDOMAIN": (
        "",
        "",
        {},
        "bounced",
        "5.4.4",
        "Host or domain name not found. Name service error for name=a.test type=A: Host not found",
        ["MX a.test", "A a.test"],
    ),
    "domain-missing, no data": (
        "a.test. TXT x",
        "",
        {},
        "bounced",
        "5.4.4",
        "type=A: Host found but no data record of requested type",
        ["MX a.test", "A a.test"],
    ),
    "mx-servfail": (
        "a.test. A 198.18.0.11",
        "",
        {("a.test.", "MX"): "SERVFAIL"},
        "deferred",
        "4.4.3",
        "name=a.test type=MX: Host not found, try again",
        ["MX a.test"],
    ),
    "mx-timeout": (
        "",
        "",
        {("a.test.", "MX"): "TIMEOUT"},
        "deferred",
        "4.4.3",
        "type=MX: Host not found, try again",
        ["MX a.test"],
    ),
    "mx-refused": ("", "", {("a.test.", "MX"): "REFUSED"}, "deferred", "4.4.3", "try again", ["MX a.test"]),
    "mx-formerr": (
        "",
        "",
        {("a.test.", "MX"): "FORMERR"},
        "bounced",
        "5.4.3",
        "Non-recoverable",
        ["MX a.test"],
    ),
    "the only MX has no address": (
        "a.test. MX 10 gone.a.test.",
        "",
        {},
        "bounced",
        "5.4.4",
        "name=gone.a.test type=A: Host not found",
        ["MX a.test", "A gone.a.test"],
    ),
    "the only MX has no address, deferring": (
        "a.test. MX 10 gone.a.test.",
        "smtp_defer_if_no_mx_address_found = yes",
        {},
        "deferred",
        "4.4.4",
        "name=gone.a.test",
        ["MX a.test", "A gone.a.test"],
    ),
    "one MX to try again, another missing: a soft error stays soft": (
        "a.test. MX 10 x.a.test.\na.test. MX 20 gone.a.test.",
        "",
        {("x.a.test.", "A"): "SERVFAIL"},
        "deferred",
        "4.4.4",
        "",
        ["MX a.test", "A x.a.test", "A gone.a.test"],
    ),
    "a malformed MX name only": (
        "a.test. MX 10 bad\\032name.a.test.",
        "",
        {},
        "bounced",
        "5.4.4",
        "Malformed or unexpected name server reply",
        ["MX a.test"],
    ),
    "relayhost-unresolvable": (
        THREE,
        "relayhost = [gone.lab.test]",
        {},
        "deferred",
        "4.3.5",
        "name=gone.lab.test type=A: Host not found",
        ["A gone.lab.test"],
    ),
    "fallback-relay unresolvable": (
        "",
        "smtp_fallback_relay = [gone.lab.test]",
        {},
        "deferred",
        "4.3.5",
        "name=gone.lab.test",
        ["MX a.test", "A a.test", "A gone.lab.test"],
    ),
    "a transport's next hop that does not exist bounces": (
        "",
        "transport_maps = inline:{ a.test=smtp:[gone.lab.test] }",
        {},
        "bounced",
        "5.4.4",
        "name=gone.lab.test",
        ["A gone.lab.test"],
    ),
    "relayhost with a port that is none": (
        "",
        "relayhost = [smarthost.isp.test]:smpt",
        {},
        "deferred",
        "4.3.0",
        "[smarthost.isp.test]:smpt: bad port 'smpt'",
        [],
    ),
    "loops-back-to-myself": (
        "a.test. MX 10 self.a.test.\nself.a.test. A 198.18.0.22",
        "smtp_fallback_relay = [smarthost.isp.test]",
        {},
        "bounced",
        "5.4.6",
        "mail for a.test loops back to myself",
        ["MX a.test", "A self.a.test"],
    ),
    "a backup that cannot find the primary": (
        "a.test. MX 10 gone.a.test.\na.test. MX 20 self.a.test.\nself.a.test. A 198.18.0.22",
        "",
        {},
        "deferred",
        "4.4.4",
        "unable to find primary relay for a.test",
        ["MX a.test", "A gone.a.test", "A self.a.test"],
    ),
    "implicit MX is myself": (
        "a.test. A 198.18.0.22",
        "",
        {},
        "bounced",
        "5.4.6",
        "loops back",
        ["MX a.test", "A a.test"],
    ),
    "myself behind proxy_interfaces": (
        "a.test. MX 10 mx1.dest.test.",
        "proxy_interfaces = 198.18.0.11",
        {},
        "bounced",
        "5.4.6",
        "loops back",
        ["MX a.test", "A mx1.dest.test"],
    ),
    "best_mx_transport": (
        "a.test. A 198.18.0.22",
        "best_mx_transport = local",
        {},
        "delivered",
        None,
        "best_mx_transport",
        ["MX a.test", "A a.test"],
    ),
    "soft-bounce": (
        "",
        "soft_bounce = yes",
        {},
        "deferred",
        "4.4.4",
        "Host not found",
        ["MX a.test", "A a.test"],
    ),
    "error transport": (
        "",
        "transport_maps = inline:{ { a.test = error:5.7.1 not here } }",
        {},
        "rejected",
        "5.7.1",
        "not here",
        [],
    ),
    "retry transport": (
        "",
        "transport_maps = inline:{ { a.test = retry:4.3.0 wait } }",
        {},
        "rejected",
        "4.3.0",
        "wait",
        [],
    ),
    "discard transport": (
        "",
        "transport_maps = inline:{ a.test=discard: }",
        {},
        "discarded",
        "2.0.0",
        "",
        [],
    ),
    "a local domain": ("", "mydestination = a.test", {}, "delivered", None, "handed to local", []),
    "a mailbox domain": (
        "",
        "virtual_mailbox_domains = a.test\nvirtual_transport = lmtp:inet:[mailstore.lab.test]:24",
        {},
        "delivered",
        None,
        "handed to lmtp:inet:[mailstore.lab.test]:24",
        ["A mailstore.lab.test"],
    ),
    "an alias domain, which transport_maps do not override": (
        "",
        "virtual_alias_domains = a.test\ntransport_maps = inline:{ a.test=smtp:[mx1.dest.test] }",
        {},
        "rejected",
        "5.1.1",
        "virtual alias table",
        [],
    ),
    "an alias domain": (
        "",
        "virtual_alias_domains = a.test",
        {},
        "rejected",
        "5.1.1",
        "virtual alias table",
        [],
    ),
}


@pytest.mark.parametrize("name", ENDS)
def test_ends_without_an_attempt(plan: Make, name: str) -> None:
    text, main_cf, rcodes, outcome, status, reason, questions = ENDS[name]
    found = plan(text, main_cf, rcodes=rcodes)
    assert (found.outcome, found.status) == (outcome, status)
    assert reason in (found.reason or "")
    assert asked(found) == questions
    assert found.order == []


def test_failed_mx_lookup_counts_as_none_when_told_so(plan: Make) -> None:
    found = plan("a.test. A 198.18.0.11", "ignore_mx_lookup_error = yes", rcodes={("a.test.", "MX"): "SERVFAIL"})
    assert found.order == ["mx1"]
    assert asked(found) == ["MX a.test", "A a.test"]


def test_address_of_the_domain_is_named_as_never_tried(plan: Make) -> None:
    found = plan("a.test. MX 10 mx1.dest.test.\na.test. A 198.18.0.12")
    assert never(found) == ["mx2"]
    assert "A a.test" not in asked(found)


def test_address_limit_cuts_the_list_but_not_the_questions(plan: Make) -> None:
    text = "".join(f"a.test. MX {n} m{n}.a.test.\nm{n}.a.test. A 198.18.0.{128 + n}\n" for n in range(60))
    found = plan(text)
    assert len(asked(found)) == 61
    assert found.order == [f"m{n}" for n in range(5)]
    assert len(never(found)) == 55
    assert found.sites[0].excluded[0].rule == "smtp_mx_address_limit"
    assert len(plan(text, "smtp_mx_address_limit = 0").order) == 60


def test_address_limit_inside_a_random_group_says_how_many(plan: Make) -> None:
    text = "".join(f"a.test. MX 10 m{n}.a.test.\nm{n}.a.test. A 198.18.0.{128 + n}\n" for n in range(8))
    (group,) = plan(text).sites[0].groups
    assert (len(group.targets), group.at_most) == (8, 5)
    assert "5 of these 8" in group.why


def test_each_site_has_limits_of_its_own(plan: Make) -> None:
    text = "".join(f"a.test. MX {n} m{n}.a.test.\nm{n}.a.test. A 198.18.0.{128 + n}\n" for n in range(6))
    found = plan(text, "smtp_fallback_relay = [smarthost.isp.test]")
    assert found.order == ["m0", "m1", "m2", "m3", "m4", "smarthost"]


@pytest.mark.parametrize(
    ("preference", "order"),
    [
        ("any", [["198.18.0.128", "fd00::1"]]),
        ("ipv6", ["fd00::1", "198.18.0.128"]),
        ("ipv4", ["198.18.0.128", "fd00::1"]),
    ],
)
def test_ipv6_preference(plan: Make, preference: str, order: list[object]) -> None:
    text = "a.test. MX 10 m.a.test.\nm.a.test. A 198.18.0.128\nm.a.test. AAAA fd00::1"
    found = plan(text, f"inet_protocols = all\nsmtp_address_preference = {preference}")
    groups = [[target.address for target in group.targets] for group in found.sites[0].groups]
    assert [group if len(group) > 1 else group[0] for group in groups] == order
    assert asked(found) == ["MX a.test", "A m.a.test", "AAAA m.a.test"]


def test_limit_is_shared_between_the_families(plan: Make) -> None:
    text = "".join(f"a.test. MX {n} m{n}.a.test.\nm{n}.a.test. AAAA fd00::{n}\n" for n in range(1, 7))
    text += "a.test. MX 90 last.a.test.\nlast.a.test. A 198.18.0.128"
    balanced = plan(text, "inet_protocols = all")
    assert [target.address for target in balanced.targets] == [
        "fd00::1",
        "fd00::2",
        "fd00::3",
        "fd00::4",
        "198.18.0.128",
    ]
    plain = plan(text, "inet_protocols = all\nsmtp_balance_inet_protocols = no")
    assert [target.address for target in plain.targets] == [f"fd00::{n}" for n in range(1, 6)]


@pytest.mark.parametrize(
    ("rcodes", "type_", "error"),
    [
        ({}, "AAAA", "Host not found"),
        ({"A": "SERVFAIL"}, "A", "Host not found, try again"),
        ({"A": "SERVFAIL", "AAAA": "SERVFAIL"}, "AAAA", "Host not found, try again"),
        ({"A": "FORMERR"}, "A", "Non-recoverable error"),
    ],
)
def test_reason_names_the_gravest_failure_of_both_families(
    plan: Make, rcodes: dict[str, str], type_: str, error: str
) -> None:
    answers = {("gone.a.test.", each): rcode for each, rcode in rcodes.items()}
    found = plan("a.test. MX 10 gone.a.test.", "inet_protocols = all", rcodes=answers)
    assert (found.reason or "").endswith(f"name=gone.a.test type={type_}: {error}")


def test_alias_without_a_target_and_alias_of_itself(plan: Make) -> None:
    missing = plan("a.test. CNAME gone.b.test.")
    assert asked(missing) == ["MX a.test", "MX gone.b.test", "A a.test", "A gone.b.test"]
    assert (missing.reason or "").endswith("name=gone.b.test type=A: Host not found")
    loop = plan("a.test. CNAME b.test.\nb.test. CNAME a.test.")
    assert (loop.status, loop.reason) == ("5.4.4", "Name server loop for a.test")


def test_the_smaller_family_keeps_its_places_either_way(plan: Make) -> None:
    text = "".join(f"a.test. MX {n} m{n}.a.test.\nm{n}.a.test. A 198.18.0.{128 + n}\n" for n in range(1, 7))
    text += "a.test. MX 90 last.a.test.\nlast.a.test. AAAA fd00::1"
    found = plan(text, "inet_protocols = all")
    assert [target.host for target in found.targets] == ["m1", "m2", "m3", "m4", "last"]


def test_no_ipv4_host_asks_for_aaaa_only(plan: Make) -> None:
    found = plan("a.test. AAAA fd00::1", "inet_protocols = ipv6")
    assert asked(found) == ["MX a.test", "AAAA a.test"]


def test_wildcard_covers_no_name_that_exists(plan: Make) -> None:
    zone = "*.w.test. MX 10 mx1.dest.test.\nhost.w.test. A 198.18.0.12"
    assert plan(zone, recipient="u@x.w.test").order == ["mx1"]
    assert plan(zone, recipient="u@host.w.test").order == ["mx2"]
    assert plan(zone, recipient="u@w.test").status == "5.4.4"


@pytest.mark.parametrize(
    ("domain", "label"),
    [("bücher.test", "xn--bcher-kva"), ("Bücher.TEST", "xn--bcher-kva"), ("straße.test", "xn--strae-oqa")],
)
def test_internationalized_domain_is_asked_for_by_its_a_label(plan: Make, domain: str, label: str) -> None:
    found = plan(f"{label}.test. MX 10 mx1.dest.test.", recipient=f"u@{domain}")
    assert asked(found)[0] == f"MX {label}.test"
    assert found.order == ["mx1"]


def test_address_literal_needs_no_dns(plan: Make) -> None:
    found = plan(recipient="u@[198.18.0.11]")
    assert (found.order, asked(found)) == (["mx1"], [])
    assert found.targets[0].port == 25
    assert plan(recipient="u@[IPv6:fd00::1]", main_cf="inet_protocols = all").targets[0].address == "fd00::1"
    assert plan(recipient="u@[198.18.0.22]").outcome == "delivered"  # this host's own address
    assert plan(recipient="u@[198.18.0.11]", main_cf="relayhost = [smarthost.isp.test]").order == ["smarthost"]


@pytest.mark.parametrize("recipient", ["u@198.18.0.11", "u@a..test", "u@[198.18.0]", "u@-a.test", "@a.test"])
def test_what_is_no_address_is_refused_at_once(plan: Make, recipient: str) -> None:
    found = plan(recipient=recipient)
    assert (found.outcome, found.status, asked(found)) == ("rejected", "5.1.3", [])


def test_numeric_domain_is_a_literal_when_told_so(plan: Make) -> None:
    assert plan(recipient="u@198.18.0.11", main_cf="resolve_numeric_domain = yes").order == ["mx1"]


def test_recipient_without_a_domain_is_at_myorigin(plan: Make) -> None:
    assert plan(THREE, "myorigin = a.test", recipient="u").order == ["mx1", "mx2", "mx3"]


def test_backup_drops_itself_and_what_is_not_better(plan: Make) -> None:
    found = plan(THREE, "relay_domains = a.test\nsmtp_fallback_relay = [smarthost.isp.test]", host="mx2")
    assert found.order == ["mx1"]
    assert found.transport == "relay"
    assert never(found) == ["mx2", "mx3"]
    assert len(found.sites) == 1  # and no fallback: this host is an exchanger itself


def test_loop_detection_is_off_on_another_port(plan: Make) -> None:
    zone = "self.a.test. A 198.18.0.22\na.test. MX 10 self.a.test."
    assert plan(zone, "relayhost = [self.a.test]:2525").order == ["direct"]
    assert plan(zone, "relayhost = a.test:2525").order == ["direct"]
    assert plan(zone, "relayhost = a.test").status == "4.3.5"


@pytest.mark.parametrize(
    ("recipient", "next_hop"),
    [
        ("bob@a.test", "[one.lab.test]"),
        ("bob+x@a.test", "[two.lab.test]"),
        ("bob+y@a.test", "[one.lab.test]"),
        ("eve@a.test", "[three.lab.test]"),
        ("u@deep.sub.test", "[four.lab.test]"),
        ("u@sub.test", "[five.lab.test]"),
    ],
)
def test_transport_map_is_searched_from_the_most_specific_key(plan: Make, recipient: str, next_hop: str) -> None:
    maps = (
        "recipient_delimiter = +\ntransport_maps = inline:{ bob@a.test=smtp:[one.lab.test],"
        " bob+x@a.test=smtp:[two.lab.test],"
        " a.test=smtp:[three.lab.test], .sub.test=smtp:[four.lab.test], *=smtp:[five.lab.test] }"
    )
    assert plan(main_cf=maps, recipient=recipient).nexthop == next_hop


def test_relay_domains_include_subdomains_and_mailbox_domains_do_not(plan: Make) -> None:
    assert plan(main_cf="relay_domains = a.test", recipient="u@sub.a.test").transport == "relay"
    assert plan(main_cf="virtual_mailbox_domains = a.test", recipient="u@sub.a.test").transport == "smtp"


@pytest.mark.parametrize(
    ("main_cf", "answer", "leads_to"),
    [
        ("", "a greeting of 5xx", "the next address; not yet a rejection"),
        ("smtp_skip_5xx_greeting = no", "a greeting of 5xx", "bounced at once"),
        ("", "5xx to MAIL FROM, RCPT TO, DATA or the final dot", "bounced at once; nobody else is asked"),
        ("soft_bounce = yes", "5xx to MAIL FROM, RCPT TO, DATA or the final dot", "taken for 4xx: the next address"),
        ("", "nothing is left", "deferred; tried again after 5m to 4000s, bounced after 5d"),
        (
            "maximal_queue_lifetime = 0",
            "nothing is left",
            "bounced: one try is all (maximal_queue_lifetime = 0)",
        ),
        (
            "",
            "2 sessions past EHLO without success",
            "no further address of this destination, even if one is left",
        ),
    ],
)
def test_what_an_answer_leads_to(plan: Make, main_cf: str, answer: str, leads_to: str) -> None:
    found = {each.answer: each.leads_to for each in plan(THREE, main_cf).consequences}
    assert found[answer] == leads_to


def test_every_step_has_a_sentence_and_a_rule(plan: Make) -> None:
    found = plan(THREE, "smtp_fallback_relay = [smarthost.isp.test]\nsmtp_mx_address_limit = 2")
    groups = [group for site in found.sites for group in site.groups]
    excluded = [each for site in found.sites for each in site.excluded]
    sentences = [(question.why, question.rule) for question in found.questions]
    sentences += [(site.why, site.rule) for site in found.sites]
    sentences += [(group.why, group.rule) for group in groups]
    sentences += [(each.why, each.rule) for each in excluded]
    assert groups
    assert excluded
    assert all(why and rule for why, rule in sentences)
    assert all(each.rule for each in found.consequences)


MAIN_CF = {
    "client": "relayhost = [smarthost.isp.test]:587",
    "smarthost": "",
    "mx1": "virtual_mailbox_domains = socketmap:inet:198.18.0.2:4380:$myhostname\nmyhostname = mx1.dest.test",
    "mx2": "relay_domains = dest.test",
}


@pytest.fixture
def everyone(settings: Callable[..., Settings]) -> dict[str, Settings]:
    return {host: settings(text, host) for host, text in MAIN_CF.items()}


def test_path_goes_on_to_the_host_that_has_the_domain(
    everyone: dict[str, Settings], zones: Callable[..., Any], hosts: dict[str, str]
) -> None:
    path = explain_path("bia@dest.test", "client", Basis(zones(), everyone, hosts, {}))
    assert [part.host for part in path.walk()] == ["client", "smarthost", "mx1", "mx2"]
    smarthost = path.then[0]
    assert smarthost.order == ["mx1", "mx2", "mx3"]
    assert smarthost.then[0].outcome == "delivered"  # the DNS names mx1: its own domain
    assert smarthost.then[1].order == ["mx1"]  # the backup goes to the better one, which the path has on its own


def test_path_names_a_loop(settings: Callable[..., Settings], zones: Callable[..., Any], hosts: dict[str, str]) -> None:
    everyone = {
        "mx1": settings("transport_maps = inline:{ a.test=smtp:[mx2.dest.test] }", "mx1"),
        "mx2": settings("transport_maps = inline:{ a.test=smtp:[mx1.dest.test] }", "mx2"),
    }
    path = explain_path("u@a.test", "mx1", Basis(zones(), everyone, hosts, {}))
    assert [part.host for part in path.walk()] == ["mx1", "mx2"]
    assert "50 Received fields" in path.then[0].notes[0]


def test_domain_that_names_another_exchanger_is_not_this_hosts_own(
    everyone: dict[str, Settings], zones: Callable[..., Any], hosts: dict[str, str]
) -> None:
    zone = zones("other.test. MX 10 mx3.dest.test.\nimplicit.test. A 198.18.0.11")
    assert explain("u@other.test", "mx1", Basis(zone, everyone, hosts, {})).outcome is None
    assert explain("u@implicit.test", "mx1", Basis(zone, everyone, hosts, {})).outcome == "delivered"


def test_plan_survives_json(everyone: dict[str, Settings], zones: Callable[..., Any], hosts: dict[str, str]) -> None:
    path = explain_path("bia@dest.test", "client", Basis(zones("dest.test. A 198.18.0.99"), everyone, hosts, {}))
    assert Plan.from_json(json.loads(json.dumps(path.to_json()))) == path


FAR = "far.a.test. A 198.18.0.4\n"


@pytest.mark.parametrize(("before", "tried"), [(99, True), (100, False)])
def test_the_best_exchanger_is_none_if_it_is_the_101st_record(plan: Make, before: int, tried: bool) -> None:
    records = "".join(f"a.test. MX {10 + number} far.a.test.\n" for number in range(before))
    found = plan(f"{records}a.test. MX 1 mx1.dest.test.\n{FAR}")
    assert (found.order[0] == "mx1") is tried
    asked = [question.name for question in found.questions]
    assert ("mx1.dest.test" in asked) is tried
    cut = [each.name for each in found.sites[0].excluded if each.rule == "DNS record count limit"]
    assert cut == ([] if tried else ["mx1.dest.test"])


@pytest.mark.parametrize(
    ("many", "main_cf", "tried"),
    [
        (99, "smtp_mx_address_limit = 0", 100),
        (100, "smtp_mx_address_limit = 0", 100),
        (120, "smtp_mx_address_limit = 0", 100),
        (120, "", 5),
    ],
)
def test_no_more_than_100_addresses_are_taken(plan: Make, many: int, main_cf: str, tried: int) -> None:
    addresses = "".join(f"many.a.test. A 198.18.1.{number}\n" for number in range(many))
    found = plan(f"a.test. MX 10 many.a.test.\na.test. MX 20 mx2.dest.test.\n{addresses}", main_cf)
    assert sum(group.at_most for group in found.sites[0].groups) == tried
    assert ("mx2" in [target.host for target in found.targets]) is (many < 100)
    assert plan(f"{addresses.replace('many.a', 'a')}", main_cf).targets  # without MX records too
    assert len(plan(addresses.replace("many.a", "a"), "smtp_mx_address_limit = 0").targets) == min(many, 100)
