"""Reads a scenario file: TOML to :class:`lab.scenario.format.model.Scenario`, or every mistake with its line.

In: a path, or a text. Out: a validated scenario; nothing is asked of Docker.
Errors: :class:`lab.scenario.format.problem.ScenarioError`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from dnszone.problem import Problem
from lab import files
from lab.control.domains import DEFAULT
from lab.mail.dsn import Dsn
from lab.scenario import faults
from lab.scenario.format import bounds, check, expect
from lab.scenario.format.keys import SCENARIO
from lab.scenario.format.lines import places, words
from lab.scenario.format.model import MAIN, TIMEOUT, Departs, Host, Message, Scenario, Session
from lab.scenario.format.problem import MOST, EnoughError, Notes, ScenarioError
from lab.scenario.format.variables import variable
from lab.scenario.steps import ACTIONS
from lab.scenario.steps.step import Step

SUFFIX = ".scenario.toml"
PLACE = re.compile(r"(?P<problem>.*) \(at line (?P<line>\d+), column \d+\)", re.DOTALL)


def load(paths: Iterable[Path]) -> list[Scenario]:
    """Return the scenarios in *paths*. Raises ScenarioError with every problem of all of them."""
    found: list[Scenario] = []
    problems: list[Problem] = []
    for path in paths:
        try:
            found.append(read(files.text(path), path))
        except ScenarioError as error:
            problems += error.problems
        except files.UnreadableError as error:
            problems.append(Problem(error.reason, file=str(path)))
    if problems:
        raise ScenarioError(problems)
    return found


def read(text: str, path: Path) -> Scenario:
    """Return the scenario that *text* is; *path* gives its id and group. Raises ScenarioError."""
    if found := bounds.of_text(text):
        raise ScenarioError([Problem(found[1], file=str(path), line=found[0])])
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        match = PLACE.fullmatch(str(error))
        line = int(match["line"]) if match else text.count("\n") + 1
        problem = match["problem"] if match else str(error)
        raise ScenarioError([Problem(f"this is not TOML: {problem}", file=str(path), line=line)]) from error
    notes = Notes(str(path), places(text))
    try:
        if (deep := bounds.of_data(data)) is not None:
            notes.note(words(deep), f"has more than {bounds.DEEPEST} levels of lists and tables in each other")
        else:
            scenario = _checked(data, path, notes)
    except EnoughError:
        told = notes.all()
        rest = replace(told[-1], problem=f"has more mistakes than these {MOST}; the rest is not looked for", hint=None)
        raise ScenarioError([*told, rest]) from None
    if problems := notes.all():
        raise ScenarioError(problems)
    return scenario


def _checked(data: Mapping[str, Any], path: Path, notes: Notes) -> Scenario:
    SCENARIO.check(data, "", notes)
    if not path.name.endswith(SUFFIX):
        notes.note("", f"the file's name does not end in {SUFFIX}")
    scenario = _scenario(data, path, notes)
    check.check(scenario, notes)
    return scenario


def _scenario(data: Mapping[str, Any], path: Path, notes: Notes) -> Scenario:
    """Return what can be made of *data*; what has the wrong type is noted, and left out."""
    zones = {MAIN: _text(data, "zone", DEFAULT)}
    more = {name: str(text) for name, text in _table(data, "zones").items()}
    zones |= {variable(name): text for name, text in more.items() if not name.endswith(".")}
    own = _table(data, "hosts")
    messages = _messages(data)
    names = dict.fromkeys(message.name for message in messages)  # a list that is asked often what is in it
    return Scenario(
        id=path.name.removesuffix(SUFFIX),
        group=path.resolve().parent.name,
        path=str(path),
        title=_text(data, "title"),
        teaches=_text(data, "teaches"),
        zones=zones,
        fixed={name: text for name, text in more.items() if name.endswith(".")},
        standard=_texts(data.get("standard")),
        departs=data.get("departs"),
        observed=data.get("observed"),
        tags=_texts(data.get("tags")),
        source=data.get("source"),
        timeout=_number(data.get("timeout"), TIMEOUT),
        hosts=tuple(_host(name, table) for name, table in own.items() if isinstance(table, dict)),
        faults=faults.read(_table(data, "faults"), own, notes),
        sieve={name: str(script) for name, script in _table(data, "sieve").items()},
        messages=messages,
        sessions=tuple(
            Session(_text(table, "name", "session"), _text(table, "at"), _texts(table.get("lines")))
            for table in _tables(data, "session")
        ),
        steps=tuple(
            step for index, table in enumerate(_tables(data, "step")) for step in _step(table, index, names, notes)
        ),
        expected=expect.read(data.get("expect"), "expect", names, notes),
        departs_from_plan=tuple(
            Departs(_text(table, "kind"), _text(table, "why"), table.get("host"), table.get("target"))
            for table in _tables(data, "departs_from_plan")
        ),
    )


def _host(name: str, table: Mapping[str, Any]) -> Host:
    return Host(
        name,
        like=_text(table, "like", "direct"),
        main_cf=_text(table, "main_cf"),
        master_cf=_text(table, "master_cf"),
        dovecot_conf=_text(table, "dovecot_conf"),
        users=_text(table, "users"),
        unbound_conf=_text(table, "unbound_conf"),
        resolver=_text(table, "resolver") or None,
        files={file: str(text) for file, text in _table(table, "files").items()},
        sieve={user: str(script) for user, script in _table(table, "sieve").items()},
    )


def _messages(data: Mapping[str, Any]) -> tuple[Message, ...]:
    found = []
    for table in _tables(data, "message"):
        renamed = {"from": "sender"}
        values: dict[str, Any] = {renamed.get(key, key): table[key] for key in table if key in _MESSAGE_KEYS}
        values["to"] = _texts(table.get("to"))
        values["name"] = _text(table, "name", "message")
        values["headers"] = {name: str(value) for name, value in _table(table, "headers").items()}
        for key in ("size", "count"):
            values[key] = value if type(value := table.get(key)) is int else getattr(_DEFAULT, key)
        for key in ("sender", "via", "subject", "body", "raw", "file", "login"):
            values[key] = value if isinstance(value := values.get(key), str) else getattr(_DEFAULT, key)
        asked = {key: value for key in ("ret", "envid", "orcpt") if isinstance(value := table.get(key), str)}
        values["dsn"] = Dsn(_texts(table.get("notify")), **asked)
        found.append(Message(**values))
    return tuple(found)


_DEFAULT = Message("message", ())
_MESSAGE_KEYS = ("from", "via", "subject", "body", "raw", "file", "login")


def _step(table: Mapping[str, Any], index: int, messages: Collection[str], notes: Notes) -> list[Step]:
    place = f"step[{index}]"
    if notes.below(place):  # a value of another type cannot be looked at
        return []
    actions = [key for key in table if key in ACTIONS]
    if len(actions) != 1:
        notes.note(place, f"has {' and '.join(actions) or 'no action'}", f"a step has one of {', '.join(ACTIONS)}")
        return []
    action = ACTIONS[actions[0]]
    for key in table:
        if key not in action.keys:
            notes.note(f"{place}.{key}", f"means nothing beside {action.action}")
    return [action.read(place, table, messages, notes)]


def _table(data: Mapping[str, Any], key: str) -> dict[str, Any]:
    value = data.get(key)
    return value if isinstance(value, dict) else {}


def _tables(data: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    value = data.get(key)
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _text(data: Mapping[str, Any], key: str, default: str = "") -> str:
    value = data.get(key)
    return value if isinstance(value, str) else default


def _texts(value: object) -> tuple[str, ...]:
    items = [value] if isinstance(value, str) else value if isinstance(value, list) else []
    return tuple(each for each in items if isinstance(each, str))


def _number(value: object, default: float) -> float:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else default
