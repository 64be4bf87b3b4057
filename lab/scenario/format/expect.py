"""The expectations of a scenario: what :mod:`lab.verdict` reads, for a message of the scenario, and its spread."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from dnszone.problem import did_you_mean
from lab.scenario.format.model import RUN, Expected, Message, Scenario
from lab.scenario.format.problem import Notes, joined
from lab.scenario.format.variables import MAIL, substitute
from lab.values import TEXT, Elsewhere, Key, Table
from lab.verdict import KEYS, Expectation, ExpectationError, parse, spread
from lab.verdict.expectation import check_hosts
from lab.verdict.key import RunKey
from lab.verdict.spread import Spread


@dataclass(frozen=True, slots=True)
class Asked:
    """An expectation that is ready to be judged; ``judged`` is None where only spreads are expected."""

    place: str
    message: str
    to: str | None
    judged: Expectation | None
    spreads: tuple[Spread, ...] = ()


def _expectation(name: str) -> Key:
    described = KEYS[name].kind.schema()
    if name in spread.KEYS:
        described = {"anyOf": [described, spread.KIND.schema()]}
    return Key(Elsewhere({**described, "examples": [KEYS[name].example]}), KEYS[name].help)


TABLE = Table(
    {
        "message": Key(TEXT, "Name of the message; needed if there are several."),
        "to": Key(TEXT, "The recipient; without it, each recipient."),
        **{name: _expectation(name) for name in KEYS},
    }
)


def read(value: object, place: str, messages: Collection[str], notes: Notes) -> tuple[Expected, ...]:
    """Return the expectations in *value*, a table or a list of tables, at *place*. *messages*: the names of all."""
    tables = [(place, value)] if isinstance(value, dict) else []
    if isinstance(value, list):
        tables = [(f"{place}[{index}]", each) for index, each in enumerate(value) if isinstance(each, dict)]
    found = []
    for path, table in tables:
        message = table.get("message", next(iter(messages)) if len(messages) == 1 else None if messages else RUN)
        if not isinstance(message, str) or message not in (messages or (RUN,)):
            problem = "does not say which message is meant" if message is None else f"no message is called {message!r}"
            hint = f"messages: {', '.join(messages)}" if messages else "a [[message]] is missing"
            notes.note(f"{path}.message", problem, hint)
            continue
        judged = {key: each for key, each in table.items() if key not in ("message", "to")}
        found.append(Expected(path, message, table.get("to"), judged))
    return tuple(found)


def ready(expected: Expected, values: Mapping[str, str], hosts: Collection[str] = ()) -> Asked:
    """Return the expectation with its variables replaced. Raises ExpectationError."""
    patterns = {name: re.escape(value) for name, value in values.items()}
    table: dict[str, Any] = {
        name: substitute(each, patterns if name in KEYS and KEYS[name].regular else values)
        for name, each in expected.table.items()
    }
    spreads = tuple(spread.read(name, table.pop(name)) for name in spread.KEYS if isinstance(table.get(name), dict))
    return Asked(
        place=expected.place,
        message=expected.message,
        to=None if expected.to is None else str(substitute(expected.to, values)),
        judged=parse(table, hosts, expected.place) if table or not spreads else None,
        spreads=spreads,
    )


def check(
    expected: Expected, scenario: Scenario, hosts: Collection[str], values: Mapping[str, str], notes: Notes
) -> None:
    """Note what is wrong with an expectation. *hosts*: the names that a host may have in it."""
    if expected.message == RUN:
        _check_run(expected, notes)
    else:
        _check_to(expected, scenario.message(expected.message), notes)
    for name in spread.KEYS:
        if isinstance(expected.table.get(name), dict):
            spread.KIND.check(expected.table[name], f"{expected.place}.{name}", notes)
            if notes.below(f"{expected.place}.{name}"):
                return
    known = {key: value for key, value in expected.table.items() if key in KEYS}
    try:
        asked = ready(Expected(expected.place, expected.message, expected.to, known), values, hosts)
    except ExpectationError as error:
        for problem in error.problems:
            notes.note(problem.path or expected.place, problem.problem, problem.hint)
        return
    _check_logged(asked, scenario, notes)
    if expected.message == RUN:
        return
    _check_spreads(asked, scenario, hosts, notes)
    _check_questions(asked, scenario, values, notes)


def _check_run(expected: Expected, notes: Notes) -> None:
    """Where there is no message, hosts can only have logged something."""
    for name in [*expected.table, *(["to"] if expected.to else [])]:
        if not isinstance(KEYS.get(name), RunKey):
            notes.note(f"{expected.place}.{name}", "is about a message, and there is none", "write a [[message]]")


def _check_to(expected: Expected, message: Message, notes: Notes) -> None:
    if expected.to is not None and expected.to not in message.to:
        notes.note(
            f"{expected.place}.to", f"{expected.to!r} is no recipient of it", f"it goes to {', '.join(message.to)}"
        )


def _check_logged(asked: Asked, scenario: Scenario, notes: Notes) -> None:
    known = [*(host.name for host in scenario.hosts), *MAIL, "mailstore"]
    for name, expected in _needing("logs", asked):
        for host in expected:
            if host not in known:
                hint = did_you_mean(host, known) or f"hosts that have one: {joined(known)}"
                notes.note(f"{asked.place}.{name}.{host}", f"{host!r} has no log of mail", hint)


def _check_spreads(asked: Asked, scenario: Scenario, hosts: Collection[str], notes: Notes) -> None:
    message = scenario.message(asked.message)
    total = message.count * (len(message.to) if asked.to is None else 1)
    for each in asked.spreads:
        place = f"{asked.place}.{each.key}"
        if each.key == "accepted_by" and asked.judged is not None and asked.judged.refused is not None:
            notes.note(place, "cannot be: the message is refused at submission")
        for name, (least, _) in each.counts.items():
            if least > total:
                hint = "count says how many messages there are"
                notes.note(f"{place}.{name}", f"{least} of {total} routes cannot be", hint)
            if each.key == "accepted_by":
                check_hosts(name, hosts, f"{place}.{name}", notes)


def _check_questions(asked: Asked, scenario: Scenario, values: Mapping[str, str], notes: Notes) -> None:
    """Names of the world are asked for by every run: nobody can tell whose question it was."""
    if scenario.hosts:  # a host of the run's own asks for nobody else
        return
    domains = (*(values[name] for name in scenario.zones), *(name.rstrip(".") for name in scenario.fixed))
    for key, expected in _needing("questions", asked):
        for index, question in enumerate(expected):
            name = question.partition(" ")[2].rstrip(".").lower()
            if not any(name == domain or name.endswith(f".{domain}") for domain in domains):
                hint = "give the host a name in the scenario's zone, at a scripted address: mx-a A $SCRIPTED_1"
                notes.note(f"{asked.place}.{key}[{index}]", f"other runs ask for {name} too", hint)


def _needing(evidence: str, asked: Asked) -> list[tuple[str, Any]]:
    """Return name and value of the keys of an expectation that are judged by this evidence."""
    found = {name: getattr(asked.judged, name, None) for name, key in KEYS.items() if evidence in key.needs}
    return [(name, expected) for name, expected in found.items() if expected is not None]
