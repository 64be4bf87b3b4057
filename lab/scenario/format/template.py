"""What `lab new` writes: a scenario that passes, with every part that a first one needs explained."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable

from dnszone import faults as dns
from lab.faults import keys, reply
from lab.scenario.format.keys import STAGES
from lab.scenario.steps import ACTIONS
from lab.values import toml
from lab.verdict import KEYS

PART = re.compile(r"\{(faults|dns|steps|expect|name)\}")
WIDTH = 120  # characters of a line
TEXT = '''\
# A scenario: one routing case. `lab check FILE` looks at it, `lab run FILE` runs it on real servers.
# Every key is in docs/scenario.schema.json; an editor that knows JSON Schema completes them:
#:schema scenario.schema.json

title = "{name}: the preferred MX asks to come back later; the next one accepts"
teaches = """
A 4xx reply is no final answer (RFC 5321 4.2.1): the sender goes on to the next mail exchanger in the same attempt.
"""
standard = ["RFC 5321 5.1"]
# departs = "where a server departs from the standard"
# observed = "what the real servers do otherwise than one would expect"
# source = "https://... the thread in which somebody met it"
tags = ["mx"]

# The zone of $DOMAIN, a domain that only this run has, as a master file (RFC 1035). Without it: mx1, mx2, mx3.
#   mx1.dest.test. and so on  the lab's real MXes (Postfix): each takes mail for a domain whose MX record names it so
#   $SCRIPTED_1, _2 and so on  addresses of a scripted SMTP server: does what [faults.NAME] says, else behaves well
#   mx1-v6.dest.test., $SCRIPTED_1_V6  the same hosts over IPv6
zone = """
@      MX 10 mx-a
@      MX 20 mx1.dest.test.
mx-a   A  $SCRIPTED_1
"""

# Further domains: other = the zone of $OTHER
# [zones]
# other = "@ MX 10 mx2.dest.test."

# Hosts of the scenario's own: a Postfix like one of the world's, with other settings. A zone has its address: $BACKUP.
# A Dovecot: like = "mailstore", with dovecot_conf, users and sieve.
# [hosts.backup]
# like = "mx2"
# main_cf = """
# relay_domains = $DOMAIN
# """

# What goes wrong. NAME is a name in the zone at a scripted address, or a real host: mx1, or one of [hosts].
{faults}#   later = true
#       not from the start: a step applies it
[faults.mx-a]
rcpt = "450 4.2.0 Greylisted"

{dns}# [[faults.dns]]
# kind = "rcode"
# rcode = "SERVFAIL"
# name = "$DOMAIN"
# type = "MX"
# first = 2            # questions; after that the answers are right

# via: client (relays through its smarthost), direct (looks MX up itself), smarthost, or a host of the scenario's own
[[message]]
from = "ana@home.test"
to = "bia@$DOMAIN"
via = "direct"

# Steps, where time matters. Without them: faults, then messages, then what is expected.
{steps}# [[step]]
# send = "message"
# [[step]]
# until = "deferred"
# [[step]]
# heal = "mx-a"
# [[step]]
# flush = "direct"

# What must hold. An attempt is TARGET and RESULT: a code, a status (4.2.0), a stage (rcpt), a cause (refused, timeout,
# unreachable, lost), an address family (ipv4, ipv6), TLS (tls:none, tls:verified, tls:!verified), or * for any. All
# attempts are listed, in order; a list in the list is a set in any order.
{expect}[expect]
attempts = ["mx-a 450 rcpt", "mx1 250"]
accepted_by = "mx1"
delivered = "INBOX"
untouched = ["mx2", "mx3"]
'''


def template(name: str) -> str:
    """Return the text of a new scenario called *name*."""
    parts = {"faults": _faults(), "dns": _dns(), "steps": _steps(), "expect": _expect(), "name": name}
    return PART.sub(lambda found: parts[found[1]], TEXT)


def _faults() -> str:
    """Return what can be made wrong at a name, key by key."""
    found = []
    for key in keys.KEYS:
        examples = " | ".join(toml(kind.example) for kind in keys.kinds(key).values())
        where = "" if key == "connect" else " (a real host)"
        found += [f"{key} = {examples}", f"    {keys.meaning(key)}{where}"]
    found += [f'{", ".join(STAGES)} = "{reply.EXAMPLE}"', f"    a reply then; a real MX: {', '.join(reply.KEYS)}"]
    return _comment(found, "#   ")


def _dns() -> str:
    """Return which answers of the DNS can be made wrong."""
    return _comment([f"DNS answers that are wrong; kinds: {', '.join(dns.KINDS)}"], "# ")


def _steps() -> str:
    """Return what steps can do."""
    return _comment([f"Each has one of: {', '.join(ACTIONS)}"], "# ")


def _expect() -> str:
    """Return what can be expected."""
    return _comment([f"Its keys: {', '.join(KEYS)}"], "# ")


def _comment(lines: Iterable[str], begin: str) -> str:
    """Return lines as comments of TOML, those that are too long in several."""
    wrapped = (textwrap.wrap(line, WIDTH, initial_indent=begin, subsequent_indent=f"{begin}    ") for line in lines)
    return "".join(f"{line}\n" for part in wrapped for line in part)
