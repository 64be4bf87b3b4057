"""What TLS has to say before the first connection."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from lab.plan.text import text
from lab.route.departures import compare
from lab.route.model import Route
from lab.route.plan import Plan

Make = Callable[..., Plan]
ZONE = "a.test. MX 10 mx1.dest.test.\na.test. MX 20 mx2.dest.test.\n"
PROBLEM = "client TLS configuration problem"
DNSSEC = "smtp_dns_support_level = dnssec\n"


def table(entry: str, key: str = "a.test") -> str:
    return f"smtp_tls_policy_maps = inline:{{ {{{key} = {entry}}} }}"


@pytest.mark.parametrize(
    "entry",
    [
        "none",
        "may",
        "Encrypt",
        "encrypt protocols=>=TLSv1.2 ciphers=high exclude=",
        "verify match=mx1.dest.test:.dest.test match=nexthop",
        "secure match=hostname servername=mx1.dest.test tafile=/etc/ca.pem",
        "fingerprint match=AA:BB|CC",
        "may connection_reuse=no connection_reuse=yes enable_rpk=no",
        "secure match=hostname policy_type=sts policy_domain=a.test policy_ttl=60 policy_string=x",
        "none whatever",
        "dane",
    ],
)
def test_a_policy_that_postfix_takes_changes_no_order(plan: Make, entry: str) -> None:
    found = plan(ZONE, table(entry))
    assert (found.order, found.outcome, found.unplanned) == (["mx1", "mx2"], None, None)
    assert found.sites[0].tls == entry.split(maxsplit=1)[0].lower()


@pytest.mark.parametrize(
    ("entry", "objection"),
    [
        ("", "it is empty."),
        ("secured", "'secured' is not a level."),
        ("secure match=mx1.dest.test sni=hostname", "'sni' is not an attribute."),
        ("encrypt match=nexthop", "'match' does not go with 'encrypt'."),
        ("may tafile=/etc/ca.pem", "'tafile' does not go with 'may'."),
        ("verify match=", "'match' has no value."),
        ("may ciphers=high ciphers=low", "'ciphers' is there twice."),
        ("secure servername=-x-", "servername=-x- is not a value of it."),
        ("may enable_rpk=maybe", "enable_rpk=maybe is not a value of it."),
        ("may policy_type=other", "policy_type=other is not a value of it."),
        ("may policy_ttl=60", "'policy_ttl' without a policy_type."),
        ("encrypt protocols", "'protocols' has no value."),
        ("halfdane", "'halfdane' is not a level."),
    ],
)
def test_with_a_policy_that_cannot_be_read_nobody_is_connected_to(
    plan: Make, route: Callable[..., Route], entry: str, objection: str
) -> None:
    found = plan(ZONE, table(entry))
    assert (found.outcome, found.status, found.reason, found.targets) == ("deferred", "4.7.5", PROBLEM, ())
    assert {(each.host, each.rule) for each in found.sites[0].excluded} == {
        ("mx1", "smtp_tls_policy_maps"),
        ("mx2", "smtp_tls_policy_maps"),
    }
    assert found.sites[0].excluded[0].why.endswith(objection.rstrip("."))
    assert compare(found, route(outcome="deferred", status="4.7.5")) == []
    assert [each.kind for each in compare(found, route("mx1 250"))] == ["excluded-target"]


@pytest.mark.parametrize(
    ("key", "recipient", "main_cf", "met"),
    [
        ("a.test", "u@a.test", "", True),
        ("A.TEST", "u@a.test", "", True),
        (".test", "u@a.test", "", True),
        ("b.test", "u@a.test", "", False),
        ("a.test", "u@sub.a.test", "", False),
        (".a.test", "u@sub.a.test", "", True),
        ("mx1.dest.test", "u@a.test", "", False),  # the destination is looked up, not the host
        ("[mx1.dest.test]:587", "u@a.test", "relayhost = [mx1.dest.test]:587", True),
        ("mx1.dest.test", "u@a.test", "relayhost = [mx1.dest.test]:587", False),
        (".dest.test", "u@a.test", "relayhost = [mx1.dest.test]:587", False),
    ],
)
def test_a_policy_is_looked_up_by_destination(plan: Make, key: str, recipient: str, main_cf: str, met: bool) -> None:
    found = plan(f"{ZONE}sub.a.test. MX 10 mx1.dest.test.\n", f"{main_cf}\n{table('nonsense', key)}", recipient)
    assert (found.outcome == "deferred") is met


@pytest.mark.parametrize(
    ("zone", "main_cf", "status", "reason"),
    [
        (ZONE, DNSSEC, "4.7.5", "non DNSSEC destination"),
        ("a.test. A 198.18.0.11\n", DNSSEC, "4.7.5", "no TLSA records found"),
        (ZONE, "", "4.7.5", PROBLEM),
        (ZONE, f"{DNSSEC}ignore_mx_lookup_error = yes\n", "4.7.5", PROBLEM),
        (ZONE, "smtp_dns_support_level = enabled\n", "4.7.5", PROBLEM),
    ],
)
def test_dane_only_lets_nothing_out_without_dnssec(
    plan: Make, zone: str, main_cf: str, status: str, reason: str
) -> None:
    for level in (table("dane-only"), "smtp_tls_security_level = dane-only"):
        found = plan(zone, main_cf + level)
        assert (found.outcome, found.status, found.reason) == ("deferred", status, reason)


def test_dane_is_as_may_without_dnssec(plan: Make) -> None:
    found = plan(f"{ZONE}_25._tcp.mx1.dest.test. TLSA 3 1 1 00\n", f"{DNSSEC}smtp_tls_security_level = dane")
    assert (found.order, found.sites[0].tls) == (["mx1", "mx2"], "dane")
    assert any("no zone of the lab is signed" in note for note in found.notes)


def test_other_ends_before_a_connection(plan: Make) -> None:
    fingerprint = plan(ZONE, "smtp_tls_security_level = fingerprint")
    assert (fingerprint.outcome, fingerprint.reason) == ("deferred", PROBLEM)
    assert plan(ZONE, "smtp_tls_security_level = fingerprint\nsmtp_tls_fingerprint_cert_match = AA").outcome is None
    wrapped = plan(ZONE, "smtp_tls_wrappermode = yes\nsmtp_tls_security_level = may")
    assert (wrapped.status, wrapped.reason) == ("4.3.0", "server unavailable or unable to receive mail")
    assert plan(ZONE, "smtp_tls_wrappermode = yes\nsmtp_tls_security_level = encrypt").outcome is None


STS = "secure match=hostname policy_type=sts policy_domain=a.test"


@pytest.mark.parametrize(
    ("patterns", "order"),
    [
        (["mx1.dest.test"], ["mx1"]),
        (["*.dest.test"], ["mx1", "mx2"]),
        (["*.test"], []),
        (["MX2.dest.test", "mx9.dest.test"], ["mx2"]),
    ],
)
def test_exchangers_that_an_sts_policy_does_not_name_are_passed_over(
    plan: Make, patterns: list[str], order: list[str]
) -> None:
    entry = " ".join([STS, *(f"mx_host_pattern={pattern}" for pattern in patterns)])
    found = plan(ZONE, table(entry))
    assert found.order == order
    assert (found.status if not order else "4.3.0") == "4.3.0"
    assert plan(ZONE, f"{table(entry)}\nsmtp_tls_enforce_sts_mx_patterns = no").order == ["mx1", "mx2"]


def test_a_fallback_has_a_policy_of_its_own(plan: Make) -> None:
    found = plan(ZONE, f"{table('nonsense')}\nsmtp_fallback_relay = [mx3.dest.test]")
    assert (found.order, found.outcome) == (["mx3"], None)


def test_what_tls_forbids_is_told_with_its_reason(plan: Make) -> None:
    shown: Any = text(plan(ZONE, table("secure sni=hostname")))
    assert "never   mx1.dest.test 198.18.0.11, mx2.dest.test 198.18.0.12" in shown
    assert "'sni' is not an attribute" in " ".join(shown.split())
    assert "end     deferred 4.7.5\n          client TLS configuration problem\n" in shown
