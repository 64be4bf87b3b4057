"""Reading master files: what they mean, and everything that can be wrong with them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import dns.rdata
import pytest

from dnszone.masterfile import read
from dnszone.problem import InvalidError
from dnszone.record import Record


def records(
    text: str, origin: str = "a.test.", variables: dict[str, str] | None = None
) -> list[tuple[str, int, str, str]]:
    """Return what the text has, without the SOA and NS records that are made."""
    found = read(text, origin, variables=variables).records
    return [(each.name, each.ttl, each.type, each.data) for each in found if "dns.lab.test." not in each.data]


def problems(text: str, variables: dict[str, str] | None = None) -> list[tuple[int | None, str, str | None]]:
    with pytest.raises(InvalidError) as caught:
        read(text, "a.test.", file="a.test.zone", variables=variables)
    assert {problem.file for problem in caught.value.problems} == {"a.test.zone"}
    return [(problem.line, problem.problem, problem.hint) for problem in caught.value.problems]


def test_names_are_relative_to_the_origin_unless_they_end_with_a_dot() -> None:
    assert records("@ MX 10 mx\n@ MX 20 mx.b.test.\nMX.A.test. A 198.18.0.1") == [
        ("a.test.", 5, "MX", "10 mx.a.test."),
        ("a.test.", 5, "MX", "20 mx.b.test."),
        ("mx.a.test.", 5, "A", "198.18.0.1"),
    ]


def test_a_line_that_begins_with_a_blank_has_the_owner_before() -> None:
    assert [each[0] for each in records("mx A 198.18.0.1\n  A 198.18.0.2\n\n; c\n\tA 198.18.0.3")] == ["mx.a.test."] * 3


def test_origin_and_ttl_directives() -> None:
    text = "$TTL 1h\n$ORIGIN sub.a.test.\n@ A 198.18.0.1\nx 7 IN A 198.18.0.2\ny IN 8 A 198.18.0.3"
    assert [each[:2] for each in records(text)] == [("sub.a.test.", 3600), ("x.sub.a.test.", 7), ("y.sub.a.test.", 8)]


def test_without_ttl_directive_the_last_ttl_counts() -> None:
    assert [each[1] for each in records("a A 198.18.0.1\nb 9 A 198.18.0.2\nc A 198.18.0.3")] == [5, 9, 9]


def test_without_any_ttl_that_of_the_soa_minimum_counts() -> None:
    zone = read("@ SOA ns h 1 2 3 4 77\n@ NS ns\nb A 198.18.0.2", "a.test.")
    assert [record.ttl for record in zone.records] == [77, 77, 77]


def test_the_records_of_a_set_have_one_ttl() -> None:
    assert [each[1] for each in records("a 3 A 198.18.0.1\na 9 A 198.18.0.2")] == [3, 3]


def test_parentheses_quotes_and_comments() -> None:
    text = '@ TXT ( "one; two" ; a comment with $NOTHING\n  three ) ; end\nb A 198.18.0.1'
    assert records(text) == [("a.test.", 5, "TXT", '"one; two" "three"'), ("b.a.test.", 5, "A", "198.18.0.1")]


def test_soa_over_several_lines_is_kept_and_none_is_made() -> None:
    zone = read("@ 60 SOA ns hostmaster (\n 7 ; serial\n 1 2 3 4 )\n@ NS ns", "a.test.")
    assert zone.records == (
        Record("a.test.", 60, "SOA", "ns.a.test. hostmaster.a.test. 7 1 2 3 4"),
        Record("a.test.", 60, "NS", "ns.a.test."),
    )


def test_soa_and_ns_are_made_where_they_lack() -> None:
    assert [(each.type, each.data) for each in read("", "a.test.").records] == [
        ("SOA", "dns.lab.test. hostmaster.lab.test. 1 5 5 5 5"),
        ("NS", "dns.lab.test."),
    ]


@pytest.mark.parametrize(
    ("line", "type", "data"),
    [
        ("@ MX 0 .", "MX", "0 ."),
        ("@ MX 10 198.18.0.11.", "MX", "10 198.18.0.11."),
        ("@ NS 198.18.0.2.", "NS", "198.18.0.2."),
        (r"@ MX 10 b\ ad.b.test.", "MX", r"10 b\032ad.b.test."),
        ("@ AAAA fd00::0011", "AAAA", "fd00::11"),
        ('@ CAA 0 issue "ca.test"', "CAA", '0 issue "ca.test"'),
        ("@ TLSA 3 1 1 " + "ab" * 32, "TLSA", "3 1 1 " + "ab" * 32),
        ("@ SRV 0 5 587 smarthost", "SRV", "0 5 587 smarthost.a.test."),
        ("@ DS 1 8 2 " + "ab" * 32, "DS", "1 8 2 " + "ab" * 32),
        (r"@ TYPE65280 \# 2 abcd", "TYPE65280", r"\# 2 abcd"),
        ("@ mx 10 mx", "MX", "10 mx.a.test."),
        ("@ MX 10 bücher", "MX", "10 xn--bcher-kva.a.test."),
    ],
)
def test_types(line: str, type: str, data: str) -> None:
    assert records(line) == [("a.test.", 5, type, data)]


def test_a_record_is_there_once_however_often_it_is_written() -> None:
    assert len(records("@ MX 10 mx\n@ MX 10 MX.a.test.")) == 1


def test_variables() -> None:
    values = {"MX1": "198.18.0.11", "DOMAIN": "a.test", "SCRIPTED_1": "198.18.0.129"}
    text = 'mx A $MX1\n$DOMAIN. TXT "v=spf1 ip4:$SCRIPTED_1 -all" \\$MX1 $5\n'
    assert records(text, variables=values) == [
        ("mx.a.test.", 5, "A", "198.18.0.11"),
        ("a.test.", 5, "TXT", '"v=spf1 ip4:198.18.0.129 -all" "$MX1" "$5"'),
    ]


def test_every_problem_of_a_file_is_told_at_once() -> None:
    text = "\n".join(
        [
            "@ MXX 10 mx1",
            "MX 10 mx1",
            "@ MX mx1",
            "b A 198.18.0.300",
            "  @ A 198.18.0.1",
            "c.b.test. A 198.18.0.1",
            "d A $MX",
            "e CH A 198.18.0.1",
            "f 1x A 198.18.0.1",
            "g",
            "h ANY x",
            "i..j A 198.18.0.1",
            "$INCLUDE other",
            "$GENERATE 1-9 mx$ A 198.18.0.$",
            "$TLL 5",
            "$TTL",
            ") k A 198.18.0.1",
            'l TXT "open',
            "m TXT ( never",
        ]
    )
    found = problems(text, variables={"MX1": "198.18.0.11"})
    assert [line for line, _, _ in found] == list(range(1, 20))
    assert found[0] == (1, "unknown record type MXX", "did you mean MX?")
    assert found[1][2] == "if MX is the type, begin the line with the name, or with @ for the zone itself"
    assert found[2][1:] == (
        "MX data cannot be mx1: expecting an integer",
        "MX data is a preference and a host name: 10 mx1",
    )
    assert found[3][2] == "A data is an IPv4 address: 198.18.0.11"
    assert found[4][2] == "a line that begins with a blank has the owner of the line before, so a type comes first"
    assert found[5][1:] == (
        "c.b.test. is not in the zone a.test.",
        "c.b.test without its final dot is a name of this zone",
    )
    assert found[6][1:] == ("unknown variable $MX", "did you mean $MX1?")
    assert found[7][1] == "class CH: the lab's DNS has class IN only"
    assert found[8][1] == "1x is not a TTL"
    assert found[9][1] == "there is no record type"
    assert found[10][1] == "ANY is for questions only and has no records (RFC 6895 3.1)"
    assert found[11][1].startswith("i..j is not a domain name")
    assert found[12][1] == "$INCLUDE is not supported"
    assert found[13][1] == "$GENERATE is not supported"
    assert found[14][1:] == ("unknown variable $TLL", "did you mean $TTL?")
    assert found[15][1] == "$TTL takes one value, not 0"
    assert found[16][1] == 'a parenthesis ")" closes nothing'
    assert found[17][1] == "a quoted string does not end on its line"
    assert found[18][1] == 'a parenthesis "(" is never closed'


def test_what_only_the_whole_can_tell() -> None:
    text = "\n".join(
        [
            "@ SOA ns h 1 1 1 1 1",
            "@ SOA ns h 2 1 1 1 1",
            "b CNAME c",
            "b A 198.18.0.1",
            "d CNAME e",
            "d CNAME f",
            "sub SOA ns h 1 1 1 1 1",
        ]
    )
    assert [(line, problem) for line, problem, _ in problems(text)] == [
        (2, "a second SOA record; the first is in line 1"),
        (3, "b.a.test. has CNAME and other data: A in line 4"),
        (6, "d.a.test. has a second CNAME record; the first is in line 5"),
        (7, "a SOA record belongs to the zone itself, a.test."),
    ]


def test_an_indented_first_line_has_no_owner() -> None:
    assert problems("  MX 10 mx")[0][1] == (
        "a line that begins with a blank has the owner of the line before, and there is none"
    )


def test_a_variable_is_one_word() -> None:
    assert problems("mx A $X", variables={"X": "198.18.0.1 ; b"})[0][1].endswith("is not one word")


def test_an_origin_that_is_no_name() -> None:
    with pytest.raises(InvalidError, match="is not a domain name"):
        read("", "a..test.")


def test_text_reads_back_as_the_same_zone() -> None:
    text = '$TTL 60\n@ MX 0 .\n*.w TXT "a;b" "q\\"\\\\" \\$HOME\nx\\.y A 198.18.0.1\nz TYPE65280 \\# 1 ab'
    zone = read(text, "a.test.", owner="me")
    assert read(zone.text, "a.test.").records == zone.records


@pytest.mark.parametrize("other", ["\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x1c", "\xa0", "\u3000", "\r"])
def test_only_lf_ends_a_line_and_only_space_and_tab_are_blanks(other: str) -> None:
    """RFC 1035 5.1. What Unicode takes for an end of line or a blank is part of a word."""
    assert [line for line, *_ in problems(f"@ A 198.18.0.1\n@ A 198.18.0.2{other}x A 198.18.0.3\n@ MXX 1")] == [2, 3]
    assert problems(f"@{other}A 198.18.0.1")[0][0] == 1


@pytest.mark.parametrize("ttl", ["²", "1²", "٣", "1٣", "99999999999", "1y", "9" * 5000])
def test_a_ttl_that_is_none(ttl: str) -> None:
    assert len(problems(f"@ {ttl} A 198.18.0.1")) == 1


def test_line_ends_of_other_systems() -> None:
    assert records("@ MX 10 mx\r\nmx A 198.18.0.1\r\n")[1] == ("mx.a.test.", 5, "A", "198.18.0.1")


@pytest.mark.skipif(shutil.which("named-compilezone") is None, reason="Debian: bind9-utils is not installed")
def test_named_compilezone_agrees(tmp_path: Path) -> None:
    text = """\
$TTL 1h
@  IN 2h SOA ns hostmaster ( 2026010101 ; serial
      1d 2h
      4w 300 ) ; ends here
        NS    ns
        MX    10 mx1
        MX    0  .
        TXT   "one; two" three "qu\\"ote" ( "four"
              five )
ns   7  A     198.18.0.2
        AAAA  FD00::2
mx1 IN 3m A   198.18.0.11
        9 A   198.18.0.12
*.w     MX    10 mx1.b.test.
x\\.y    A     198.18.0.3
$ORIGIN sub
@       CNAME ns.a.test.
_25._tcp.mx TLSA 3 1 1 (
   abababababababababababababababab
   abababababababababababababababab )
$TTL 30
s       SRV   0 5 587 @
h       HTTPS 1 . alpn="h2"
t       TYPE65280 \\# 2 abcd
c       CAA   0 issue "ca.test; a=b"
"""
    file = tmp_path / "a.test.zone"
    file.write_text(text)
    command = ["named-compilezone", "-q", "-i", "none", "-k", "ignore", "-s", "full", "-o", "-", "a.test", str(file)]
    output = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True).stdout
    theirs = set()
    for line in output.splitlines():
        name, ttl, _, type, data = line.split(None, 4)
        theirs.add((name.lower(), int(ttl), dns.rdata.from_text("IN", type, data)))
    ours = {
        (record.name, record.ttl, dns.rdata.from_text("IN", record.type, record.data))
        for record in read(text, "a.test").records
    }
    assert ours == theirs
