"""Every key of a scenario file: what it means, what its value is, an example. The JSON Schema is made from this too.

A kind of value notes what is wrong with one, and describes itself as JSON Schema (draft 2020-12). What a value means
beyond its type, :mod:`lab.scenario.check` looks at.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, get_args

from dnszone.faults import KINDS as DNS_KINDS
from dnszone.problem import did_you_mean
from lab.fault import HOST
from lab.plan.attempts import Kind as DepartureKind
from lab.scenario.problem import Notes, joined
from lab.verdict.expectation import KINDS, OUTCOMES, QUEUES

Schema = dict[str, Any]
STAGES = ("banner", "ehlo", "starttls", "auth", "mail", "rcpt", "data", "body", "end-of-data", "quit")


class Kind(Protocol):
    """A kind of value."""

    def check(self, value: object, path: str, notes: Notes) -> None:
        """Note what is wrong with *value*."""

    def schema(self) -> Schema:
        """Return its JSON Schema."""


@dataclass(frozen=True, slots=True)
class Text:
    """A string; with *choices*, one of them."""

    choices: tuple[str, ...] = ()

    def check(self, value: object, path: str, notes: Notes) -> None:
        """Note another type, an empty string, or what is none of the choices."""
        if not isinstance(value, str):
            notes.note(path, f"{value!r} is no text")
        elif not value.strip():
            notes.note(path, "is empty")
        elif self.choices and value not in self.choices:
            notes.note(path, f"{value!r} is none of {', '.join(self.choices)}", did_you_mean(value, self.choices))

    def schema(self) -> Schema:
        """Return its JSON Schema."""
        return {"type": "string", **({"enum": list(self.choices)} if self.choices else {"minLength": 1})}


@dataclass(frozen=True, slots=True)
class Texts:
    """A list of strings; with *single*, a string is a list of one."""

    single: bool = False

    def check(self, value: object, path: str, notes: Notes) -> None:
        """Note another type, and an empty list."""
        items = [value] if self.single and isinstance(value, str) else value
        if not isinstance(items, list):
            notes.note(path, f"{value!r} is no list of texts")
            return
        if not items:
            notes.note(path, "is empty")
        for index, item in enumerate(items):
            Text().check(item, f"{path}[{index}]" if items is value else path, notes)

    def schema(self) -> Schema:
        """Return its JSON Schema."""
        many = {"type": "array", "items": Text().schema(), "minItems": 1}
        return {"anyOf": [Text().schema(), many]} if self.single else many


@dataclass(frozen=True, slots=True)
class Number:
    """A number of *least* or more; with *whole*, a whole one."""

    least: float = 0
    whole: bool = False

    def check(self, value: object, path: str, notes: Notes) -> None:
        """Note another type, and a number that is too small."""
        good = isinstance(value, int if self.whole else int | float) and not isinstance(value, bool)
        if not good or value < self.least:  # type: ignore[operator]  # a number, if good
            notes.note(path, f"{value!r} is no {'whole ' if self.whole else ''}number of {self.least:g} or more")

    def schema(self) -> Schema:
        """Return its JSON Schema."""
        return {"type": "integer" if self.whole else "number", "minimum": self.least}


@dataclass(frozen=True, slots=True)
class Flag:
    """True or false."""

    def check(self, value: object, path: str, notes: Notes) -> None:
        """Note another type."""
        if not isinstance(value, bool):
            notes.note(path, f"{value!r} is neither true nor false")

    def schema(self) -> Schema:
        """Return its JSON Schema."""
        return {"type": "boolean"}


@dataclass(frozen=True, slots=True)
class Named:
    """A table whose keys are names that the author chooses."""

    values: Kind

    def check(self, value: object, path: str, notes: Notes) -> None:
        """Check each value."""
        if not isinstance(value, dict):
            notes.note(path, f"{value!r} is no table")
            return
        for name, each in value.items():
            self.values.check(each, f"{path}.{name}", notes)

    def schema(self) -> Schema:
        """Return its JSON Schema."""
        return {"type": "object", "additionalProperties": self.values.schema()}


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A value that its own reader checks; *described* is its JSON Schema."""

    described: Schema = field(default_factory=dict, hash=False)

    def check(self, value: object, path: str, notes: Notes) -> None:
        """Note nothing."""

    def schema(self) -> Schema:
        """Return its JSON Schema."""
        return self.described


@dataclass(frozen=True, slots=True)
class Key:
    """One key: its kind, what it means, and whether it must be there."""

    kind: Kind
    doc: str
    needed: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table with the keys in *keys*."""

    keys: Mapping[str, Key] = field(hash=False)

    def check(self, value: object, path: str, notes: Notes) -> None:
        """Note unknown and missing keys, and what is wrong with the values."""
        if not isinstance(value, dict):
            notes.note(path, f"{value!r} is no table", f"its keys are {', '.join(self.keys)}")
            return
        self.known(value, self.keys, path, notes)
        for name, key in self.keys.items():
            place = f"{path}.{name}" if path else name
            if name in value:
                key.kind.check(value[name], place, notes)
            elif key.needed:
                notes.note(path, f"{name} is missing", key.doc)

    @staticmethod
    def known(value: Mapping[str, object], keys: Collection[str], path: str, notes: Notes) -> None:
        """Note each key of *value* that is none of *keys*."""
        for name in value:
            if name not in keys:
                place = f"{path}.{name}" if path else name
                notes.note(place, f"unknown key {name}", did_you_mean(name, keys) or f"known are {joined(keys)}")

    def schema(self) -> Schema:
        """Return its JSON Schema."""
        properties = {name: {**key.kind.schema(), "description": key.doc} for name, key in self.keys.items()}
        needed = [name for name, key in self.keys.items() if key.needed]
        table: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
        return {**table, "required": needed} if needed else table


@dataclass(frozen=True, slots=True)
class Tables:
    """A list of tables, written [[name]]; with *single*, one table [name] is a list of one."""

    table: Kind
    single: bool = False

    def check(self, value: object, path: str, notes: Notes) -> None:
        """Check each table."""
        if self.single and isinstance(value, dict):
            self.table.check(value, path, notes)
        elif not isinstance(value, list):
            notes.note(path, f"{value!r} is no list of tables", f"write [[{path}]]")
        else:
            for index, each in enumerate(value):
                self.table.check(each, f"{path}[{index}]", notes)

    def schema(self) -> Schema:
        """Return its JSON Schema."""
        many = {"type": "array", "items": self.table.schema()}
        return {"anyOf": [self.table.schema(), many]} if self.single else many


TEXT, TEXTS, ONE_OR_MORE = Text(), Texts(), Texts(single=True)
LIST: Schema = {"type": "array"}
SPREAD = Elsewhere(
    {
        "type": "object",
        "additionalProperties": {"type": "array", "items": {"type": "integer"}, "minItems": 2, "maxItems": 2},
    }
)


def _or_spread(described: Schema) -> Elsewhere:
    return Elsewhere({"anyOf": [described, SPREAD.described]})


OWN_KEYS: Mapping[str, Key] = {
    "refused": Key(TEXT, 'The reply at submission, its code and status: "554 5.7.1". The message is not queued.'),
    "received": Key(Number(whole=True), "How many Received fields the copy in the mailbox has (RFC 5321 4.4)."),
    "stored": Key(
        Named(TEXT),
        "Fields of the copy that arrived, in any of its parts: name to regular expression; body is the text.",
    ),
    "notice": Key(
        Named(TEXT), 'Fields of the notification (RFC 3464): Action = "failed", Status = "5.1.1", Subject = "..."'
    ),
}
"""Keys of an expectation beside those of :data:`lab.verdict.KEYS`."""

JUDGED: Mapping[str, Key] = {
    "attempts": Key(
        Elsewhere(LIST),
        'Every attempt in order: ["mx1 refused", "mx2 250"]. A list in it is a set in any order; "..." at the end '
        'of one: one or more such. "mx-a ipv6 timeout" names the address family.',
    ),
    "accepted_by": Key(
        _or_spread({"type": "string"}),
        "The last host that took the message. Of many messages: {mx1 = [10, 50]}, the least and the most it took.",
    ),
    "delivered": Key(Elsewhere({"type": "string"}), 'The mailbox: "INBOX".'),
    "outcome": Key(
        _or_spread({"type": "string", "enum": list(OUTCOMES)}),
        "How it ended, or stands. Of many messages: {deferred = [1, 9]}.",
    ),
    "status": Key(Elsewhere({"type": "string"}), 'The last enhanced status code (RFC 3463): "5.7.1", "4.x.x".'),
    "reply": Key(Elsewhere({"type": "string", "format": "regex"}), "A regular expression, found in the reason."),
    "hops": Key(Elsewhere(LIST), 'Every host that accepted it, from the submission on: ["direct", "mx1"].'),
    "untouched": Key(Elsewhere(LIST), "Hosts to which nobody connected."),
    "copies": Key(Elsewhere({"type": "integer", "minimum": 0}), "How many copies reached mailboxes."),
    "notifications": Key(Elsewhere(LIST), f'Each notice: ["failed ana@home.test"]; {", ".join(KINDS)}. []: none.'),
    "asked": Key(Elsewhere(LIST), 'DNS questions in this order, among others: ["MX $DOMAIN"].'),
    "not_asked": Key(Elsewhere(LIST), "DNS questions that nobody asked."),
    "at_least": Key(Elsewhere({"type": "number"}), "Seconds from the submission to the last attempt, at least."),
    "at_most": Key(Elsewhere({"type": "number"}), "Seconds from the submission to the last attempt, at most."),
    "intervals": Key(Elsewhere(LIST), "Seconds between one attempt and the next: [[0, 1], [4, 9]]."),
    "queue": Key(
        Elsewhere({"type": "object", "additionalProperties": {"enum": list(QUEUES)}}),
        'The queue it lies in, by host: {direct = "deferred"}; "none" where it has left.',
    ),
}

EXPECT = Table(
    {
        "message": Key(TEXT, "Name of the message; needed if there are several."),
        "to": Key(TEXT, "The recipient; without it, each recipient."),
        **JUDGED,
        **OWN_KEYS,
    }
)
SCRIPT: Mapping[str, Key] = {
    "connect": Key(
        Elsewhere({"anyOf": [{"type": "string"}, {"type": "object"}]}),
        '"refuse", "drop", "unreachable"; at a scripted address also {limit = 1}, {delay = 2}, {loss = 0.3}, '
        '{close_after_accept = true}, and for one address family {drop = "ipv6"}.',
    ),
    **{
        stage: Key(
            Elsewhere({"anyOf": [{"type": "string"}, {"type": "object"}, {"type": "array"}]}),
            f'What happens at {stage}: "450 4.2.0 later", or {{reply, recipient, sender, first, delay, close, ...}}, '
            "or a list of those. A real MX: at rcpt, data, end-of-data; reply, recipient, sender, first, delay.",
        )
        for stage in STAGES
    },
    "extensions": Key(
        Elsewhere({"type": "object"}),
        "What EHLO offers: {add = [...], hide = [...], size = n}; scripted addresses only.",
    ),
    "host": Key(Text(HOST), "What happens to a real host as a whole."),
    "scan_ban": Key(
        Elsewhere({"type": "object"}),
        'A real host bans who connects to many ports: {after = 5, for = 300, verdict = "reset"}, or "drop".',
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
        "send": Key(ONE_OR_MORE, "Names of messages to send. What becomes of them, until or expect waits for."),
        "talk": Key(ONE_OR_MORE, "Names of sessions to hold."),
        "apply": Key(ONE_OR_MORE, "Names of faults to put in force."),
        "heal": Key(ONE_OR_MORE, "Names of faults to take back."),
        "zone": Key(TEXT, "A text that replaces the zone of $DOMAIN, or of the domain named by `of`."),
        "flush": Key(TEXT, "A host that tries its deferred messages now (postqueue -f, -i)."),
        "hold": Key(TEXT, "A host that keeps a message from being tried (postsuper -h)."),
        "release": Key(TEXT, "A host that lets a held message be tried (postsuper -H)."),
        "delete": Key(TEXT, "A host that throws a message away (postsuper -d)."),
        "restart": Key(TEXT, "A host to stop and to start again."),
        "run": Key(
            TEXT, "A host on which `command` runs, as root; `output` is a regular expression found in what it prints."
        ),
        "until": Key(
            Text(OUTCOMES), "Go on when the message (`message`, `to`) has this outcome, at the latest after `timeout`."
        ),
        "expect": Key(Tables(EXPECT, single=True), "What must hold now."),
        "message": Key(TEXT, "The message meant by flush, hold, release, delete, until; default: the only one."),
        "to": Key(TEXT, "The recipient meant by until; default: each."),
        "of": Key(TEXT, "The zone meant by zone: a name of the table [zones]."),
        "command": Key(TEXTS, "The words of the command."),
        "output": Key(TEXT, "A regular expression."),
        "timeout": Key(Number(), "Seconds."),
    }
)
WITH: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("send", "talk", "apply", "heal", "restart", "expect"), ()),
    **dict.fromkeys(("flush", "hold", "release", "delete"), ("message",)),
    "zone": ("of",),
    "run": ("command", "output"),
    "until": ("message", "to", "timeout"),
}
"""The actions of a step, and which keys belong to each."""

SCENARIO = Table(
    {
        "title": Key(TEXT, "One line: what goes wrong, and what happens then.", needed=True),
        "teaches": Key(TEXT, "What a learner takes away, in two or three sentences.", needed=True),
        "standard": Key(ONE_OR_MORE, 'Where it is written: ["RFC 5321 5.1"].'),
        "departs": Key(TEXT, "Where Postfix departs from the standard."),
        "observed": Key(TEXT, "How the real servers differ from what was expected of them."),
        "tags": Key(TEXTS, "Words to find it by."),
        "source": Key(TEXT, "The address of a public thread in which people met it."),
        "timeout": Key(Number(), "Seconds that each expectation is waited for. [60]"),
        "zone": Key(TEXT, "Zone of $DOMAIN, a fresh domain. Without it: mx1, mx2, mx3 at preferences 10, 20, 30."),
        "zones": Key(Named(TEXT), "Zones of further domains: other = the zone of $OTHER."),
        "hosts": Key(
            Named(
                Table(
                    {
                        "like": Key(TEXT, "The host of the world it is made like. [direct]"),
                        "main_cf": Key(TEXT, "Lines of main.cf in which it differs."),
                        "master_cf": Key(TEXT, "Lines to add to master.cf."),
                        "files": Key(Named(Elsewhere({"type": "string"})), "Files below /etc/postfix: name to text."),
                    }
                )
            ),
            "Hosts that the scenario brings along; a zone has their addresses as $NAME.",
        ),
        "sieve": Key(Named(TEXT), "Active Sieve script of a user: bia = the script of bia@$DOMAIN."),
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
                        "size": Key(Number(1, whole=True), "Bytes to which the body is filled up."),
                        "raw": Key(TEXT, "Header and body, sent exactly as they stand, instead of all that."),
                        "file": Key(TEXT, "A file beside this one, sent exactly as it is, instead of all that."),
                        "login": Key(TEXT, "The user who submits."),
                        "count": Key(Number(1, whole=True), "How many such messages, one after the other. [1]"),
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
                        "at": Key(TEXT, "Host, with its port if it is not 25.", needed=True),
                        "lines": Key(
                            TEXTS,
                            '"C: EHLO x" is sent with CRLF, "R: x" exactly as it stands, "S: 250 2.1.0" is the reply '
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
        "expect": Key(Tables(EXPECT, single=True), "What must hold at the end."),
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
