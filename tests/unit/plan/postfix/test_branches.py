"""Plans that go on after another recipient has come out of one, and what smtpd(8) says before that."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from lab.plan.postfix.explain import Basis
from lab.plan.postfix.path import explain_path
from lab.plan.text import text
from lab.route.departures import compare
from lab.route.model import Route
from lab.route.plan import Plan
from lab.servers.dovecot.store import Store
from lab.servers.postfix.settings import Settings

Make = Callable[..., Plan]
Routes = Callable[..., Route]
ZONE = "a.test. MX 10 mx1.dest.test.\nb.test. MX 10 mx2.dest.test.\nc.test. MX 10 mx3.dest.test.\n"
EVA = "virtual_alias_maps = inline:{ {eva@a.test = cai@b.test} }"
LMTP = "virtual_mailbox_domains = a.test\nvirtual_transport = lmtp:inet:[mailstore.lab.test]:24\n"


@pytest.fixture
def path(zones: Callable[..., Any], settings: Callable[..., Settings], hosts: dict[str, str]) -> Callable[..., Plan]:
    """Return a path through hosts with these main.cf texts, from the first of them on."""

    def make(
        recipient: str = "eva@a.test",
        scripts: dict[str, str] | None = None,
        outlet: str = "mx1.dest.test:10025",
        **cf: str,
    ) -> Plan:
        everyone = {host: settings(main_cf, host) for host, main_cf in cf.items()}
        stores = {"mailstore": Store(outlet, {"lone": ""}, scripts or {})}
        basis = Basis(zones(ZONE), everyone, hosts, stores)
        return explain_path(recipient, next(iter(cf)), basis, "ana@home.test")

    return make


def test_a_virtual_alias_is_replaced_before_it_is_routed(path: Make) -> None:
    plan = path(direct=EVA)
    assert (plan.replaced, plan.outcome, plan.sites, plan.questions) == (True, None, (), ())
    (branch,) = plan.branches
    assert (branch.recipient, branch.host, branch.by, branch.certain) == (
        "cai@b.test",
        "direct",
        "virtual_alias_maps",
        True,
    )
    assert branch.plan is not None
    assert branch.plan.order == ["mx2"]
    assert branch.why
    assert branch.rule


def test_one_recipient_becomes_several(path: Make, route: Routes) -> None:
    plan = path(direct="virtual_alias_maps = inline:{ {eva@a.test = bia@b.test, cai@c.test} }")
    assert [part.order for part in plan.walk()] == [[], ["mx2"], ["mx3"]]
    there: dict[str, Any] = {"recipient": "eva@a.test", "final_recipient": "cai@c.test"}
    assert compare(plan, route("mx3 250", **there)) == []
    assert [each.kind for each in compare(plan, route("mx2 250", **there))] == ["unplanned-target"]


def test_an_alias_that_was_not_replaced_departs(path: Make, route: Routes) -> None:
    plan = path(direct=EVA)
    same: dict[str, Any] = {"recipient": "eva@a.test", "final_recipient": "eva@a.test"}
    assert [each.kind for each in compare(plan, route("mx1 250", **same))] == ["unplanned-target"]
    nothing: dict[str, Any] = {**same, "outcome": "deferred", "status": "4.3.0"}
    assert [each.kind for each in compare(plan, route(**nothing))] == ["not-attempted"]


@pytest.mark.parametrize(
    ("transport", "end"),
    [("error:5.7.1 no", ("bounced", "5.7.1")), ("retry:4.3.0 wait", ("deferred", "4.3.0"))],
)
def test_what_only_an_alias_leads_to_is_not_refused_in_the_dialogue(
    path: Make, route: Routes, transport: str, end: tuple[str, str]
) -> None:
    main_cf = f"{EVA}\ntransport_maps = inline:{{ {{b.test = {transport}}} }}"
    directly = path("cai@b.test", direct=main_cf)
    assert (directly.outcome, directly.status) == ("rejected", end[1])
    plan = path(direct=main_cf).branches[0].plan
    assert plan is not None
    assert (plan.outcome, plan.status) == end
    whole = path(direct=main_cf)
    fields: dict[str, Any] = {"recipient": "eva@a.test", "final_recipient": "cai@b.test"}
    assert compare(whole, route(outcome=end[0], status=end[1], **fields)) == []
    assert [each.kind for each in compare(whole, route(outcome=end[0], status="4.9.9", **fields))] == ["outcome"]


def test_an_alias_of_itself_is_routed_as_it_is_but_not_refused(path: Make) -> None:
    main_cf = "virtual_alias_maps = inline:{ {eva@a.test = eva@a.test} }\n"
    assert path(direct=main_cf).order == ["mx1"]
    assert path(direct=f"{main_cf}transport_maps = inline:{{ {{a.test = error:5.7.1 no}} }}").outcome == "bounced"


def test_aliases_that_go_round_are_refused(path: Make) -> None:
    plan = path(direct="virtual_alias_maps = inline:{ {eva@a.test = bia@a.test}, {bia@a.test = eva@a.test} }")
    assert (plan.outcome, plan.status, plan.reason) == ("rejected", "4.6.0", "Alias expansion error")
    assert "virtual_alias_recursion_limit" in plan.rule


def test_an_alias_in_an_alias_domain_is_routed(path: Make) -> None:
    own = "virtual_alias_domains = old.test\nvirtual_alias_maps = inline:{ {eva@old.test = cai@b.test} }"
    assert path("eva@old.test", direct=own).branches[0].plan is not None
    assert path("bia@old.test", direct=own).status == "5.1.1"


def test_a_message_goes_on_with_its_new_recipient(path: Make, route: Routes) -> None:
    plan = path(direct="", mx1=EVA, mx2="virtual_mailbox_domains = b.test")
    at_mx1 = plan.then[0]
    assert (at_mx1.host, at_mx1.recipient, at_mx1.replaced) == ("mx1", "eva@a.test", True)
    at_mx2 = at_mx1.branches[0].plan.then[0]  # type: ignore[union-attr]  # it has one
    assert (at_mx2.host, at_mx2.recipient, at_mx2.outcome) == ("mx2", "cai@b.test", "delivered")
    whole = route("mx1 250", "mx1>mx2 250", hops=("direct", "mx1", "mx2"), final_recipient="cai@b.test")
    assert compare(plan, whole) == []
    wrong = route("mx1 250", "mx1>mx3 250", hops=("direct", "mx1", "mx3"), final_recipient="cai@b.test")
    assert [(each.host, each.kind) for each in compare(plan, wrong)] == [("mx1", "unplanned-target")]


LOCAL = (
    "mydestination = a.test\nmyorigin = a.test\nalias_maps = inline:{ {eva = cai@b.test}, {both = cai@b.test, both} }"
)


def test_a_local_alias_makes_a_new_message(path: Make, route: Routes) -> None:
    plan = path(direct=LOCAL)
    assert (plan.transport, plan.outcome, plan.replaced) == ("local", None, False)
    assert [(each.by, each.recipient) for each in plan.branches] == [("alias_maps", "cai@b.test")]
    assert plan.branches[0].plan is not None
    assert plan.branches[0].plan.order == ["mx2"]
    fields: dict[str, Any] = {"recipient": "eva@a.test", "final_recipient": "cai@b.test"}
    assert compare(plan, route("B/mx2 250", **fields)) == []
    assert [each.kind for each in compare(plan, route("B/mx3 250", **fields))] == ["unplanned-target"]


def test_a_local_alias_may_deliver_here_too(path: Make) -> None:
    plan = path("both@a.test", direct=LOCAL)
    assert (plan.outcome, [each.recipient for each in plan.branches]) == ("delivered", ["cai@b.test"])


def test_an_attempt_at_the_delivery_agent_is_planned(path: Make, route: Routes) -> None:
    plan = path(direct="", mx1=LMTP)
    (agent,) = plan.then[0].delivery
    assert (agent.host, agent.address, agent.port) == ("mailstore", "198.18.0.4", 24)
    waits: dict[str, Any] = {"outcome": "deferred", "hops": ("direct", "mx1")}
    assert compare(plan, route("mx1 250", "mx1>mailstore refused", "mx1>mailstore rcpt 450", **waits)) == []
    assert [each.kind for each in compare(plan, route("mx1 250", "mx1>mx2 refused", **waits))] == ["unplanned-target"]
    elsewhere = path(direct="", mx1=LMTP.replace("[mailstore.lab.test]:24", "[198.18.0.4]"))
    assert [each.address for each in elsewhere.then[0].delivery] == ["198.18.0.4"]


def test_a_script_sends_on_by_the_submission_host(path: Make, route: Routes) -> None:
    scripts = {"eva@a.test": 'redirect "cai@b.test";'}
    plan = path(scripts=scripts, direct="", mx1=LMTP)
    at_mx1 = plan.then[0]
    assert (at_mx1.outcome, at_mx1.reason) == ("delivered", "handed to lmtp:inet:[mailstore.lab.test]:24")
    (branch,) = at_mx1.branches
    assert (branch.recipient, branch.host, branch.by, branch.certain) == ("cai@b.test", "mx1", "sieve", True)
    assert branch.plan is not None
    assert branch.plan.order == ["mx2"]
    hops = ("direct", "mx1", "mx1", "mx2")
    fields: dict[str, Any] = {"hops": hops, "final_recipient": "cai@b.test"}
    assert compare(plan, route("mx1 250", "mx1>B/mx2 250", **fields)) == []
    wrong = compare(plan, route("mx1 250", "mx1>B/mx3 250", **fields))
    assert [(each.host, each.kind) for each in wrong] == [("mx1", "unplanned-target")]
    kept: dict[str, Any] = {"hops": ("direct", "mx1"), "final_recipient": "eva@a.test"}
    assert compare(plan, route("mx1 250", **kept)) == []
    tempfail = {**kept, "outcome": "deferred", "status": "4.2.0"}
    assert compare(plan, route("mx1 250", **tempfail)) == []  # what the delivery agent answers is in no plan


@pytest.mark.parametrize(
    ("recipient", "scripts"),
    [
        ("bia@a.test", {"eva@a.test": 'redirect "cai@b.test";'}),
        ("eva+news@a.test", {"eva@a.test": 'redirect "cai@b.test";'}),  # filed before the script has its turn
        ("lone@a.test", {"lone@a.test": 'redirect "cai@b.test";'}),  # nobody sends for this one
        ("eva@a.test", {"eva@a.test": "keep;"}),
    ],
)
def test_nothing_is_sent_on(path: Make, recipient: str, scripts: dict[str, str]) -> None:
    assert path(recipient, scripts, mx1=f"{LMTP}recipient_delimiter = +").branches == ()


def test_a_script_that_asks_the_message_may_send_on(path: Make) -> None:
    scripts = {"eva@a.test": 'if header "x" "y" { redirect "cai@b.test"; }'}
    plan = path(scripts=scripts, mx1=LMTP)
    assert [each.certain for each in plan.branches] == [False]
    assert "may     cai@b.test, sent by mx1" in text(plan)


def test_scripts_that_send_to_each_other_end(path: Make) -> None:
    scripts = {"eva@a.test": 'redirect "bia@a.test";', "bia@a.test": 'redirect "eva@a.test";'}
    plan = path(scripts=scripts, mx1=LMTP)
    assert [part.recipient for part in plan.walk()] == ["eva@a.test", "bia@a.test"]
    assert plan.branches[0].plan is not None
    assert plan.branches[0].plan.branches[0].plan is None


SENDER = (
    "sender_dependent_default_transport_maps = inline:{ {@home.test = smtp:[mx3.dest.test]}, {o@x.test = DUNNO} }\n"
    "sender_dependent_relayhost_maps = inline:{ {eva@x.test = [mx2.dest.test]}, {<> = [mx3.dest.test]} }\n"
    "relay_domains = b.test\n"
)


@pytest.mark.parametrize(
    ("sender", "recipient", "order"),
    [
        ("ana@home.test", "u@a.test", ["mx3"]),
        ("ANA@home.test", "u@a.test", ["mx3"]),
        ("ana@home.test", "u@b.test", ["mx2"]),  # a relay domain takes relay_transport
        ("eva@x.test", "u@a.test", ["mx2"]),
        ("o@x.test", "u@a.test", ["mx1"]),
        ("bia@x.test", "u@a.test", ["mx1"]),
        ("", "u@a.test", ["mx3"]),
        (None, "u@a.test", ["mx1"]),
    ],
)
def test_the_sender_names_the_next_hop(plan: Make, sender: str | None, recipient: str, order: list[str]) -> None:
    found = plan(ZONE, SENDER, recipient, sender=sender)
    assert found.order == order
    assert ("the next hop may depend on the sender, which is not known here" in found.notes) is (sender is None)


ASKED = "smtpd_recipient_restrictions = reject_unknown_recipient_domain\n"


@pytest.mark.parametrize(
    ("zone", "main_cf", "end", "questions"),
    [
        ("a.test. MX 0 .", ASKED, ("rejected", "5.1.10"), ["MX"]),
        ("", ASKED, ("rejected", "4.1.2"), ["MX", "A", "AAAA"]),
        ("", f"{ASKED}unknown_address_reject_code = 550", ("rejected", "5.1.2"), ["MX", "A", "AAAA"]),
        ("a.test. MX 10 -x-.", ASKED, ("rejected", "4.1.2"), ["MX"]),
        ("a.test. A 198.18.0.11", ASKED, (None, None), ["MX", "A", "MX", "A"]),
        (
            "a.test. MX 0 .",
            "smtpd_recipient_restrictions = permit_mynetworks, reject_unknown_recipient_domain",
            ("bounced", "5.1.0"),
            ["MX"],
        ),
        ("a.test. MX 0 .", f"{ASKED}virtual_mailbox_domains = a.test", ("delivered", None), []),
        ("a.test. MX 0 .", f"{ASKED}relay_domains = a.test", ("rejected", "5.1.10"), ["MX"]),
        (
            "a.test. MX 0 .",
            "smtpd_relay_restrictions = reject_unknown_recipient_domain",
            ("rejected", "5.1.10"),
            ["MX"],
        ),
    ],
)
def test_a_domain_that_takes_no_mail_is_refused_while_the_client_waits(
    plan: Make, zone: str, main_cf: str, end: tuple[str | None, str | None], questions: list[str]
) -> None:
    found = plan(zone, main_cf)
    assert (found.outcome, found.status) == end
    assert [question.type for question in found.questions] == questions


def test_a_failed_lookup_at_submission_is_temporary(plan: Make) -> None:
    found = plan("", f"{ASKED}unknown_address_reject_code = 550", rcodes={("a.test.", "MX"): "SERVFAIL"})
    assert (found.outcome, found.status, found.reason) == ("rejected", "4.1.2", "Domain not found")


def test_only_a_client_is_refused(plan: Make) -> None:
    assert plan("a.test. MX 0 .", ASKED, stage="internal").outcome == "bounced"


MASTER = (
    "smtp unix - - n - - smtp\nslow unix - - n - - smtp\n  -o smtp_connect_timeout=9s\nfilter unix - n n - - pipe\n"
)


def test_a_transport_that_master_cf_lacks_waits(plan: Make) -> None:
    found = plan(ZONE, "transport_maps = inline:{ {a.test = filter2:[127.0.0.1]:10024} }", master_cf=MASTER)
    assert (found.outcome, found.status, found.reason) == ("deferred", "4.3.0", "mail transport unavailable")
    assert "filter2" in found.why


def test_the_program_of_master_cf_says_what_a_transport_is(plan: Make) -> None:
    slow = plan(ZONE, "default_transport = slow", master_cf=MASTER)
    assert slow.order == ["mx1"]
    assert "no answer in 9s" in slow.consequences[0].answer
    assert plan(ZONE, "default_transport = filter", master_cf=MASTER).outcome == "delivered"


NAT = "a.test. MX 10 mx1.dest.test.\na.test. MX 20 mx2.dest.test.\na.test. MX 30 mx3.dest.test.\n"


@pytest.mark.parametrize(
    ("attempts", "fields", "kinds"),
    [
        (["mx1 refused", "mx3 250"], {}, []),  # its own turn is only a warning in the log
        (["mx1 refused", "mx2 ehlo lost", "mx3 250"], {}, []),
        (["mx1 refused", "mx3 refused"], {"outcome": "deferred"}, []),
        (["mx3 250"], {}, ["out-of-order"]),
        (["mx1 refused"], {"outcome": "deferred"}, ["stopped-early"]),
    ],
)
def test_a_host_that_meets_itself_goes_on(
    plan: Make, route: Routes, attempts: list[str], fields: dict[str, Any], kinds: list[str]
) -> None:
    found = plan(NAT, "inet_interfaces = loopback-only\nrelay_domains = a.test", host="mx2")
    assert found.order == ["mx1", "mx2", "mx3"]
    assert any("198.18.0.12 is mx2 itself" in note for note in found.notes)
    made = route(*attempts, host="mx2", **fields)
    assert [each.kind for each in compare(found, made)] == kinds


def test_a_host_that_meets_itself_last_shows_it_or_not(plan: Make, route: Routes) -> None:
    zone = "a.test. MX 10 mx1.dest.test.\na.test. MX 20 mx2.dest.test.\n"
    found = plan(zone, "inet_interfaces = loopback-only\nrelay_domains = a.test", host="mx2")
    for attempts in (["mx1 refused", "mx2 ehlo lost"], ["mx1 refused"] * 2):
        assert compare(found, route(*attempts, host="mx2", outcome="deferred")) == []


def test_text_names_what_comes_out_of_a_recipient(path: Make) -> None:
    shown = text(path(direct="", mx1=EVA, mx2="virtual_mailbox_domains = b.test"))
    assert "eva@a.test, from mx1\nbecomes cai@b.test" in shown
    assert "virtual_alias_maps; virtual(5)" in shown
    assert "\ncai@b.test, from mx1\nnext    b.test over smtp" in shown
    scripts = {"eva@a.test": 'redirect :copy "cai@b.test";'}
    assert "also    cai@b.test, sent by mx1" in text(path(scripts=scripts, mx1=LMTP))


def test_branches_survive_json(path: Make) -> None:
    plan = path(direct="", mx1=EVA)
    data = json.loads(json.dumps(plan.to_json()))
    assert Plan.from_json(data) == plan
    assert data["then"][0]["branches"][0]["plan"]["nexthop"] == "b.test"
    del data["branches"]  # as it was written before there were any
    assert Plan.from_json(data) == plan
