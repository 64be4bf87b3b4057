"""Rules for the policy delegation service: which question of which Postfix gets another answer than DUNNO."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from fnmatch import fnmatchcase
from ipaddress import ip_address
from itertools import count
from typing import Any

from dnszone.problem import RefusedError
from scripted.check import Checker, suggest

STATES = ("CONNECT", "EHLO", "MAIL", "RCPT", "DATA", "END-OF-MESSAGE", "VRFY", "ETRN")  # protocol_state
# What access(5) knows beside reply codes, without those that only mean something in a table.
ACTIONS = (
    *("OK", "DUNNO", "REJECT", "DEFER", "DEFER_IF_PERMIT", "DEFER_IF_REJECT", "DISCARD", "HOLD"),
    *("FILTER", "PREPEND", "REDIRECT", "BCC", "INFO", "WARN"),
)
MOST_DELAY = 3600.0  # seconds
PATTERNS = {"sender": "sender", "recipient": "recipient", "client": "client_address"}  # key: Postfix's attribute


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One rule. None means any; patterns are globs."""

    owner: str
    host: tuple[str, ...] | None = None  # addresses of the Postfix that asks
    state: str | None = None
    sender: str | None = None  # "" is the null reverse-path
    recipient: str | None = None  # empty at DATA and END-OF-MESSAGE if there are several: SMTPD_POLICY_README
    client: str | None = None  # address
    first: int | None = None  # fires so often only
    action: str = "DUNNO"
    delay: float = 0.0  # seconds before the answer

    def matches(self, attributes: Mapping[str, str]) -> bool:
        """Whether the rule is about the question *attributes*."""
        state = "EHLO" if attributes.get("protocol_state") == "HELO" else attributes.get("protocol_state")
        if self.state not in (None, state) or self._elsewhere(attributes):
            return False
        patterns = ((getattr(self, key), attributes.get(name, "")) for key, name in PATTERNS.items())
        return all(pattern is None or fnmatchcase(value.lower(), pattern.lower()) for pattern, value in patterns)

    def _elsewhere(self, attributes: Mapping[str, str]) -> bool:
        return self.host is not None and attributes.get("server_address") not in self.host


@dataclass(slots=True)
class Standing:
    """A rule in use."""

    id: str
    policy: Policy
    fired: int = field(default=0)

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        values = {each.name: getattr(self.policy, each.name) for each in fields(self.policy)}
        return {"id": self.id, **values, "fired": self.fired}


class Policies:
    """The rules that stand, in the order in which they were added; the first that matches wins."""

    def __init__(self) -> None:
        """Start without rules."""
        self._standing: dict[str, Standing] = {}
        self._numbers = count(1)

    def add(self, policy: Policy) -> str:
        """Let a rule stand; return its id."""
        standing = Standing(f"P{next(self._numbers)}", policy)
        self._standing[standing.id] = standing
        return standing.id

    def all(self) -> list[Standing]:
        """Return the rules that stand."""
        return list(self._standing.values())

    def remove(self, policy_id: str) -> None:
        """Remove a rule; RefusedError if there is none with this id."""
        if self._standing.pop(policy_id, None) is None:
            raise RefusedError(404, f"there is no policy {policy_id}", "GET /policies shows those that stand")

    def drop(self, owner: str) -> None:
        """Remove all rules of an owner."""
        self._standing = {key: each for key, each in self._standing.items() if each.policy.owner != owner}

    def fire(self, attributes: Mapping[str, str]) -> Standing | None:
        """Return the rule for a question, None for DUNNO. It counts as fired."""
        for standing in self._standing.values():
            first = standing.policy.first
            if (first is None or standing.fired < first) and standing.policy.matches(attributes):
                standing.fired += 1
                return standing
        return None


def read_policy(source: object) -> Policy:
    """Return the rule that JSON stands for. InvalidError has all problems."""
    check = Checker()
    table = check.table("", source, [each.name for each in fields(Policy)])
    known: dict[str, Any] = {}
    for key, value in table.items():
        match key:
            case "owner" | "action":
                known[key] = check.text(key, value)
            case "host":
                known[key] = _addresses(check, value)
            case "state":
                known[key] = check.choice("state", value, STATES)
            case "first":
                known[key] = check.count("first", value, 1, 1_000_000)
            case "delay":
                known[key] = check.number("delay", value, MOST_DELAY) or 0.0
            case _:
                pattern = check.text(key, value)
                known[key] = None if pattern is None else pattern.strip().removeprefix("<").removesuffix(">")
    if not known.get("owner") and "owner" not in {problem.path for problem in check.problems}:
        check.note("owner", "is missing", "name the run that the rule belongs to")
    if "action" not in table and "delay" not in table:
        check.note("", "the rule does nothing", 'add "action" (e.g. "450 4.2.0 later") or "delay"')
    if known.get("action") is not None:
        _check_action(check, known["action"])
    check.finish()
    return Policy(**known)


def _addresses(check: Checker, value: object) -> tuple[str, ...] | None:
    """Return one address, or a list of them, as Postfix writes it (RFC 5952)."""
    try:
        return tuple(str(ip_address(str(each))) for each in (value if isinstance(value, list) else [value]))
    except ValueError as error:
        check.note("host", str(error), "give the address of the Postfix that asks, or a list of them")
        return None


def _check_action(check: Checker, action: str) -> None:
    word, _, text = action.partition(" ")
    if re.fullmatch(r"[45]\d\d", word):
        if not text.strip():
            check.note("action", f'"{action}" has a code and no text', 'write e.g. "450 4.2.0 later"')
    elif word.upper() not in ACTIONS:
        check.note("action", f'"{word}" is not an action of access(5)', suggest(word, ACTIONS))
