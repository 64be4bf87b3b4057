"""What `lab new` writes: a scenario that passes, with every part that a first one needs explained."""

from __future__ import annotations

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
#   connect = "refuse" | "drop" | "unreachable" | {loss = 0.3}        TCP; also delay, limit, close_after_accept
#   banner, ehlo, mail, rcpt, data, end-of-data = "450 4.2.0 later"   a reply then; a real MX: at the last three
#   host = "stopped" | "killed" | "paused" | "cut" | "disk-full"      a real host
#   later = true                                                      not from the start: a step applies it
[faults.mx-a]
rcpt = "450 4.2.0 Greylisted"

# DNS answers that are wrong
# [[faults.dns]]
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
# [[step]]
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
[expect]
attempts = ["mx-a 450 rcpt", "mx1 250"]
accepted_by = "mx1"
delivered = "INBOX"
untouched = ["mx2", "mx3"]
'''


def template(name: str) -> str:
    """Return the text of a new scenario called *name*."""
    return TEXT.replace("{name}", name)
