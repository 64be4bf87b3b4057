"""What is cited exists: RFCs and their sections, parameters and manuals of Postfix, wherever they are named.

``names/`` has what there is: the sections of each RFC that is cited, and the names of the Postfix in the images.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from lab.scenario.catalogue import catalogue

ROOT = Path(__file__).parents[3]
NAMES = Path(__file__).parent / "names"
PLACES = ("README.md", "docs/*.md", "lab/**/*.py", "lab/**/*.toml", "dnszone/**/*.py", "compose/**/*")
CITED = re.compile(r"RFC (\d{3,4})((?:,? (?:and )?\d+(?:\.\d+)+)+)")
OTHERS = {
    "Dovecot auth_username_chars",
    "Dovecot auth_username_format",
    "Dovecot lda_mailbox_autocreate",
    "Dovecot lmtp_rcpt_check_quota",
    "Dovecot lmtp_save_to_detail_mailbox",
    "Dovecot mail_home",
    "Dovecot mail_plugins",
    "Dovecot mail_utf8_extensions",
    "Dovecot postmaster_address",
    "Dovecot quota_full_tempfail",
    "Dovecot quota_mail_size",
    "Dovecot quota_storage_grace",
    "Dovecot quota_storage_size",
    "Dovecot recipient_delimiter",
    "Dovecot submission_host",
    "glibc res_send.c",
    "nft(8)",
    "nmap(1)",
    "fail2ban-client(1)",
    "jail.conf(5)",
    "unbound-control(8)",
    "resolv.conf(5)",
}


@cache
def sections() -> dict[str, set[str]]:
    """Return the sections of each RFC; none for one that has no numbers."""
    found: dict[str, set[str]] = {}
    for line in lines("rfc-sections.txt"):
        if not line.startswith(" "):
            number = line.partition(":")[0]
            found[number] = set()
        found[number].update(line.replace(f"{number}:", "").split())
    return found


@cache
def postfix() -> set[str]:
    return {name for line in lines("postfix.txt") for name in line.split()}


def lines(file: str) -> Iterator[str]:
    for line in (NAMES / file).read_text(encoding="ascii").splitlines():
        if line and not line.startswith("#"):
            yield line


def wrong(entry: str) -> str | None:
    """Say what is wrong with an entry of ``standard``; None where nothing is."""
    rfc = re.fullmatch(r"RFC (\d+)(?: (.+))?", entry)
    if rfc is None:
        known = entry in postfix() or entry in OTHERS
        return None if known else "no name of Postfix (write it bare, as postconf(5) does), and none of OTHERS"
    number, section = rfc.groups()
    if number not in sections():
        return "an RFC that names/rfc-sections.txt does not have: add its sections"
    if section and section not in sections()[number]:
        return "the RFC has no such section"
    return None


def test_what_a_scenario_names_as_its_standard_exists() -> None:
    entries = [(scenario.id, entry) for scenario in catalogue() for entry in scenario.standard]
    assert entries
    assert [f"{where}: {entry!r}: {wrong(entry)}" for where, entry in entries if wrong(entry)] == []


def test_the_sections_that_texts_and_comments_name_exist() -> None:
    files = [file for place in PLACES for file in sorted(ROOT.glob(place)) if file.is_file()]
    cited = [
        (str(file.relative_to(ROOT)), number, section)
        for file in files
        for number, named in CITED.findall(" ".join(file.read_text(encoding="utf-8").split()))
        for section in re.findall(r"\d+(?:\.\d+)+", named)
    ]
    assert len(cited) > 100
    assert [each for each in cited if each[2] not in sections().get(each[1], ())] == []


def test_a_wrong_name_is_told_apart() -> None:
    assert wrong("RFC 5321 5.1") is wrong("RFC 1047") is wrong("smtp_fallback_relay") is wrong("transport(5)") is None
    assert wrong("RFC 5321 5.9") == "the RFC has no such section"
    assert "add its sections" in str(wrong("RFC 9999 1"))
    assert "no name of Postfix" in str(wrong("Postfix relayhost"))
    assert "no name of Postfix" in str(wrong("smtp_fallback_realy"))
