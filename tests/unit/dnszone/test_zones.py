"""Answers of the zones: RFC 1034 4.3.2, RFC 4592, RFC 2308, and who owns what."""

from __future__ import annotations

from pathlib import Path

import pytest

import dnszone
from dnszone.masterfile import read
from dnszone.zone import WORLD
from dnszone.zones import Zones

ZONES = Path(dnszone.__file__).parent / "zones"


def zones(**texts: str) -> Zones:
    return Zones([read(text, f"{name.replace('_', '.')}.") for name, text in texts.items()])


def shown(zones: Zones, name: str, type: str) -> tuple[str, list[str]]:
    answer = zones.resolve(name, type)
    return answer.rcode, [f"{record.name} {record.type} {record.data}" for record in answer.answers]


def test_a_name_without_that_type_is_no_missing_name() -> None:
    known = zones(a_test="mx A 198.18.0.1")
    assert shown(known, "mx.a.test.", "AAAA") == ("NOERROR", [])
    assert shown(known, "no.a.test.", "AAAA") == ("NXDOMAIN", [])
    for name in ("mx.a.test.", "no.a.test."):
        (soa,) = known.resolve(name, "AAAA").authority
        assert (soa.name, soa.type) == ("a.test.", "SOA")


@pytest.mark.parametrize(("ttl", "minimum", "expected"), [(60, 5, 5), (5, 60, 5)])
def test_a_negative_answer_is_kept_for_the_lower_of_ttl_and_minimum(ttl: int, minimum: int, expected: int) -> None:
    known = zones(a_test=f"@ {ttl} SOA ns h 1 1 1 1 {minimum}")
    assert known.resolve("no.a.test.", "A").authority[0].ttl == expected


def test_empty_non_terminals_exist() -> None:
    known = zones(a_test="a.b.c A 198.18.0.1")
    assert shown(known, "c.a.test.", "A") == ("NOERROR", [])
    assert shown(known, "x.c.a.test.", "A") == ("NXDOMAIN", [])


def test_wildcards_by_the_example_of_rfc_4592() -> None:
    known = zones(
        example="""
        $TTL 3600
*  TXT "this is a wildcard"
*  MX 10 host1
sub.*  TXT "this is not a wildcard"
host1  A 192.0.2.1
_ssh._tcp.host1  SRV 0 0 22 host1
subdel  NS ns.example.com.
""".replace("        $TTL", "$TTL")
    )
    assert shown(known, "host3.example.", "MX") == ("NOERROR", ["host3.example. MX 10 host1.example."])
    assert shown(known, "host3.example.", "A") == ("NOERROR", [])
    assert shown(known, "foo.bar.example.", "TXT") == ("NOERROR", ['foo.bar.example. TXT "this is a wildcard"'])
    assert shown(known, "host1.example.", "MX") == ("NOERROR", [])
    assert shown(known, "sub.*.example.", "MX") == ("NOERROR", [])
    assert shown(known, "_telnet._tcp.host1.example.", "SRV") == ("NXDOMAIN", [])
    assert shown(known, "host.subdel.example.", "A") == ("NOERROR", [])  # a referral
    assert shown(known, "ghost.*.example.", "MX") == ("NXDOMAIN", [])
    assert shown(known, "*.example.", "MX") == ("NOERROR", ["*.example. MX 10 host1.example."])


def test_aliases_are_followed_across_zones() -> None:
    known = zones(a_test="@ MX 10 x\nw CNAME mx.b.test.", b_test="mx CNAME real\nreal A 198.18.0.1")
    assert shown(known, "w.a.test.", "A") == (
        "NOERROR",
        ["w.a.test. CNAME mx.b.test.", "mx.b.test. CNAME real.b.test.", "real.b.test. A 198.18.0.1"],
    )
    assert shown(known, "w.a.test.", "CNAME") == ("NOERROR", ["w.a.test. CNAME mx.b.test."])


def test_the_end_of_a_chain_decides_the_rcode() -> None:
    known = zones(a_test="w CNAME no\nx CNAME y\ny TXT a\nz CNAME www.example.com.")
    assert shown(known, "w.a.test.", "A") == ("NXDOMAIN", ["w.a.test. CNAME no.a.test."])  # RFC 6604 3
    assert shown(known, "x.a.test.", "A") == ("NOERROR", ["x.a.test. CNAME y.a.test."])
    assert shown(known, "z.a.test.", "A") == ("NOERROR", ["z.a.test. CNAME www.example.com."])


def test_a_circle_of_aliases_ends() -> None:
    known = zones(a_test="a CNAME b\nb CNAME a")
    assert shown(known, "a.a.test.", "A") == ("NOERROR", ["a.a.test. CNAME b.a.test.", "b.a.test. CNAME a.a.test."])


def test_a_long_chain_is_cut_and_fails_as_with_bind() -> None:
    """BIND 9.20 follows eleven aliases; the twelfth is the last of an answer that is SERVFAIL."""
    text = "\n".join([*(f"a{number} CNAME a{number + 1}" for number in range(40)), "a40 A 198.18.0.1"])
    known = zones(a_test=text)
    whole, cut = known.resolve("a29.a.test.", "A"), known.resolve("a28.a.test.", "A")
    assert (whole.rcode, len(whole.answers), whole.answers[-1].type) == ("NOERROR", 12, "A")
    assert (cut.rcode, len(cut.answers), cut.answers[-1].data) == ("SERVFAIL", 12, "a40.a.test.")
    assert known.resolve("a40.a.test.", "A").rcode == "NOERROR"


def test_dname() -> None:
    known = zones(a_test="old DNAME new\nmx.new A 198.18.0.1")
    assert shown(known, "mx.old.a.test.", "A")[1] == [
        "old.a.test. DNAME new.a.test.",
        "mx.old.a.test. CNAME mx.new.a.test.",
        "mx.new.a.test. A 198.18.0.1",
    ]
    assert shown(known, "no.old.a.test.", "CNAME") == (  # the alias is the answer
        "NOERROR",
        ["old.a.test. DNAME new.a.test.", "no.old.a.test. CNAME no.new.a.test."],
    )
    assert shown(known, "no.old.a.test.", "A")[0] == "NXDOMAIN"


def test_a_dname_that_makes_too_long_a_name() -> None:
    long = ".".join(["x" * 63] * 3)
    known = zones(a_test=f"old DNAME {long}.b.test.")
    fits = known.resolve(f"{'y' * 46}.old.a.test.", "A")
    assert (fits.rcode, fits.answers[-1].type) == ("NOERROR", "CNAME")
    answer = known.resolve(f"{'y' * 55}.old.a.test.", "A")
    assert answer.rcode == "YXDOMAIN"  # RFC 6672 2.2
    assert [record.type for record in answer.answers] == ["DNAME"]
    assert answer.authoritative


def test_the_root_has_a_server_and_nothing_below_it() -> None:
    known = zones(a_test="")
    assert shown(known, ".", "NS") == ("NOERROR", [". NS dns.lab.test."])
    assert shown(known, ".", "MX") == ("NOERROR", [])
    assert shown(known, "com.", "NS") == ("REFUSED", [])


def test_a_delegation_is_a_referral() -> None:
    known = zones(a_test="sub NS ns.sub\nns.sub A 198.18.0.2\nsub TXT hidden")
    answer = known.resolve("x.sub.a.test.", "A")
    assert (answer.rcode, answer.answers, answer.authoritative) == ("NOERROR", (), False)
    assert [record.data for record in (*answer.authority, *answer.additional)] == ["ns.sub.a.test.", "198.18.0.2"]
    assert known.resolve("sub.a.test.", "TXT").answers == ()


def test_the_longest_origin_answers() -> None:
    known = zones(a_test="x.sub A 198.18.0.1", sub_a_test="x A 198.18.0.2")
    assert shown(known, "x.sub.a.test.", "A")[1] == ["x.sub.a.test. A 198.18.0.2"]


def test_names_of_no_zone_are_refused() -> None:
    assert shown(zones(a_test=""), "example.com.", "A") == ("REFUSED", [])
    assert shown(zones(a_test=""), "ba.test.", "A") == ("REFUSED", [])


def test_the_worlds_own_zone_test_denies_every_other_name_below_it() -> None:
    """A mistyped domain does not exist, as on the Internet."""
    known = Zones([read((ZONES / "test.zone").read_text(), "test."), read("@ MX 10 mx1", "dest.test.")])
    assert shown(known, "dets.test.", "MX") == ("NXDOMAIN", [])
    assert [record.type for record in known.resolve("dets.test.", "MX").authority] == ["SOA"]
    assert shown(known, "test.", "NS") == ("NOERROR", ["test. NS dns.lab.test."])
    assert shown(known, "dest.example.", "MX") == ("REFUSED", [])
    assert shown(known, "dest.test.", "MX")[0] == "NOERROR"


def test_any() -> None:
    assert shown(zones(a_test="x A 198.18.0.1\nx TXT a"), "x.a.test.", "ANY") == (
        "NOERROR",
        ["x.a.test. A 198.18.0.1", 'x.a.test. TXT "a"'],
    )


def test_escaped_dots_are_no_borders() -> None:
    known = zones(a_test="x\\.y A 198.18.0.1\n* A 198.18.0.9")
    assert shown(known, r"x\.y.a.test.", "A")[1] == [r"x\.y.a.test. A 198.18.0.1"]
    assert shown(known, r"q\.z.a.test.", "A")[1] == [r"q\.z.a.test. A 198.18.0.9"]


def test_a_zone_on_top_hides_the_worlds_until_it_goes() -> None:
    known = zones(a_test="@ A 198.18.0.1")
    known.add(read("@ A 198.18.0.2", "a.test.", owner="me"))
    known.add(read("@ A 198.18.0.3", "a.test.", owner="you"))
    assert shown(known, "a.test.", "A")[1] == ["a.test. A 198.18.0.3"]
    assert known.remove("a.test.").owner == "you"
    assert shown(known, "a.test.", "A")[1] == ["a.test. A 198.18.0.2"]
    assert [zone.origin for zone in known.drop("me")] == ["a.test."]
    assert shown(known, "a.test.", "A")[1] == ["a.test. A 198.18.0.1"]
    with pytest.raises(PermissionError):
        known.remove("a.test.")
    with pytest.raises(KeyError):
        known.remove("b.test.")


def test_an_owner_has_one_zone_of_an_origin() -> None:
    known = zones(a_test="")
    for number in (1, 2):
        known.add(read(f"@ A 198.18.0.{number}", "b.test.", owner="me"))
    assert shown(known, "b.test.", "A")[1] == ["b.test. A 198.18.0.2"]
    known.remove("b.test.")
    assert known.get("b.test.") is None
    assert known.owners() == [WORLD]


def test_each_address_has_the_name_of_its_host() -> None:
    known = zones(a_test="mx A 198.18.0.1\nmx AAAA fd00::1\n*.w A 198.18.0.7")
    assert shown(known, "1.0.18.198.in-addr.arpa.", "PTR")[1] == ["1.0.18.198.in-addr.arpa. PTR mx.a.test."]
    assert shown(known, f"1.{'0.' * 29}d.f.ip6.arpa.", "PTR")[1][0].endswith(" PTR mx.a.test.")
    assert shown(known, "9.0.18.198.in-addr.arpa.", "PTR") == ("NXDOMAIN", [])
    assert shown(known, "7.0.18.198.in-addr.arpa.", "PTR") == ("NXDOMAIN", [])
    assert shown(known, "1.0.18.198.in-addr.arpa.", "TXT") == ("NOERROR", [])
    assert shown(known, f"2.{'0.' * 29}d.f.ip6.arpa.", "PTR") == ("NXDOMAIN", [])
    assert shown(known, "8.8.8.8.in-addr.arpa.", "PTR") == ("REFUSED", [])


def test_the_worlds_name_of_an_address_comes_first_then_the_one_added_first() -> None:
    known = Zones([read("x A 198.18.0.1\ny A 198.18.0.2", "b.test.", owner="b"), read("y A 198.18.0.2", "a.test.")])
    known.add(read("x A 198.18.0.1", "c.test.", owner="c"))
    assert known.resolve("1.0.18.198.in-addr.arpa.", "PTR").answers[0].data == "x.b.test."
    assert known.resolve("2.0.18.198.in-addr.arpa.", "PTR").answers[0].data == "y.a.test."
    known.drop("b")
    assert known.resolve("1.0.18.198.in-addr.arpa.", "PTR").answers[0].data == "x.c.test."


def test_a_written_reverse_zone_answers_for_the_names_it_has() -> None:
    known = zones(a_test="x A 198.18.0.1\ny A 198.18.0.2")
    known.add(read("1 PTR other.b.test.", "0.18.198.in-addr.arpa.", owner="me"))
    assert known.resolve("1.0.18.198.in-addr.arpa.", "PTR").answers[0].data == "other.b.test."
    assert known.resolve("2.0.18.198.in-addr.arpa.", "PTR").answers[0].data == "y.a.test."
    assert known.resolve("3.0.18.198.in-addr.arpa.", "PTR").rcode == "NXDOMAIN"
    known.add(read("", "2.0.18.198.in-addr.arpa.", owner="me"))  # an empty zone takes the name away
    assert known.resolve("2.0.18.198.in-addr.arpa.", "PTR").answers == ()
