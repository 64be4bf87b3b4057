"""MX selection (RFC 5321 5.1): which host is asked first, which one next, and who is never asked."""

from __future__ import annotations

from collections import Counter

import pytest

from lab import Lab

from .story import answers, departures, looked_up

RFC5321_ORDER = ["mx1", "mx2", "mx3"]


def test_mx_lowest_first(lab: Lab) -> None:
    route = lab.send(to=f"bia@{lab.domain}", via="direct").route()
    assert answers(route) == ["mx1 accepted end-of-data"]
    assert (route.outcome, route.accepted_by, route.mailbox) == ("delivered", "mx1", "INBOX")
    assert route.hops == ["direct", "mx1"]
    assert lab.contacted() == {"mx1"}
    # All three exchangers are looked up before the first connection.
    assert lab.asked(f"{lab.domain}", *(f"{name}.dest.test" for name in RFC5321_ORDER)) == [
        f"MX {lab.domain}.",
        *looked_up("mx1.dest.test", "mx2.dest.test", "mx3.dest.test"),
    ]
    assert len(lab.mailbox(f"bia@{lab.domain}").find(route.message_id)) == 1
    assert departures(route) == []


def test_mx_fallthrough_refused(lab: Lab) -> None:
    with lab.fault("mx1", connect="refuse"):
        route = lab.send(to=f"bia@{lab.domain}", via="direct").route()
    assert answers(route) == ["mx1 failed connect", "mx2 accepted end-of-data"]
    assert route.attempts[0].reason == "Connection refused"
    assert (route.accepted_by, route.mailbox) == ("mx2", "INBOX")
    assert "mx3" not in lab.contacted()
    assert departures(route) == []


def test_mx_fallthrough_dropped(lab: Lab) -> None:
    """A filtered port costs smtp_connect_timeout (timers.cf: 2 s), and then the next one takes over as well."""
    with lab.fault("mx1", connect="drop"):
        route = lab.send(to=f"bia@{lab.domain}", via="direct").route()
    assert answers(route) == ["mx1 failed connect", "mx2 accepted end-of-data"]
    assert route.attempts[0].reason == "Connection timed out"
    assert route.accepted_by == "mx2"


def test_every_mx_refused_then_repaired_arrives_exactly_once(lab: Lab) -> None:
    with (
        lab.fault("mx1", connect="refuse"),
        lab.fault("mx2", connect="refuse"),
        lab.fault("mx3", connect="refuse"),
    ):
        sent = lab.send(to=f"bia@{lab.domain}", via="direct")
        deferred = sent.route()
        assert answers(deferred) == ["mx1 failed connect", "mx2 failed connect", "mx3 failed connect"]
        assert (deferred.outcome, deferred.status, deferred.accepted_by) == ("deferred", "4.4.1", None)
        queue, queue_id = lab.queue("direct"), deferred.attempts[0].queue_id
        assert [message.queue for message in queue.list() if message.queue_id == queue_id] == ["deferred"]
        queue.hold(queue_id)  # Postfix must not try it again by itself while the exchangers come back, one by one
    queue.release(queue_id)
    queue.flush()
    delivered = sent.route(until="delivered")
    assert delivered.accepted_by == "mx1"
    assert delivered.attempted[-1] == "mx1"
    assert delivered.copies == 1
    assert len(lab.mailbox(f"bia@{lab.domain}").find(delivered.message_id)) == 1


def test_mx_equal_pref_random(lab: Lab) -> None:
    domain = lab.zone("@ MX 10 mx1.dest.test.\n@ MX 10 mx2.dest.test.\n@ MX 20 mx3.dest.test.\n")
    sent = [lab.send(to=f"bia@{domain}", via="direct") for _ in range(60)]
    routes = [each.route() for each in sent]
    assert all(route.attempts[0].outcome == "accepted" for route in routes)
    counts = Counter(route.accepted_by for route in routes)
    assert set(counts) == {"mx1", "mx2"}
    # Binomial(60, 1/2): fewer than 10 on one side happens once in 20 million runs.
    assert min(counts.values()) >= 10
    assert "mx3" not in lab.contacted()
    assert routes[0].plan is not None
    assert [sorted(step) if isinstance(step, list) else step for step in routes[0].plan.order] == [
        ["mx1", "mx2"],
        "mx3",
    ]


def test_implicit_mx(lab: Lab) -> None:
    """No MX record: the domain's own address is its mail exchanger."""
    domain = lab.zone("@ A $MX1\n")
    route = lab.send(to=f"bia@{domain}", via="direct").route()
    assert answers(route) == ["mx1 accepted end-of-data"]
    assert route.mailbox == "INBOX"
    assert lab.asked(domain) == [f"MX {domain}.", *looked_up(domain)]
    assert lab.contacted() == {"mx1"}
    assert departures(route) == []


def test_mx_hides_domain_a(lab: Lab) -> None:
    """Where MX records exist, the domain's own address is not used, even if all exchangers are down."""
    domain = lab.zone("@ MX 10 mx-a\n@ A $MX1\nmx-a A $SCRIPTED_1\n")
    with lab.fault("mx-a", connect="refuse"):
        route = lab.send(to=f"bia@{domain}", via="direct").route()
    assert answers(route) == ["mx-a failed connect"]
    assert (route.outcome, route.status) == ("deferred", "4.4.1")
    assert lab.asked(domain, f"mx-a.{domain}") == [f"MX {domain}.", *looked_up(f"mx-a.{domain}")]
    assert lab.contacted() == set()
    assert departures(route) == []


def test_null_mx(lab: Lab) -> None:
    """RFC 7505: the domain takes no mail. Postfix bounces with 5.1.0 where the RFC registers 5.1.10."""
    domain = lab.zone("@ MX 0 .\n@ A $MX1\n")
    route = lab.send(to=f"bia@{domain}", via="direct").route()
    assert route.attempts == ()
    assert (route.outcome, route.status) == ("bounced", "5.1.0")
    assert route.reason == f"Domain {domain} does not accept mail (nullMX)"
    assert lab.asked(domain) == [f"MX {domain}."]
    assert "mx1" not in lab.contacted()
    assert [each.kind for each in route.notifications] == ["failed"]


def test_null_mx_beside_a_real_one(lab: Lab) -> None:
    """One empty exchange makes the whole answer null."""
    domain = lab.zone("@ MX 0 .\n@ MX 10 mx1.dest.test.\n")
    route = lab.send(to=f"bia@{domain}", via="direct").route()
    assert route.attempts == ()
    assert (route.outcome, route.status) == ("bounced", "5.1.0")


def test_mx_target_cname(lab: Lab) -> None:
    """RFC 2181 10.3 forbids an alias as exchanger; Postfix follows it, and calls the host by the MX record's name."""
    domain = lab.zone("@ MX 10 alias\nalias CNAME mx1.dest.test.\n")
    route = lab.send(to=f"bia@{domain}", via="direct").route()
    assert answers(route) == ["mx1 accepted end-of-data"]
    assert route.mailbox == "INBOX"
    assert lab.asked(domain, f"alias.{domain}") == [f"MX {domain}.", *looked_up(f"alias.{domain}")]
    assert lab.contacted() == {"mx1"}
    assert departures(route) == []


def test_mx_target_missing_one(lab: Lab) -> None:
    """An exchanger without an address is passed over without a word."""
    domain = lab.zone("@ MX 10 gone\n@ MX 20 mx2.dest.test.\n")
    route = lab.send(to=f"bia@{domain}", via="direct").route()
    assert answers(route) == ["mx2 accepted end-of-data"]
    assert route.mailbox == "INBOX"
    assert lab.contacted() == {"mx2"}
    assert departures(route) == []


@pytest.mark.parametrize(
    ("zone", "text"),
    [
        ("_other TXT x", "Host found but no data record of requested type"),
        (None, "Host not found"),
    ],
)
def test_domain_missing(lab: Lab, zone: str | None, text: str) -> None:
    """Postfix asks for an address even after NXDOMAIN, and says 5.4.4 where RFC 3463 has 5.1.2."""
    domain = lab.zone(zone) if zone else f"no-such-name.{lab.zone('@ TXT x')}"
    route = lab.send(to=f"bia@{domain}", via="direct").route()
    assert (route.outcome, route.status, route.attempts) == ("bounced", "5.4.4", ())
    assert route.reason == (f"Host or domain name not found. Name service error for name={domain} type=AAAA: {text}")
    assert lab.asked(domain) == [f"MX {domain}.", *looked_up(domain)]
    assert [each.kind for each in route.notifications] == ["failed"]


@pytest.mark.parametrize("fault", ["servfail", "drop"])
def test_mx_servfail_or_timeout(lab: Lab, fault: str) -> None:
    """A failed lookup is not the answer that there is no MX: no fall-back to the address, the message waits."""
    domain = lab.zone("@ MX 10 mx1.dest.test.\n@ A $MX2\n")
    if fault == "drop":
        lab.dns.fault("drop", name=f"{domain}.", type="MX")
    else:
        lab.dns.fault("rcode", name=f"{domain}.", type="MX", rcode="SERVFAIL")
    route = lab.send(to=f"bia@{domain}", via="direct").route()
    assert route.attempts == ()
    assert (route.outcome, route.status) == ("deferred", "4.4.3")
    assert route.reason == (
        f"Host or domain name not found. Name service error for name={domain} type=MX: Host not found, try again"
    )
    assert set(lab.asked(domain)) == {f"MX {domain}."}
    assert not {"mx1", "mx2"} & lab.contacted()
