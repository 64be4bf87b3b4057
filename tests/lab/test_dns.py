"""The fake DNS as real clients see it: BIND's dig inside a host, and dnspython from this machine."""

from __future__ import annotations

import re
import threading

import dns.message
import dns.query
import pytest
import requests

from lab import Lab, LabError
from lab.control.http import PORTS
from tests.lab.inside import inside

ZONE = """\
@          MX 10 mx1.dest.test.
@          TXT "v=spf1 -all"
*.wild     MX 5 mx2.dest.test.
host.wild  A 198.18.99.1
alias      CNAME mx1.dest.test.
empty.non.terminal A 198.18.99.2
_25._tcp.mx TLSA 3 1 1 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff
@          CAA 0 issue "ca.test"
_smtp._tcp SRV 0 5 25 mx1.dest.test.
v6         AAAA fd00::7
"""


def dig(lab: Lab, *arguments: str) -> str:
    """Return what dig(1) prints in the host direct, asking the server of its resolv.conf."""
    ran = inside(lab, "direct", "dig", "+tries=1", "+time=2", *arguments)
    assert ran.exit_code == 0, ran.said
    return ran.output


def short(lab: Lab, *arguments: str) -> list[str]:
    return sorted(dig(lab, "+short", *arguments).splitlines())


def status(text: str) -> str:
    found = re.search(r"status: (\w+)", text)
    assert found is not None, text
    return found[1]


@pytest.fixture
def domain(lab: Lab) -> str:
    return lab.zone(ZONE)


@pytest.mark.parametrize(
    ("name", "type", "answer"),
    [
        ("", "MX", ["10 mx1.dest.test."]),
        ("", "TXT", ['"v=spf1 -all"']),
        ("", "CAA", ['0 issue "ca.test"']),
        ("_smtp._tcp.", "SRV", ["0 5 25 mx1.dest.test."]),
        ("v6.", "AAAA", ["fd00::7"]),
        ("x.wild.", "MX", ["5 mx2.dest.test."]),
        ("x.y.wild.", "MX", ["5 mx2.dest.test."]),
        ("host.wild.", "MX", []),
        ("below.host.wild.", "MX", []),
    ],
)
def test_every_type_over_udp_and_tcp(lab: Lab, domain: str, name: str, type: str, answer: list[str]) -> None:
    assert short(lab, f"{name}{domain}", type) == answer
    assert short(lab, "+tcp", f"{name}{domain}", type) == answer


def test_alias_is_followed_across_zones(lab: Lab, domain: str) -> None:
    assert short(lab, f"alias.{domain}", "A") == sorted(["mx1.dest.test.", lab.hosts["mx1"].address])


def test_no_data_is_not_no_name(lab: Lab, domain: str) -> None:
    """RFC 2308: both have the zone's SOA in the authority section."""
    for name, expected in (
        (f"alias2.{domain}", "NXDOMAIN"),
        (f"v6.{domain}", "NOERROR"),
        (f"non.terminal.{domain}", "NOERROR"),  # RFC 4592 2.2.2: an empty non-terminal exists
        (f"host.wild.{domain}", "NOERROR"),
    ):
        text = dig(lab, name, "MX")
        assert status(text) == expected, name
        assert "ANSWER: 0, AUTHORITY: 1" in text
        assert re.search(rf"^{domain}\.\s+\d+\s+IN\s+SOA\s", text, re.MULTILINE)


def test_every_host_has_a_name_by_its_address(lab: Lab) -> None:
    for host in lab.hosts.values():
        assert short(lab, "-x", host.address) == [f"{host.fqdn}."]
        if host.address6:
            name = f"{host.fqdn.replace('.', '-v6.', 1)}."
            assert short(lab, "-x", host.address6) == [name]
            assert short(lab, name, "AAAA") == [host.address6]


def test_it_answers_over_ipv6(lab: Lab, domain: str) -> None:
    if not lab.ipv6:
        pytest.skip("this lab has no IPv6")
    server = f"@{lab.hosts['dns'].address6}"
    assert short(lab, server, domain, "MX") == short(lab, server, "+tcp", domain, "MX") == ["10 mx1.dest.test."]
    (client,) = {entry["client"] for entry in lab.dns.history(name=f"{domain}.", type="MX")}
    assert lab.names[client] == "direct"


def test_what_is_not_the_labs_is_refused(lab: Lab) -> None:
    assert status(dig(lab, "example.com", "MX")) == "REFUSED"
    assert short(lab, ".", "NS") == ["dns.lab.test."]


def test_a_mistyped_domain_does_not_exist(lab: Lab) -> None:
    assert status(dig(lab, "dets.test", "MX")) == "NXDOMAIN"
    route = lab.send(to="bia@dets.test", via="direct").route()
    assert (route.outcome, route.status) == ("bounced", "5.4.4")
    assert lab.explain("bia@dets.test", via="direct").status == "5.4.4"


def test_large_answer_is_truncated_and_fetched_over_tcp(lab: Lab) -> None:
    domain = lab.zone("".join(f"@ MX {n} mx{n:02}.a-name-that-takes-some-room\n" for n in range(60)))
    text = dig(lab, "+ignore", "+bufsize=512", domain, "MX")
    assert " tc " in text.replace(";", " ;")
    assert f";{domain}." in text  # the question is still there: glibc drops an answer without it
    assert len(short(lab, domain, "MX")) == 60
    assert "(TCP)" in dig(lab, domain, "MX")
    history = lab.dns.history(name=f"{domain}.", type="MX")
    assert {entry["transport"] for entry in history} == {"udp", "tcp"}


def test_dnspython_agrees(lab: Lab, domain: str) -> None:
    query = dns.message.make_query(f"{domain}.", "MX", use_edns=0)
    answer = dns.query.tcp(query, "127.0.0.1", 2, lab.access.port("dns", 53))
    assert [rdata.to_text() for rrset in answer.answer for rdata in rrset] == ["10 mx1.dest.test."]
    assert answer.edns == 0


def test_zones_are_added_replaced_and_removed_while_it_runs(lab: Lab) -> None:
    domain = lab.zone("@ MX 10 mx1.dest.test.\n")
    assert short(lab, domain, "MX") == ["10 mx1.dest.test."]
    lab.zone("@ MX 20 mx2.dest.test.\n", domain)
    assert short(lab, domain, "MX") == ["20 mx2.dest.test."]
    with pytest.raises(LabError, match="did you mean MX"):
        lab.zone("@ MXX 10 x\n", domain)
    assert short(lab, domain, "MX") == ["20 mx2.dest.test."]
    lab.dns.remove(f"{domain}.")
    assert status(dig(lab, domain, "MX")) == "NXDOMAIN"


def test_the_control_apis_are_for_who_has_the_token_of_the_lab(lab: Lab) -> None:
    for host, path in (("dns", "/zones"), ("scripted", "/leases")):
        url = f"http://127.0.0.1:{lab.access.port(host, PORTS[host])}{path}"
        assert requests.get(url, timeout=5).status_code == 401
        right = {"Authorization": f"Bearer {inside(lab, host, 'printenv', 'LAB_TOKEN').output.strip()}"}
        assert requests.get(url, headers=right, timeout=5).status_code == 200
        assert requests.get(url, headers={**right, "Host": "rebound.example.com"}, timeout=5).status_code == 403
    for host in ("mx1", "gateway"):
        assert lab.hosts[host].token == ""


def test_lmtp_is_inside_the_lab_only(lab: Lab) -> None:
    """A web page could hold the dialogue within an HTTP POST."""
    with pytest.raises(LabError, match="mailstore:24 is not published"):
        lab.access.port("mailstore", 24)
    with lab.connect("mailstore:24") as connection:
        assert connection.recv(3) == b"220"


def test_history_is_followed_live(lab: Lab, domain: str) -> None:
    dig(lab, domain, "TXT")
    (last,) = lab.dns.history(name=f"{domain}.")
    following = lab.dns.follow(name=f"{domain}.", since=last["seq"])
    asking = threading.Timer(0.2, dig, (lab, domain, "CAA"))
    asking.start()
    entry = next(following)
    following.close()
    asking.join()
    assert (entry["type"], entry["rcode"], entry["client"]) == ("CAA", "NOERROR", lab.hosts["direct"].address)
