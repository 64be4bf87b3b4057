"""Every key of a scenario file: what it means, what its value is, an example. The JSON Schema is made from this too.

What a value means beyond its type, :mod:`lab.scenario.format.check` looks at.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

from dnszone.faults import KINDS as DNS_KINDS
from lab.faults import keys as faults
from lab.faults import reply
from lab.mail.dsn import NOTIFY, RET
from lab.route.tries import Kind as DepartureKind
from lab.scenario.format import expect
from lab.scenario.steps import ACTIONS
from lab.values import (
    ONE_OR_MORE,
    TEXT,
    TEXTS,
    Elsewhere,
    Flag,
    Key,
    Named,
    Number,
    Schema,
    Table,
    Tables,
    Text,
    Texts,
)
from lab.verdict.seconds import LONGEST

STAGES = ("banner", "ehlo", "helo", "starttls", "auth", "mail", "rcpt", "data", "body", "end-of-data", "quit")
SIZE = 64 * 1024 * 1024  # bytes: six times message_size_limit, and what the scripted host can hold
COUNT = 10_000  # messages: some minutes of submission
RULES: Schema = {"anyOf": [{"type": "string"}, {"type": "object"}, {"type": "array"}]}
SCRIPTED = ("connect", *STAGES, "extensions")
"""The keys of a scripted address's script."""
SCRIPT: Mapping[str, Key] = {
    **{key: Key(Elsewhere(faults.schema(key)), faults.about(key)) for key in faults.KEYS},
    "connect": Key(
        Elsewhere({"anyOf": [*faults.schema("connect")["anyOf"], {"type": "array"}]}),
        f'{faults.about("connect")} Of one address family: {{drop = "ipv6"}}. At a scripted address also '
        "{refuse = true, first = 2}, or a list of such rules.",
    ),
    **{
        stage: Key(
            Elsewhere(RULES),
            f'What happens at {stage}: "{reply.EXAMPLE}", or {{reply, recipient, sender, first, delay, close, ...}}, '
            f"or a list of those. A real MX: at {', '.join(reply.KEYS)}; reply, recipient, sender, first, delay.",
        )
        for stage in STAGES
    },
    "extensions": Key(
        Elsewhere({"type": "object"}),
        "What EHLO offers: {add = [...], hide = [...], size = n}; scripted addresses only.",
    ),
    "later": Key(Flag(), "It is not in force from the start: a step applies it."),
}
DNS_FAULT = Elsewhere(
    {
        "type": "object",
        "properties": {
            "kind": {"enum": list(DNS_KINDS)},
            **{key: {"type": "string"} for key in ("id", "name", "type", "client", "transport")},
            **{key: {"type": "integer", "minimum": 1} for key in ("first", "from", "to")},
            "later": {"type": "boolean"},
        },
        "required": ["kind"],
    }
)
STEP = Table(
    {
        **{action: step.keys[action] for action, step in ACTIONS.items()},
        **{name: key for step in ACTIONS.values() for name, key in step.keys.items() if name not in ACTIONS},
    }
)

SCENARIO = Table(
    {
        "title": Key(TEXT, "One line: what goes wrong, and what happens then.", needed=True),
        "teaches": Key(TEXT, "What a learner takes away, in two or three sentences.", needed=True),
        "standard": Key(ONE_OR_MORE, 'Where it is written: ["RFC 5321 5.1", "smtp_fallback_relay", "transport(5)"].'),
        "departs": Key(TEXT, "Where a server, or its setting, departs from the standard."),
        "observed": Key(TEXT, "How the real servers differ from what was expected of them."),
        "tags": Key(TEXTS, "Words to find it by."),
        "source": Key(TEXT, "The address of a public thread in which people met it."),
        "timeout": Key(Number(LONGEST), "Seconds that each expectation is waited for. [60]"),
        "zone": Key(TEXT, "Zone of $DOMAIN, a fresh domain. Without it: mx1, mx2, mx3 at preferences 10, 20, 30."),
        "zones": Key(
            Named(TEXT),
            "Zones of further domains: other = the zone of $OTHER. A name with a final dot stands for itself "
            '("localhost."); one run at a time serves it.',
        ),
        "hosts": Key(
            Named(
                Table(
                    {
                        "like": Key(
                            TEXT,
                            'The host of the world it is made like, or one that the world does not have: "resolver" '
                            'caches answers of the DNS, "scanner" may send raw packets and has nmap. [direct]',
                        ),
                        "main_cf": Key(TEXT, "Of a Postfix: lines of main.cf in which it differs."),
                        "master_cf": Key(TEXT, "Of a Postfix: lines to add to master.cf."),
                        "dovecot_conf": Key(
                            TEXT, 'Of a Dovecot, like = "mailstore": lines to add to dovecot.conf; the last one counts.'
                        ),
                        "users": Key(
                            TEXT, 'Of a Dovecot: lines "name:password"; they have mailboxes, and nobody else has.'
                        ),
                        "unbound_conf": Key(TEXT, "Of a resolver: lines of unbound.conf; the last one counts."),
                        "resolver": Key(TEXT, "The resolver that it asks instead of the lab's DNS: a host further up."),
                        "sieve": Key(Named(TEXT), "Of a Dovecot: active Sieve script of a user, as in [sieve]."),
                        "files": Key(
                            Named(Elsewhere({"type": "string"})),
                            "Files below /etc/postfix, or /etc/dovecot: name to text.",
                        ),
                    }
                )
            ),
            "Hosts that the scenario brings along; a zone, and a host further down, has the address as $NAME.",
        ),
        "sieve": Key(
            Named(TEXT), "Active Sieve script of a user in the world's mail store: bia = the script of bia@$DOMAIN."
        ),
        "faults": Key(
            Elsewhere(
                {
                    "type": "object",
                    "properties": {"dns": {"type": "array", "items": DNS_FAULT.described}},
                    "additionalProperties": Table(SCRIPT).schema(),
                }
            ),
            "What is wrong: [faults.NAME] at a scripted address or a real host, [[faults.dns]] in the DNS.",
        ),
        "message": Key(
            Tables(
                Table(
                    {
                        "name": Key(TEXT, "What steps and expectations call it; needed if there are several."),
                        "from": Key(
                            Elsewhere({"type": "string"}), 'Envelope sender. [ana@home.test]; "" is the null sender.'
                        ),
                        "to": Key(ONE_OR_MORE, "Recipients.", needed=True),
                        "via": Key(TEXT, "The host of submission, with its port if it is another one. [client]"),
                        "subject": Key(TEXT, "Its subject."),
                        "body": Key(TEXT, "Its text."),
                        "headers": Key(Named(TEXT), "Further header fields."),
                        "size": Key(Number(SIZE, 1, whole=True), "Bytes to which the body is filled up."),
                        "raw": Key(TEXT, "Header and body, sent exactly as they stand, instead of all that."),
                        "file": Key(TEXT, "A file beside this one, sent exactly as it is, instead of all that."),
                        "login": Key(TEXT, "The user who submits."),
                        "notify": Key(
                            Texts(single=True, choices=NOTIFY),
                            'When a notice is wanted (RFC 3461 4.1): ["success", "failure", "delay"], or "never".',
                        ),
                        "ret": Key(Text(RET), "How much of it comes back in a notice of failure (RFC 3461 4.3)."),
                        "envid": Key(TEXT, "What notices call it (RFC 3461 4.4)."),
                        "orcpt": Key(
                            TEXT, 'The original recipient that notices name (RFC 3461 4.2): "rfc822;team@home.test".'
                        ),
                        "count": Key(Number(COUNT, 1, whole=True), "How many such messages, one after the other. [1]"),
                    }
                )
            ),
            "A message.",
        ),
        "session": Key(
            Tables(
                Table(
                    {
                        "name": Key(TEXT, "What steps call it; needed if there are several."),
                        "at": Key(
                            TEXT, 'Host, with its port if it is not 25; "mailstore:24" speaks LMTP.', needed=True
                        ),
                        "lines": Key(
                            TEXTS,
                            '"C: EHLO x" is sent with CRLF, "R: x" exactly as it stands, "B: x" in base64 (AUTH); '
                            '"TLS:" begins with TLS, "TLS: NAME" asks for that server; "S: 250 2.1.0" is the reply '
                            'awaited (or its beginning), "S: closed" the end; "C2:", "S2:": a second connection.',
                            needed=True,
                        ),
                    }
                )
            ),
            "A dialogue with a host, byte by byte.",
        ),
        "step": Key(
            Tables(STEP), "What is done, in this order. Without steps: faults, messages, sessions, expectations."
        ),
        "expect": Key(Tables(expect.TABLE, single=True), "What must hold at the end."),
        "departs_from_plan": Key(
            Tables(
                Table(
                    {
                        "kind": Key(Text(get_args(DepartureKind)), "The kind of departure.", needed=True),
                        "host": Key(TEXT, "The host that departs."),
                        "target": Key(TEXT, "The host that was tried, or not."),
                        "why": Key(TEXT, "The reason.", needed=True),
                    }
                )
            ),
            "A departure of the route from the plan that is right here.",
        ),
    }
)
