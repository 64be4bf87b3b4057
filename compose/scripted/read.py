"""Reads a script: from JSON to :class:`scripted.script.Script`.

    {"connect": "refuse"}
    {"connect": {"drop": "ipv6"}}
    {"rcpt": "450 4.2.0 later"}
    {"rcpt": [{"recipient": "bia@*", "first": 2, "reply": "450 4.2.0 Greylisted"}, {"reply": "550 5.1.1 no"}]}
    {"extensions": {"hide": ["STARTTLS"]}, "end-of-data": {"vanish": true}}
    {"body": {"after_bytes": 1000, "reply": "552 5.3.4 too big"}}

Unknown keys, wrong values and keys that mean nothing at their stage are reported together, with their path.
"""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from typing import Any

from scripted.check import Checker, join, kind
from scripted.connect import read_connect
from scripted.reply import Reply
from scripted.script import HOUR, OFFERED, STAGES, Extensions, Rule, Script

LARGEST = 64 * 1024 * 1024  # bytes of a message that the host can hold
ENDINGS = ("close", "reset", "hang")
REPLYING = ("first", "reply", "delay", "dribble", "garbage", *ENDINGS)
ENVELOPE = ("sender", "recipient")
KEYS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("banner", "ehlo", "helo", "starttls", "auth", "quit"), REPLYING),
    "mail": ("sender", *REPLYING),
    **dict.fromkeys(("rcpt", "data"), ENVELOPE + REPLYING),
    "body": (*ENVELOPE, "first", "after_bytes", "reply", "delay", "garbage", *ENDINGS),
    "end-of-data": (*ENVELOPE, *REPLYING, "vanish"),
}
EHLO_LINE = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*(?: [!-~]+)*")  # RFC 5321 4.1.1.1, ehlo-line


def read_script(source: object) -> Script:
    """Return the script. InvalidError has all problems."""
    check = Checker()
    table = check.table("", source, ("connect", *STAGES, "extensions"))
    script = Script(
        connect=read_connect(check, table["connect"]) if "connect" in table else (),
        extensions=_extensions(check, table["extensions"]) if "extensions" in table else Extensions(),
        rules={stage: _rules(check, stage, table[stage]) for stage in STAGES if stage in table},
        source=table,
    )
    check.finish()
    return script


def _extensions(check: Checker, value: object) -> Extensions:
    table = check.table("extensions", value, ("add", "hide", "size"))
    known: dict[str, Any] = {}
    add, hide = _words(check, table, "add"), _words(check, table, "hide")
    for index, line in enumerate(add):
        if not EHLO_LINE.fullmatch(line):
            check.note(f"extensions.add[{index}]", f'"{line}" is not an EHLO line', 'write e.g. "AUTH PLAIN LOGIN"')
        elif line.split()[0].upper() in OFFERED:
            check.note(f"extensions.add[{index}]", f"{line.split()[0]} is offered anyway", "leave it out")
    for index, keyword in enumerate(hide):
        check.choice(f"extensions.hide[{index}]", keyword.upper(), OFFERED)
    if "size" in table:
        known["size"] = check.count("extensions.size", table["size"], 0, LARGEST)
        if "SIZE" in {keyword.upper() for keyword in hide}:
            check.note("extensions.size", "SIZE is hidden as well", 'leave out "size", or SIZE in "hide"')
    return Extensions(add=tuple(add), hide=frozenset(keyword.upper() for keyword in hide), **known)


def _words(check: Checker, table: dict[str, Any], key: str) -> list[str]:
    value = table.get(key, [])
    if isinstance(value, list) and all(isinstance(word, str) for word in value):
        return value
    check.note(f"extensions.{key}", f"must be a list of strings, not {kind(value)}")
    return []


def _rules(check: Checker, stage: str, value: object) -> tuple[Rule, ...]:
    if not isinstance(value, list):
        return (_rule(check, stage, stage, value),)
    if not value:
        check.note(stage, "has no rule", "leave the stage out for normal behaviour")
    return tuple(_rule(check, stage, join(stage, index), each) for index, each in enumerate(value))


def _rule(check: Checker, stage: str, path: str, value: object) -> Rule:
    if isinstance(value, str):
        value = {"reply": value}
    table = check.table(path, value, KEYS[stage])
    known: dict[str, Any] = {}
    for key, entry in table.items():
        place = join(path, key)
        match key:
            case "sender" | "recipient":
                pattern = check.text(place, entry)
                known[key] = None if pattern is None else pattern.strip().removeprefix("<").removesuffix(">")
            case "first":
                known[key] = check.count(place, entry, 1, 1_000_000)
            case "after_bytes":
                known[key] = check.count(place, entry, 0, LARGEST) or 0
            case "delay" | "dribble":
                known[key] = check.number(place, entry, HOUR) or 0.0
            case "reply":
                known[key] = _reply(check, place, entry)
            case "garbage":
                known[key] = _garbage(check, place, entry)
            case "vanish":
                known[key] = check.flag(place, entry)
    rule = Rule(stage, **known, **_ending(check, path, stage, table))
    _consistent(check, path, table, rule)
    if isinstance(value, dict) and set(value) <= {"sender", "recipient", "first"}:
        actions = [key for key in KEYS[stage] if key not in ("sender", "recipient", "first")]
        check.note(path, "does nothing", f"add one of {', '.join(actions)}")
    return rule


def _reply(check: Checker, path: str, value: object) -> Reply | None:
    lines = value.split("\n") if isinstance(value, str) else value
    if not isinstance(lines, list) or not lines or not all(isinstance(line, str) for line in lines):
        check.note(path, f"must be a string or a list of lines, not {kind(value)}", 'e.g. "450 4.2.0 later"')
        return None
    if not all(line.isprintable() for line in lines):
        check.note(path, "has control characters", 'lines are separated by "\\n"; other bytes go into "garbage"')
        return None
    try:
        return Reply.parse(lines)
    except ValueError as error:
        check.note(path, str(error), 'e.g. "450 4.2.0 later"; anything else goes into "garbage"')
        return None


def _garbage(check: Checker, path: str, value: object) -> bytes | None:
    if isinstance(value, str) and value:
        return value.encode()
    if isinstance(value, dict) and list(value) == ["base64"] and isinstance(value["base64"], str):
        try:
            return b64decode(value["base64"], validate=True)
        except (binascii.Error, ValueError) as error:
            check.note(join(path, "base64"), f"is not base64: {error}")
            return None
    check.note(path, 'must be a text that is not empty, or {"base64": "..."}')
    return None


def _ending(check: Checker, path: str, stage: str, table: dict[str, Any]) -> dict[str, Any]:
    given = []
    for key in ENDINGS:
        if key not in table or table[key] is False:
            continue
        if table[key] is True or (table[key] == "after" and stage != "body"):
            given.append(key)
        else:
            right = "true" if stage == "body" else 'true or "after"'
            check.note(join(path, key), f"must be {right}, not {table[key]!r}")
    if len(given) > 1:
        check.note(path, f"has {' and '.join(given)}", "a connection ends in one way: keep one of them")
    vanish = table.get("vanish") is True
    if not given:
        return {"ending": "close", "silent": True} if vanish else {}
    speaks = "reply" in table or "garbage" in table or table[given[0]] == "after"
    return {"ending": given[0], "silent": vanish or not speaks}


def _consistent(check: Checker, path: str, table: dict[str, Any], rule: Rule) -> None:
    """Report keys that cancel each other."""
    speaks = "reply" in table or "garbage" in table
    if rule.vanish and speaks:
        check.note(path, "has vanish and something to say", "vanish is to say nothing after the message is stored")
    if "after_bytes" in table and rule.ending is None and not speaks:
        check.note(path, "has after_bytes, and nothing to do then", 'add "reply", "garbage", "close", "reset", "hang"')
    if rule.stage == "starttls" and rule.garbage and rule.reply and rule.reply.code != 220:
        check.note(path, "has garbage after a reply other than 220", "a handshake follows 220 only (RFC 3207 4)")
