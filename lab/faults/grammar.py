"""What can be made wrong at one name, and what that means: a host of the lab, or a name at a scripted address.

    connect     "refuse", "drop", "unreachable": port 25 is closed, filtered, or behind a router that says so; of one
                address family {"drop": "ipv6"}; {"loss": 0.3}, {"delay": 2}, {"limit": 1},
                {"close_after_accept": true}: see docs/faults.md
    host        "stopped", "killed", "paused", "cut" (off the network), "disk-full"
    scan_ban    {"after": 5, "for": 300, "verdict": "reset"}: see lab.faults.kinds.scan_ban
    fail2ban    {"maxretry": 3, "findtime": 600, "bantime": 300}: see lab.faults.kinds.fail2ban; at a Postfix
    rcpt, data, end_of_data
                what an MX answers there: "450 4.2.0 later", or rules (docs/scripted.md); by policy delegation
    anything else at a scripted address: a key of its script (docs/scripted.md)

In: a table of these. Out: :class:`Wrong`, taken apart. Errors: LabError with all that is wrong with the table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dnszone.problem import Problem, did_you_mean
from lab.control.grammar import RULE_KEYS, STATES, policy_problems, rules, script_problems
from lab.errors import LabError
from lab.faults import kinds
from lab.faults.kinds.site import Site
from lab.servers.brought import MAILSTORE
from lab.world import extra

WITHOUT_MAIL = tuple(extra.CAPABILITIES)  # roles of hosts that take no mail: what is wrong with them is said by `host`
HOST = ("stopped", "killed", "paused", "cut", "disk-full")
BANS: Mapping[str, Any] = {"scan_ban": kinds.scan_ban, "fail2ban": kinds.fail2ban}  # key to the module that reads it
WHOLE = ("connect", "host", *BANS)  # what is done to a host as a whole, one of them at a time
KEYS = (*WHOLE, *STATES)


@dataclass(frozen=True, slots=True)
class Whole:
    """One thing that is wrong with a host as a whole: a kind of :mod:`lab.faults.kinds`, and what applies it."""

    kind: str
    apply: Callable[[Site], None]
    said: Mapping[str, Any]  # the table that says so


@dataclass(frozen=True, slots=True)
class Wrong:
    """One fault, taken apart."""

    whole: Whole | None = None
    policies: tuple[dict[str, Any], ...] = ()  # rules of the policy service, without owner, host and recipients
    script: Mapping[str, Any] = field(default_factory=dict)  # of a scripted address


def at_host(role: str, table: Mapping[str, Any]) -> Wrong:
    """Return what *table* means at a host with this role."""
    table = keys(table)
    problems = list(host_problems(role, table))
    if problems:
        raise LabError("\n".join(problems), hint=f"keys are {', '.join(KEYS)}; a scripted address can do more")
    found = next((whole(key, table[key]) for key in WHOLE if key in table), None)
    return Wrong(found, tuple(rule for key in STATES if key in table for rule in rules(key, table[key])))


def whole(key: str, value: Any) -> Whole:  # noqa: ANN401  whatever the key takes
    """Return what one of the keys WHOLE means with a value that is right."""
    said = {key: value}
    if key in BANS:
        ban = BANS[key].read(value)
        return Whole(key, lambda site: BANS[key].apply(site, ban), said)
    kind, setting = next(iter(value.items())) if isinstance(value, Mapping) else (value, True)
    apply = kinds.KINDS[kind].apply
    return Whole(kind, apply if setting is True else lambda site: apply(site, setting), said)


def at_scripted(table: Mapping[str, Any]) -> Wrong:
    """Return what *table* means at a scripted address; the scripted host says what is wrong with a script."""
    if not table:
        raise LabError("this fault does nothing", hint='connect="refuse", or rcpt="450 4.2.0 later"')
    return Wrong(script=keys(table))


def scoped(rule: Mapping[str, Any], domains: Sequence[str]) -> list[dict[str, Any]]:
    """Return *rule* of the policy service for recipients in *domains* only: a host of the world has other users too.

    Raises LabError for a rule that names recipients elsewhere.
    """
    local, _, domain = str(rule.get("recipient", "*@*")).partition("@")
    if domain not in ("", "*", *domains):
        raise LabError(
            f"the rule for {rule['recipient']} would meet other runs' mail, or nobody's",
            hint='write recipient = "bia@*": it is for this run\'s domains',
        )
    found = [domain] if domain in domains else domains
    return [{**rule, "recipient": f"{local}@{each}"} for each in found]


def keys(table: Mapping[str, Any]) -> dict[str, Any]:
    """Return the table with its keys as they are in a file: a keyword of Python has no hyphen."""
    return {key if key in BANS else key.replace("_", "-"): value for key, value in table.items()}


def host_problems(role: str, table: Mapping[str, Any]) -> Iterator[str]:
    """Yield everything that is wrong with a table for a host with this role."""
    if not table:
        yield "this fault does nothing"
    yield from (f"{each.path}: {each.problem}" for each in kind_problems(role, table))
    whole = [key for key in WHOLE if key in table]
    if len(whole) > 1:
        yield f"a host has one of {' and '.join(whole)} at a time"
    for key, value in table.items():
        if key not in KEYS:
            yield " ".join(filter(None, (f"{key} cannot be made wrong at a host;", did_you_mean(key, KEYS))))
        elif key in BANS:
            yield from (f"{key}: {each}" for each in BANS[key].problems(value))
        elif key == "connect":
            yield from map(str, connect_problems(value))
        elif key == "host":
            if value not in HOST:
                yield f"host={value!r} is none of {', '.join(HOST)}"
        elif role != "mx":
            yield f"{key}: only an MX can be told what to answer"
        else:
            yield from (f"{key}: {each}" for each in _rule_problems(key, value))


def kind_problems(role: str, table: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield what in *table* means nothing at a host of this kind."""
    if role == MAILSTORE and "fail2ban" in table:
        yield Problem("reads what a Postfix logs, and this is a mail store", path="fail2ban")
    if role in WITHOUT_MAIL:
        for key in ("connect", *BANS):
            if key in table:
                yield Problem(f"a {role} has no port 25", 'host = "stopped", "paused", "cut"', path=key)
        if table.get("host") == "disk-full":
            yield Problem(f"a {role} keeps no mail", 'host = "stopped", "paused", "cut"', path="host")


def connect_problems(value: object) -> Iterator[Problem]:
    """Yield what is wrong with ``connect`` at a real host: the grammar is a scripted address's, which can do more."""
    path = "connect"
    found = script_problems({path: value})
    yield from found
    if found:
        return
    if isinstance(value, list):
        yield Problem("is a list", "a real host has one rule; a scripted address can have several", path=path)
    elif isinstance(value, Mapping):
        if "first" in value:
            yield Problem("counts no connections at a real host", "a scripted address does", path=f"{path}.first")
        elif len(value) > 1:
            yield Problem(f"has {' and '.join(value)}", "a real host has one of these at a time", path=path)
        elif 0 in (value.get("loss"), value.get("delay")):
            yield Problem("does nothing", "leave it out, or give more than 0", path=path)


def _rule_problems(stage: str, value: object) -> Iterator[str]:
    """Yield what is wrong with the replies of a real exchanger at one stage."""
    for each in value if isinstance(value, list) else [value]:
        if isinstance(each, dict):
            for key in each.keys() - set(RULE_KEYS):
                yield f"unknown key {key} ({did_you_mean(key, RULE_KEYS) or 'known are ' + ', '.join(RULE_KEYS)})"
            known = {key: entry for key, entry in each.items() if key in RULE_KEYS}
            yield from map(str, policy_problems({"owner": "run", **rules(stage, known)[0]}))
        elif isinstance(each, str):
            yield from map(str, policy_problems({"owner": "run", **rules(stage, each)[0]}))
        else:
            yield f"{each!r} is neither a reply, such as '450 4.2.0 later', nor a rule, such as {{\"reply\": ...}}"
