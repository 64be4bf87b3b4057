"""The expectations of a scenario: what :mod:`lab.verdict` reads, and what a scenario adds to it.

OWN: ``refused`` (the reply at submission), ``received``, ``stored`` and ``notice`` (what lies in mailboxes), and, for
many messages, how they are spread: ``accepted_by = {mx1 = [10, 50]}``.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from dnszone.problem import did_you_mean
from lab.scenario.format.keys import OWN_KEYS
from lab.scenario.format.model import RUN, Expected, Message, Scenario
from lab.scenario.format.problem import Notes, joined
from lab.scenario.format.variables import MAIL, substitute
from lab.verdict import KEYS, Expectation, ExpectationError, parse, regex

LOGS = ("logged", "not_logged")
SPREAD = ("accepted_by", "outcome")
REFUSED = re.compile(r"[45]\d\d(?: [45]\.\d{1,3}\.\d{1,3})?")
AFTER = ("attempts", "accepted_by", "delivered", "hops", "copies", "queue", "stored", "received")  # submission


@dataclass(frozen=True, slots=True)
class Asked:
    """An expectation that is ready to be judged; ``judged`` is None where only a spread is expected."""

    place: str
    message: str
    to: str | None
    judged: Expectation | None
    refused: str | None = None
    received: int | None = None
    stored: Mapping[str, str] = field(default_factory=dict)
    notice: Mapping[str, str] = field(default_factory=dict)
    spread: Mapping[str, Mapping[str, tuple[int, int]]] = field(default_factory=dict)

    @property
    def looks_into_mailboxes(self) -> bool:
        """Whether messages must be read to judge it."""
        return self.received is not None or bool(self.stored or self.notice)


def ready(expected: Expected, values: Mapping[str, str], hosts: Collection[str] = ()) -> Asked:
    """Return the expectation with its variables replaced. Raises ExpectationError."""
    patterns = {name: re.escape(value) for name, value in values.items()}
    regular = {"reply", "stored", "notice", *LOGS}
    table: dict[str, Any] = {
        key: substitute(each, patterns if key in regular else values) for key, each in expected.table.items()
    }
    spread = {
        key: {name: (pair[0], pair[1]) for name, pair in table[key].items()}
        for key in SPREAD
        if isinstance(table.get(key), dict)
    }
    refused = table.get("refused")
    judged = {key: each for key, each in table.items() if key in KEYS and key not in spread}
    if refused is not None:
        judged.setdefault("outcome", "rejected")
    own = set(table) & {"received", "stored", "notice"}
    return Asked(
        place=expected.place,
        message=expected.message,
        to=None if expected.to is None else str(substitute(expected.to, values)),
        judged=parse(judged, hosts, expected.place) if judged or not (own or spread) else None,
        refused=refused,
        received=table.get("received"),
        stored=table.get("stored", {}),
        notice=table.get("notice", {}),
        spread=spread,
    )


def check(
    expected: Expected, scenario: Scenario, hosts: Collection[str], values: Mapping[str, str], notes: Notes
) -> None:
    """Note what is wrong with an expectation. *hosts*: the names that a host may have in it."""
    if expected.message == RUN:
        _check_run(expected, notes)
    else:
        _check_to(expected, scenario.message(expected.message), notes)
    if any(not _is_spread(value) for key, value in expected.table.items() if key in SPREAD):
        notes.note(expected.place, "a spread is a table of pairs", "accepted_by = {mx1 = [10, 50], mx2 = [10, 50]}")
        return
    if any(notes.below(f"{expected.place}.{key}") for key in OWN_KEYS):
        return
    known = {key: value for key, value in expected.table.items() if key in KEYS or key in OWN_KEYS}
    try:
        asked = ready(Expected(expected.place, expected.message, expected.to, known), values, hosts)
    except ExpectationError as error:
        for problem in error.problems:
            notes.note(problem.path, problem.problem)
        return
    _check_logged(asked, scenario, notes)
    if expected.message == RUN:
        return
    _check_own(asked, expected, notes)
    _check_spread(asked, scenario, hosts, notes)
    _check_questions(asked, scenario, values, notes)


def _check_run(expected: Expected, notes: Notes) -> None:
    """Where there is no message, hosts can only have logged something."""
    for key in [*expected.table, *(["to"] if expected.to else [])]:
        if key not in LOGS:
            notes.note(f"{expected.place}.{key}", "is about a message, and there is none", "write a [[message]]")


def _check_to(expected: Expected, message: Message, notes: Notes) -> None:
    if expected.to is not None and expected.to not in message.to:
        notes.note(
            f"{expected.place}.to", f"{expected.to!r} is no recipient of it", f"it goes to {', '.join(message.to)}"
        )


def _check_logged(asked: Asked, scenario: Scenario, notes: Notes) -> None:
    known = [*(host.name for host in scenario.hosts), *MAIL, "mailstore"]
    for key in LOGS if asked.judged else ():
        for host in getattr(asked.judged, key) or ():
            if host not in known:
                hint = did_you_mean(host, known) or f"hosts that have one: {joined(known)}"
                notes.note(f"{asked.place}.{key}.{host}", f"{host!r} has no log of mail", hint)


def _check_own(asked: Asked, expected: Expected, notes: Notes) -> None:
    if asked.refused is not None:
        if not REFUSED.fullmatch(asked.refused):
            notes.note(
                f"{asked.place}.refused", f"{asked.refused!r} is no code, or code and status", 'e.g. "554 5.7.1"'
            )
        for key in set(AFTER) & set(expected.table):
            notes.note(f"{asked.place}.{key}", "cannot be: the message is refused at submission")
        if expected.table.get("outcome") not in (None, "rejected"):
            notes.note(f"{asked.place}.outcome", 'is "rejected" when the message is refused at submission')
    for key in ("stored", "notice"):
        for name, pattern in getattr(asked, key).items():
            try:
                regex.compiled(pattern)
            except regex.PatternError as error:
                notes.note(f"{asked.place}.{key}.{name}", f"is no regular expression: {error}")


def _check_spread(asked: Asked, scenario: Scenario, hosts: Collection[str], notes: Notes) -> None:
    message = scenario.message(asked.message)
    total = message.count * (len(message.to) if asked.to is None else 1)
    for key, spread in asked.spread.items():
        for name, (least, most) in spread.items():
            place = f"{asked.place}.{key}.{name}"
            if not 0 <= least <= most:
                notes.note(place, f"[{least}, {most}] is not [least, most]")
            elif least > total:
                notes.note(place, f"{least} of {total} routes cannot be", "count says how many messages there are")
            if key == "accepted_by" and hosts and name not in hosts and "*" not in name and "|" not in name:
                notes.note(place, f"no host is called {name!r}")


def _check_questions(asked: Asked, scenario: Scenario, values: Mapping[str, str], notes: Notes) -> None:
    """Names of the world are asked for by every run: nobody can tell whose question it was."""
    if asked.judged is None or scenario.hosts:  # a host of the run's own asks for nobody else
        return
    domains = (*(values[name] for name in scenario.zones), *(name.rstrip(".") for name in scenario.fixed))
    for key in ("asked", "not_asked"):
        for index, question in enumerate(getattr(asked.judged, key) or ()):
            name = question.partition(" ")[2].rstrip(".").lower()
            if not any(name == domain or name.endswith(f".{domain}") for domain in domains):
                hint = "give the host a name in the scenario's zone, at a scripted address: mx-a A $SCRIPTED_1"
                notes.note(f"{asked.place}.{key}[{index}]", f"other runs ask for {name} too", hint)


def _is_spread(value: object) -> bool:
    if not isinstance(value, dict):
        return True
    return bool(value) and all(
        isinstance(pair, list) and len(pair) == 2 and all(type(each) is int for each in pair) for pair in value.values()
    )
