"""The keys that say what is wrong with a host as a whole, and the kinds that each can say: from the registry.

``connect`` and ``host`` are shared: a word, or a table {kind: setting}, says which kind is meant. Any other key is a
kind's own, and its value that kind's setting.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dnszone.problem import did_you_mean
from lab.faults.kinds import KINDS
from lab.faults.kinds.fault import Fault
from lab.values import Notes, Schema, toml

SHARED: Mapping[str, str] = {
    "connect": "what happens to connections to port 25",
    "host": "what is done to a host as a whole",
}
"""Keys of several kinds, and what each is about."""
KEYS = tuple(dict.fromkeys((*SHARED, *(kind.key for kind in KINDS.values()))))


@dataclass(frozen=True, slots=True)
class Whole:
    """One thing that is wrong with a host as a whole. ``given``: the table {key: value} that says so."""

    fault: Fault
    given: Mapping[str, Any]


def kinds(key: str) -> dict[str, type[Fault]]:
    """Return the kinds that a key can say, by name."""
    return {name: kind for name, kind in KINDS.items() if kind.key == key}


def read(key: str, value: Any) -> Whole:  # noqa: ANN401  whatever the key takes
    """Return what a key says with a value in which :func:`check` finds nothing."""
    kind, setting = key, value
    if key in SHARED:
        kind, setting = next(iter(value.items())) if isinstance(value, Mapping) else (value, True)
    return Whole(KINDS[kind].read(setting), {key: value})


def check(key: str, value: object, role: str, path: str, notes: Notes) -> None:
    """Note what is wrong with the value of *key*, which stands at *path*, at a host with this role."""
    if all(kind.unfit(role) for kind in kinds(key).values()):
        notes.note(path, next(str(kind.unfit(role)) for kind in kinds(key).values()), _fitting(role))
        return
    for kind, setting, place in _said(key, value, path, notes):
        if problem := kind.unfit(role):
            notes.note(path, problem, _fitting(role))
        elif kind.setting is not None and setting is not None:
            kind.setting.check(setting, place, notes)


def schema(key: str) -> Schema:
    """Return the JSON Schema of a key's value."""
    found = kinds(key)
    tables = {name: kind.setting.schema() for name, kind in found.items() if kind.setting}
    if key not in SHARED:
        return tables[key]
    words: Schema = {"type": "string", "enum": [name for name, kind in found.items() if kind.word]}
    return {"anyOf": [words, {"type": "object", "properties": tables}]} if tables else words


def meaning(key: str) -> str:
    """Return what a key means, in one line."""
    return SHARED.get(key) or KINDS[key].help


def about(key: str) -> str:
    """Return what a key means, and how it is written, in one line."""
    told = meaning(key)
    return f"{told[0].upper()}{told[1:]}: {', '.join(toml(kind.example) for kind in kinds(key).values())}."


def _said(key: str, value: object, path: str, notes: Notes) -> Iterator[tuple[type[Fault], object, str]]:
    """Yield the kind that a value names, its setting (None: there is none) and where that stands."""
    found = kinds(key)
    if key not in SHARED:
        yield found[key], value, path
        return
    words = [name for name, kind in found.items() if kind.word]
    tables = [name for name, kind in found.items() if kind.setting]
    if isinstance(value, str) and value in words:
        yield found[value], None, path
    elif isinstance(value, str) and value in found:
        notes.note(path, f"{value} is said in a table", f"{key} = {toml(found[value].example)}")
    elif tables and isinstance(value, Mapping):
        for name, setting in value.items():
            if name in tables:
                yield found[name], setting, f"{path}.{name}"
            else:
                known = f"known are {', '.join(tables)}; a scripted address can do more"
                notes.note(f"{path}.{name}", f"unknown key {name}", did_you_mean(str(name), tables) or known)
        named = [str(name) for name in value if name in tables]
        if not value or len(named) > 1:
            notes.note(path, f"has {' and '.join(named) or 'nothing'}", "a real host has one of these at a time")
    elif tables and isinstance(value, list):
        notes.note(path, "is a list", "a real host has one rule; a scripted address can have several")
    else:
        hint = did_you_mean(value, words) if isinstance(value, str) else None
        notes.note(path, f"must be one of {', '.join(words)}, not {value!r}", hint)


def _fitting(role: str) -> str:
    """Return what can be done at a host with this role, as a hint."""
    words = [toml(name) for name, kind in kinds("host").items() if not kind.unfit(role)]
    return f"host = {', '.join(words)}"
