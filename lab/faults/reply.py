"""What a real exchanger is told to answer: one rule at one stage, given to it by Postfix's policy delegation.

``rcpt``, ``data`` and ``end-of-data`` take a reply ("450 4.2.0 later", an action of access(5)), a rule
{reply, recipient, sender, first, delay}, or a list of those; docs/scripted.md has what they mean.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from lab.control.grammar import RULE_KEYS, STATES, policy_problems
from lab.errors import LabError
from lab.faults.effects import ANOTHER, KEPT, NONE, Effect
from lab.values import Notes, Table

KEYS = tuple(STATES)
EXAMPLE = "450 4.2.0 later"
ROLE = "mx"  # of the hosts that ask (compose/postfix/mx/main.cf)
EFFECTS: Mapping[str, Effect] = {"FILTER": ANOTHER, "REDIRECT": ANOTHER, "DISCARD": KEPT, "HOLD": KEPT}
"""Actions of access(5), and what they do with a message that has come in."""


@dataclass(frozen=True, slots=True)
class ReplyRule:
    """One rule. ``recipient`` and ``sender`` are globs; ``first``: so many times; ``delay`` in seconds."""

    stage: str  # one of KEYS
    reply: str
    recipient: str | None = None
    sender: str | None = None
    first: int | None = None
    delay: float | None = None

    @property
    def scope(self) -> dict[str, Any]:
        """What the rule says beside its reply."""
        found = {key: getattr(self, key) for key in RULE_KEYS if key != "reply"}
        return {key: value for key, value in found.items() if value is not None}

    @property
    def rule(self) -> dict[str, Any]:
        """The rule as the policy service takes it, without owner and hosts."""
        return {"state": STATES[self.stage], "action": self.reply, **self.scope}

    @property
    def given(self) -> dict[str, Any]:
        """The table that says so: {stage: reply}, or {stage: {reply, ...}}."""
        return {self.stage: {"reply": self.reply, **self.scope} if self.scope else self.reply}

    @property
    def effect(self) -> Effect:
        """Departures that it explains, of what the host itself sends."""
        return EFFECTS.get(self.reply.partition(" ")[0].upper(), NONE)

    def scoped(self, domains: Sequence[str]) -> list[ReplyRule]:
        """Return it for recipients in *domains* only: a host of the world has other users too.

        Raises LabError for a rule that names recipients elsewhere.
        """
        local, _, domain = (self.recipient or "*@*").partition("@")
        if domain not in ("", "*", *domains):
            raise LabError(
                f"the rule for {self.recipient} would meet other runs' mail, or nobody's",
                hint='write recipient = "bia@*": it is for this run\'s domains',
            )
        found = [domain] if domain in domains else domains
        return [replace(self, recipient=f"{local}@{each}") for each in found]


def read(stage: str, value: object) -> tuple[ReplyRule, ...]:
    """Return what a key says with a value in which :func:`check` finds nothing."""
    return tuple(ReplyRule(stage, **_table(said)) for _, said in _rules(value, stage))


def check(stage: str, value: object, role: str, path: str, notes: Notes) -> None:
    """Note what is wrong with the value of the key *stage*, which stands at *path*, at a host with this role."""
    if role != ROLE:
        notes.note(path, "only an MX can be told what to answer", "mx1, mx2, mx3, or a host that is like one of them")
        return
    for place, said in _rules(value, path):
        table = _table(said)
        if not isinstance(table, Mapping):
            what = f"must be a reply, such as {EXAMPLE!r}, or a rule, such as {{reply = ...}}, not {table!r}"
            notes.note(place, what)
            continue
        Table.known(table, RULE_KEYS, place, notes)
        rule = {"action" if key == "reply" else key: each for key, each in table.items() if key in RULE_KEYS}
        for problem in policy_problems({"owner": "run", "state": STATES[stage], **rule}):
            key = "reply" if problem.path == "action" else problem.path
            # Of a reply that is no rule, and of a key that is missing, the place is that of the whole.
            notes.note(f"{place}.{key}" if table is said and key in table else place, problem.problem, problem.hint)


def _rules(value: object, path: str) -> Iterator[tuple[str, object]]:
    """Yield the place of each rule, and how it is written."""
    if isinstance(value, list):
        yield from ((f"{path}[{index}]", each) for index, each in enumerate(value))
    else:
        yield path, value


def _table(said: Any) -> Any:  # noqa: ANN401  what a user writes
    """Return a rule as a table; what is neither that nor a reply as it is."""
    return {"reply": said} if isinstance(said, str) else said
