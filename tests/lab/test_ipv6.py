"""Mail over IPv6 in the lab's own network: routes, faults and records hold for it as for IPv4."""

from __future__ import annotations

import pytest

from lab import Lab
from lab.control.grammar import STATES
from lab.faults.kinds import KINDS

from .story import answers, departures
from .test_fault_kinds import is_seen

ZONE = "@ MX 10 mx1-v6.dest.test.\n@ MX 20 mx2-v6.dest.test.\n"


@pytest.fixture(autouse=True)
def ipv6(lab: Lab) -> None:
    if not lab.ipv6:
        pytest.skip("this lab has no IPv6")


def delivered_by(lab: Lab, domain: str) -> list[str]:
    route = lab.send(to=f"bia@{domain}", via="direct").route()
    assert all(":" in str(each.address) for each in route.attempts)
    assert departures(route) == []
    return answers(route)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_kind_of_fault_holds_for_ipv6_and_heals(lab: Lab, kind: str) -> None:
    domain = lab.zone(ZONE)
    is_seen(lab, kind, domain, lab.hosts["mx1"].address6)
    assert delivered_by(lab, domain) == ["mx1 accepted end-of-data"]


@pytest.mark.parametrize(("family", "other"), [("ipv4", "ipv6"), ("ipv6", "ipv4")])
def test_real_host_fails_in_one_family(lab: Lab, family: str, other: str) -> None:
    names = {"ipv4": "mx1.dest.test.", "ipv6": "mx1-v6.dest.test."}
    domain = lab.zone(f"@ MX 10 {names[family]}\n@ MX 20 {names[other]}\n")
    with lab.fault("mx1", connect={"refuse": family}):
        route = lab.send(to=f"bia@{domain}", via="direct").route()
    assert answers(route) == ["mx1 failed connect", "mx1 accepted end-of-data"]
    assert [":" in str(each.address) for each in route.attempts] == [family == "ipv6", other == "ipv6"]


@pytest.mark.parametrize("stage", STATES)
def test_exchanger_answers_what_it_is_told_over_ipv6(lab: Lab, stage: str) -> None:
    domain = lab.zone(ZONE)
    with lab.fault("mx1", **{stage.replace("-", "_"): "451 4.3.0 Not now"}):
        assert delivered_by(lab, domain) == [f"mx1 deferred {stage}", "mx2 accepted end-of-data"]
    assert delivered_by(lab, domain) == ["mx1 accepted end-of-data"]


def test_two_addresses_of_a_place_have_one_script_and_one_record(lab: Lab) -> None:
    domain = lab.zone("@ MX 10 six\n@ MX 20 four\nsix AAAA $SCRIPTED_1_V6\nfour A $SCRIPTED_1\n")
    with lab.fault("six", rcpt={"reply": "450 4.2.0 later", "first": 1}):
        route = lab.send(to=f"bia@{domain}", via="direct").route()
    assert answers(route) == ["six deferred rcpt", "four accepted end-of-data"]
    (place,) = lab.domains.places()
    assert place.address6 is not None
    for address in place:
        servers = [each["server"] for each in lab.scripted.sessions(str(address))]
        assert servers == [place.address6, place.address]
        assert len(lab.scripted.messages(str(address))) == 1
    assert lab.contacted() >= {"six", "four"}


@pytest.mark.parametrize(("family", "answer"), [("ipv6", "four"), ("ipv4", "six")])
@pytest.mark.parametrize(
    ("verdict", "reason"),
    [("refuse", "Connection refused"), ("drop", "Connection timed out"), ("unreachable", "No route to host")],
)
def test_a_connection_that_fails_in_one_family(lab: Lab, verdict: str, reason: str, family: str, answer: str) -> None:
    other = {"four": "six", "six": "four"}[answer]
    domain = lab.zone(f"@ MX 10 {other}\n@ MX 20 {answer}\nsix AAAA $SCRIPTED_1_V6\nfour A $SCRIPTED_1\n")
    with lab.fault(other, connect={verdict: family}):
        route = lab.send(to=f"bia@{domain}", via="direct").route()
    assert answers(route) == [f"{other} failed connect", f"{answer} accepted end-of-data"]
    assert route.attempts[0].reason == reason


def test_scripted_host_whose_cable_was_pulled_has_all_its_addresses_again(lab: Lab) -> None:
    domain = lab.zone("@ MX 10 six\nsix AAAA $SCRIPTED_1_V6\n")
    with lab.fault("scripted", host="cut"):
        route = lab.send(to=f"bia@{domain}", via="direct").route()
        assert answers(route) == ["six failed connect"]
    assert delivered_by(lab, domain) == ["six accepted end-of-data"]


def test_a_host_that_a_test_brings_along_has_ipv6_too(lab: Lab) -> None:
    domain = lab.new_domain()
    own = lab.host("own", like="mx1", domain=domain)
    assert own.address6
    lab.zone("@ MX 10 own\nown AAAA $OWN_V6\n", domain)
    assert delivered_by(lab, domain) == ["own accepted end-of-data"]


def test_one_test_may_have_hundreds_of_addresses_of_the_scripted_host(lab: Lab) -> None:
    """They are added as they are wanted: the last answers like the first, and a fault is at one of them alone."""
    domain = lab.zone("@ MX 10 first\n@ MX 20 last\nfirst AAAA $SCRIPTED_1_V6\nlast AAAA $SCRIPTED_500_V6\n")
    with lab.fault("first", connect="refuse"):
        route = lab.send(to=f"bia@{domain}", via="direct").route()
    assert answers(route) == ["first failed connect", "last accepted end-of-data"]
    first, last = lab.domains.places()[0], lab.domains.places()[-1]
    assert [len(lab.scripted.messages(each.address)) for each in (first, last)] == [0, 1]
