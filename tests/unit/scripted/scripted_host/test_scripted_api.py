"""Leases, scripts, owners and policies over HTTP, as the lab's own client uses them."""

from __future__ import annotations

import io
import json
import socket
from datetime import UTC, datetime
from ipaddress import IPv4Network, IPv6Network
from typing import Any

import pytest
import requests
from scripted.firewall import SYN, change, empty
from scripted.leases import Leases
from scripted.log import Log
from scripted.places import Places
from scripted.read import read_script
from scripted.script import Connect
from scripted.store import BYTES, SESSIONS, Store

from dnszone.problem import RefusedError
from lab.errors import LabError
from lab.route.events import Dialogue, Stored
from lab.servers.scripted import log as reader

from .host import ADDRESS, DEADLINE, TOKEN, Client, Host

NETWORK = IPv4Network("198.18.7.128/30")  # of two addresses


def test_an_address_waits_until_the_others_had_their_turn() -> None:
    leases = Leases(Places(IPv4Network("198.18.0.128/29")))
    first = leases.take("a", 2)
    assert first == ["198.18.0.129", "198.18.0.130"]
    leases.give_back(first[0])
    assert leases.take("b", 4) == [f"198.18.0.{number}" for number in range(131, 135)]
    assert leases.take("b", 1) == [first[0]]
    assert leases.of("a") == [first[1]]


def test_all_addresses_or_none() -> None:
    leases = Leases(Places(IPv4Network("198.18.0.128/30")))
    with pytest.raises(RefusedError, match="3 addresses were asked for, 2 are free of 2"):
        leases.take("a", 3)
    assert leases.all() == {}


def test_a_place_has_two_addresses() -> None:
    places = Places(NETWORK, IPv6Network("2001:2:0:7::/64"))
    assert places.all6() == ["2001:2:0:7::7:129", "2001:2:0:7::7:130"]
    assert [places.name(each) for each in ("2001:2:0:7::7:130", "2001:2:0:7:0:0:7:130", "198.18.7.130")] == [
        "198.18.7.130"
    ] * 3
    assert [places.name(each) for each in ("2001:2:0:7::5", "198.18.7.5", "x")] == ["2001:2:0:7::5", "198.18.7.5", "x"]
    leases = Leases(places)
    assert leases.take("a", 1) == ["198.18.7.129"]
    assert leases.leased("2001:2:0:7::7:129") == "198.18.7.129"
    with pytest.raises(RefusedError, match="2001:2:0:7::7:130 is not leased"):
        leases.leased("2001:2:0:7::7:130")
    leases.give_back("2001:2:0:7::7:129")
    assert leases.all() == {}


def test_leases_and_owners(host: Host) -> None:
    assert host.control.call("GET", "/leases") == [{"address": ADDRESS, "address6": None, "owner": "run"}]
    with pytest.raises(LabError, match="0 are free of 1"):
        host.api.lease()
    host.script(connect="refuse")
    host.api.drop()
    assert host.api.owners() == []
    assert host.firewall.rules == {}
    with pytest.raises(LabError, match=f"{ADDRESS} is not leased"):
        host.api.script(ADDRESS, {})
    with pytest.raises(LabError, match=r"10\.9\.8\.7 is not an address of this host"):
        host.api.release("10.9.8.7")


def test_a_new_lease_knows_nothing_of_the_old(host: Host, client: Client) -> None:
    client.envelope().send("x\r\n.\r\n")
    client.reply()
    host.api.release(ADDRESS)
    assert len(host.api.messages(ADDRESS)) == 1  # evidence of the run that ended
    host.api.lease()
    assert host.api.messages(ADDRESS) == []
    assert host.api.sessions(ADDRESS) == []


def test_scripts(host: Host) -> None:
    host.script(connect={"loss": 0.5}, rcpt="450 4.2.0 later")
    assert host.firewall.rules == {ADDRESS: (Connect(loss=0.5),)}
    shown = host.control.call("GET", f"/scripts/{ADDRESS}")
    assert shown == {"connect": {"loss": 0.5}, "rcpt": "450 4.2.0 later"}
    with pytest.raises(LabError, match=r'rctp: unknown key "rctp" \(did you mean "rcpt"\?\)'):
        host.script(rctp="450 4.2.0 later")
    assert host.control.call("GET", f"/scripts/{ADDRESS}") == shown
    host.control.call("DELETE", f"/scripts/{ADDRESS}")
    assert host.control.call("GET", f"/scripts/{ADDRESS}") == {}
    assert host.firewall.rules == {}


def test_a_firewall_that_fails_changes_nothing(host: Host) -> None:
    host.firewall.broken = True
    with pytest.raises(LabError, match="no nf_tables"):
        host.script(connect="drop")
    assert host.control.call("GET", f"/scripts/{ADDRESS}") == {}


@pytest.mark.parametrize(
    ("method", "path", "body", "message"),
    [
        ("POST", "/leases", {"owner": "a", "cuont": 1}, r'cuont: unknown key "cuont" \(did you mean "count"\?\)'),
        ("POST", "/leases", {"count": 0}, "owner: must be a string.*\ncount: must be a whole number from 1 to 1"),
        ("GET", "/sessions?adress=1", None, r'adress: unknown key "adress" \(did you mean "address"\?\)'),
        ("GET", "/nowhere", None, "GET /nowhere: Not Found"),
        ("PUT", "/leases", {}, "PUT /leases: Method Not Allowed"),
        ("DELETE", "/policies/P9", None, "there is no policy P9"),
    ],
)
def test_requests_that_are_wrong(host: Host, method: str, path: str, body: Any, message: str) -> None:
    with pytest.raises(LabError, match=message):
        host.control.call(method, path, body)


def ask(host: Host, *questions: dict[str, str]) -> list[str]:
    """Ask the policy service over one connection."""
    answers = []
    with socket.create_connection((ADDRESS, host.ports.policy), timeout=DEADLINE) as connection:
        file = connection.makefile("rb")
        for question in questions:
            lines = {"request": "smtpd_access_policy", **question}
            connection.sendall("".join(f"{name}={value}\n" for name, value in lines.items()).encode() + b"\n")
            answers.append(file.readline().decode().rstrip("\n"))
            assert file.readline() == b"\n"
        file.close()
    return answers


def test_a_web_page_is_refused(host: Host) -> None:
    """The guard is dnszone.control's, and tested there."""
    url = f"http://{ADDRESS}:{host.ports.api}"
    rule = {"owner": "page", "state": "RCPT", "action": "450 4.2.0 no"}
    right = {"Authorization": f"Bearer {TOKEN}"}
    for path in ("/policies", "/leases"):
        plain = {**right, "Content-Type": "text/plain"}
        assert requests.post(f"{url}{path}", data=json.dumps(rule), headers=plain, timeout=5).status_code == 415
        assert requests.post(f"{url}{path}", json=rule, timeout=5).status_code == 401
        for name, value in (("Host", "rebound.example.com"), ("Origin", "https://example.com")):
            assert (
                requests.post(f"{url}{path}", json=rule, headers={**right, name: value}, timeout=5).status_code == 403
            )
        assert (
            requests.get(f"{url}{path}", headers={**right, "Host": "rebound.example.com"}, timeout=5).status_code == 403
        )
    assert host.control.call("GET", "/policies") == []
    assert host.api.owners() == ["run"]


@pytest.mark.parametrize(
    "body", [b"[" * 100_000, b"\xff", b'"\\ud800"', b'{"owner": "\\ud800", "action": "\\u2028"}', b"1e999"]
)
@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/policies"), ("POST", "/leases"), ("PUT", f"/scripts/{ADDRESS}")]
)
def test_a_body_without_sense_is_a_mistake_of_who_sends_it(host: Host, method: str, path: str, body: bytes) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    url = f"http://{ADDRESS}:{host.ports.api}{path}"
    assert requests.request(method, url, data=body, headers=headers, timeout=5).status_code in (400, 422)


@pytest.mark.parametrize("end", ["\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x1c", "\r"])
def test_a_name_that_a_stranger_chooses_is_no_further_line(host: Host, end: str) -> None:
    """HELO is quoted in the question; a rule for another host must not be fired by it."""
    host.control.call("POST", "/policies", {"owner": "other", "host": "198.18.0.11", "action": "450 4.2.0 later"})
    question = {
        "protocol_state": "RCPT",
        "server_address": "198.18.0.12",
        "helo_name": f"x{end}server_address=198.18.0.11",
    }
    assert ask(host, question) == ["action=DUNNO"]
    assert ask(host, {**question, "server_address": "198.18.0.11"}) == ["action=450 4.2.0 later"]


def test_policies(host: Host) -> None:
    def add(**rule: Any) -> str:
        return str(host.control.call("POST", "/policies", {"owner": "other", **rule})["id"])

    greylist = add(
        host=["198.18.0.11", "2001:2:0::11"], state="RCPT", recipient="*@RUN.test", first=1, action="450 4.2.0 later"
    )
    add(state="EHLO", client="198.18.0.2?", action="DEFER_IF_PERMIT no")
    add(state="MAIL", sender="<>", delay=0.01, action="554 5.7.1 no bounces")
    rcpt = {"protocol_state": "RCPT", "server_address": "198.18.0.11", "recipient": "bia@run.test", "sender": ""}
    answers = ask(
        host,
        {**rcpt, "server_address": "198.18.0.12"},
        {**rcpt, "server_address": "2001:2::12"},
        {**rcpt, "recipient": "bia@other.test"},
        {**rcpt, "server_address": "2001:2::11"},
        rcpt,
        {"protocol_state": "HELO", "client_address": "198.18.0.22"},
        {"protocol_state": "MAIL", "sender": ""},
        {"protocol_state": "MAIL", "sender": "ana@home.test"},
    )
    assert answers == [
        "action=DUNNO",
        "action=DUNNO",
        "action=DUNNO",
        "action=450 4.2.0 later",
        "action=DUNNO",
        "action=DEFER_IF_PERMIT no",
        "action=554 5.7.1 no bounces",
        "action=DUNNO",
    ]
    assert [each["action"] for each in host.lines() if each["event"] == "policy"] == [
        "450 4.2.0 later",
        "DEFER_IF_PERMIT no",
        "554 5.7.1 no bounces",
    ]
    assert [each["fired"] for each in host.control.call("GET", "/policies")] == [1, 1, 1]
    assert host.api.owners() == ["other", "run"]
    host.control.call("DELETE", f"/policies/{greylist}")
    host.api.drop("other")
    assert host.control.call("GET", "/policies") == []
    assert host.api.owners() == ["run"]


def test_the_lab_reads_the_log(host: Host, client: Client) -> None:
    host.script(rcpt={"first": 1, "reply": "450 4.2.0 later"})
    client.start("MAIL FROM:<ana@home.test>").say("RCPT TO:<bia@dest.test>")
    client.say("RCPT TO:<bia@dest.test>")
    client.say("DATA")
    client.send("Message-ID: <x@home.test>\r\n\r\n.\r\n")
    client.reply()
    events = [reader.parse("scripted", datetime.now(UTC), json.dumps(line)) for line in host.lines()]
    assert None not in events
    fault = next(each for each in events if isinstance(each, Dialogue) and each.fault)
    assert (fault.action, fault.stage, fault.text, fault.fault) == ("reply", "rcpt", "450 4.2.0 later", "rcpt")
    stored = next(each for each in events if isinstance(each, Stored))
    assert (stored.queue_id, stored.recipients, stored.message_id) == ("S000001", ("bia@dest.test",), "<x@home.test>")


def test_the_log_has_what_a_notice_says_of_its_recipients(host: Host, client: Client) -> None:
    notice = """Message-ID: <n@mx1.dest.test>
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

Action: failed

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx1.dest.test

Final-Recipient: rfc822; a@x.test
Action: relayed

Final-Recipient: rfc822; b@x.test
Action: delivered

--b--
"""
    client.envelope().send(notice.replace("\n", "\r\n") + ".\r\n")
    client.reply()
    events = [reader.parse("scripted", datetime.now(UTC), json.dumps(line)) for line in host.lines()]
    (stored,) = [each for each in events if isinstance(each, Stored)]
    assert stored.actions == ("relayed a@x.test", "delivered b@x.test")


def test_the_store_is_bounded() -> None:
    store = Store(Log(io.StringIO()), Places(NETWORK))
    for number in range(SESSIONS + 5):
        last = store.open("198.18.0.129", "198.18.0.22", number)
    assert [len(store.sessions()), store.sessions()[0].session] == [SESSIONS, 6]
    half = bytes(BYTES // 2)
    for _ in range(3):
        store.accept(last, store.next_queue_id(), "", ["bia@dest.test"], half)
    assert [each.queue_id for each in store.messages()] == ["S000002", "S000003"]


def test_what_came_to_both_addresses_of_a_place() -> None:
    store = Store(Log(io.StringIO()), Places(NETWORK, IPv6Network("2001:2:0:7::/64")))
    for server in ("198.18.7.129", "2001:2:0:7::7:129", "2001:2:0:7::7:130"):
        session = store.open(server, "198.18.7.22", 1)
        store.accept(session, store.next_queue_id(), "", ["bia@dest.test"], b"x")
    for address in ("198.18.7.129", "2001:2:0:7::7:129"):
        assert [each.server for each in store.sessions(address)] == ["198.18.7.129", "2001:2:0:7::7:129"]
        assert [each.queue_id for each in store.messages(address)] == ["S000001", "S000002"]
    store.forget("198.18.7.129")
    assert [each.server for each in store.sessions()] == ["2001:2:0:7::7:130"]
    assert [each.queue_id for each in store.messages()] == ["S000003"]


def beside(place: str) -> str:
    return f"2001:2:0:7::7:{place.rpartition('.')[2]}"


def alone(_: str) -> None:
    return None


def test_a_script_holds_for_both_addresses_unless_a_rule_names_a_family() -> None:
    rules = read_script({"connect": [{"drop": "ipv6", "first": 1}, {"refuse": "ipv4"}]}).connect
    chain = "at_198_18_7_129"
    assert change({}, {"198.18.7.129": rules}, beside).splitlines() == [
        f"add chain inet scripted {chain}",
        f"add set inet scripted {chain}_met_0 {{ typeof tcp sport . tcp sequence; size 1; flags dynamic; }}",
        f"add rule inet scripted {chain} meta nfproto ipv6 {SYN}"
        f" add @{chain}_met_0 {{ tcp sport . tcp sequence }} drop",
        f"add rule inet scripted {chain} meta nfproto ipv4 {SYN} reject with tcp reset",
        f"add element inet scripted rules_ip {{ 198.18.7.129 : jump {chain} }}",
        f"add element inet scripted rules_ip6 {{ 2001:2:0:7::7:129 : jump {chain} }}",
    ]
    assert change({"198.18.7.129": rules}, {}, beside).splitlines()[:2] == [
        "delete element inet scripted rules_ip { 198.18.7.129 }",
        "delete element inet scripted rules_ip6 { 2001:2:0:7::7:129 }",
    ]


def test_the_rules_of_the_kernel() -> None:
    assert "tcp dport 2525 ip daddr vmap @rules_ip\n" in empty(2525)
    assert "tcp dport 2525 ip6 daddr vmap @rules_ip6\n" in empty(2525)
    text = change(
        {},
        {
            "198.18.0.129": (Connect(kernel="refuse"),),
            "198.18.0.130": (Connect(kernel="drop", first=2), Connect(delay=1, first=1), Connect(kernel="unreachable")),
            "198.18.0.131": (Connect(loss=0.25),),
            "198.18.0.132": (Connect(loss=1),),
        },
        alone,
    )
    met = "at_198_18_0_130_met"
    assert text.splitlines() == [
        "add chain inet scripted at_198_18_0_129",
        f"add rule inet scripted at_198_18_0_129 {SYN} reject with tcp reset",
        "add element inet scripted rules_ip { 198.18.0.129 : jump at_198_18_0_129 }",
        "add chain inet scripted at_198_18_0_130",
        f"add set inet scripted {met}_0 {{ typeof tcp sport . tcp sequence; size 2; flags dynamic; }}",
        f"add set inet scripted {met}_1 {{ typeof tcp sport . tcp sequence; size 1; flags dynamic; }}",
        f"add rule inet scripted at_198_18_0_130 {SYN} add @{met}_0 {{ tcp sport . tcp sequence }} drop",
        f"add rule inet scripted at_198_18_0_130 {SYN} add @{met}_1 {{ tcp sport . tcp sequence }} accept",
        f"add rule inet scripted at_198_18_0_130 {SYN} reject with icmpx type host-unreachable",
        "add element inet scripted rules_ip { 198.18.0.130 : jump at_198_18_0_130 }",
        "add chain inet scripted at_198_18_0_131",
        "add rule inet scripted at_198_18_0_131 numgen random mod 1000 < 250 drop",
        "add element inet scripted rules_ip { 198.18.0.131 : jump at_198_18_0_131 }",
        "add chain inet scripted at_198_18_0_132",
        "add rule inet scripted at_198_18_0_132 drop",  # nft refuses "< 1000": always true
        "add element inet scripted rules_ip { 198.18.0.132 : jump at_198_18_0_132 }",
    ]


def test_rules_that_stay_count_on_and_the_same_put_again_begin_anew() -> None:
    stays, goes = (Connect(kernel="refuse", first=1),), (Connect(kernel="drop", first=1),)
    again = (Connect(kernel="drop", first=1),)
    assert again == goes
    before = {"198.18.0.129": stays, "198.18.0.130": goes}
    assert change(before, dict(before), alone) == ""
    chain = "at_198_18_0_130"
    lines = change(before, {"198.18.0.129": stays, "198.18.0.130": again}, alone).splitlines()
    assert lines[:5] == [
        "delete element inet scripted rules_ip { 198.18.0.130 }",
        f"flush chain inet scripted {chain}",
        f"delete chain inet scripted {chain}",
        f"delete set inet scripted {chain}_met_0",
        f"add chain inet scripted {chain}",
    ]
    assert not [line for line in lines if "198_18_0_129" in line]
