"""The kinds of value that a key of a file may have.

A kind notes what is wrong with a value, and describes itself as JSON Schema (draft 2020-12). Pure.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from dnszone.problem import did_you_mean

Schema = dict[str, Any]


class Notes(Protocol):
    """What problems are told to."""

    def note(self, path: str, problem: str, hint: str | None = None) -> None:
        """Add a problem at the key *path* ("expect.attempts[1]"), and what to write instead."""


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
            notes.note(path, f"must be a text, not {value!r}")
        elif not value.strip():
            notes.note(path, "is empty")
        elif self.choices and value not in self.choices:
            notes.note(
                path, f"must be one of {', '.join(self.choices)}, not {value!r}", did_you_mean(value, self.choices)
            )

    def schema(self) -> Schema:
        """Return its JSON Schema."""
        return {"type": "string", **({"enum": list(self.choices)} if self.choices else {"minLength": 1})}


@dataclass(frozen=True, slots=True)
class Texts:
    """A list of strings; with *single*, a string is a list of one; with *choices*, each is one of them."""

    single: bool = False
    choices: tuple[str, ...] = ()

    def check(self, value: object, path: str, notes: Notes) -> None:
        """Note another type, and an empty list."""
        items = [value] if self.single and isinstance(value, str) else value
        if not isinstance(items, list):
            notes.note(path, f"must be a list of texts, not {value!r}")
            return
        if not items:
            notes.note(path, "is empty")
        for index, item in enumerate(items):
            Text(self.choices).check(item, f"{path}[{index}]" if items is value else path, notes)

    def schema(self) -> Schema:
        """Return its JSON Schema."""
        one = Text(self.choices).schema()
        many = {"type": "array", "items": one, "minItems": 1}
        return {"anyOf": [one, many]} if self.single else many


@dataclass(frozen=True, slots=True)
class Number:
    """A number from *least* to *most*; with *whole*, a whole one. Neither inf nor nan is one of them."""

    most: int
    least: int = 0
    whole: bool = False

    def check(self, value: object, path: str, notes: Notes) -> None:
        """Note another type, and a number that is too small or too large."""
        good = isinstance(value, int if self.whole else int | float) and not isinstance(value, bool)
        if not good or not self.least <= value <= self.most:  # type: ignore[operator]  # a number, if good
            what = "whole number" if self.whole else "number"
            notes.note(path, f"must be a {what} from {self.least} to {self.most}, not {value!r}")

    def schema(self) -> Schema:
        """Return its JSON Schema."""
        return {"type": "integer" if self.whole else "number", "minimum": self.least, "maximum": self.most}


@dataclass(frozen=True, slots=True)
class Flag:
    """True or false."""

    def check(self, value: object, path: str, notes: Notes) -> None:
        """Note another type."""
        if not isinstance(value, bool):
            notes.note(path, f"must be true or false, not {value!r}")

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
            notes.note(path, f"must be a table, not {value!r}")
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
            notes.note(path, f"must be a table, not {value!r}", f"its keys are {', '.join(self.keys)}")
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
                notes.note(
                    place, f"unknown key {name}", did_you_mean(name, keys) or f"known are {', '.join(sorted(keys))}"
                )

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
            notes.note(path, f"must be a list of tables, not {value!r}", f"write [[{path}]]")
        else:
            for index, each in enumerate(value):
                self.table.check(each, f"{path}[{index}]", notes)

    def schema(self) -> Schema:
        """Return its JSON Schema."""
        many = {"type": "array", "items": self.table.schema()}
        return {"anyOf": [self.table.schema(), many]} if self.single else many


TEXT, TEXTS, ONE_OR_MORE = Text(), Texts(), Texts(single=True)


@dataclass(frozen=True, slots=True)
class Positive:
    """A number above 0, up to *most*. Neither inf nor nan is one of them."""

    most: int

    def check(self, value: object, path: str, notes: Notes) -> None:
        """Note another type, and a number that is too small or too large."""
        good = isinstance(value, int | float) and not isinstance(value, bool)
        if not good or not 0 < value <= self.most:  # type: ignore[operator]  # a number, if good
            notes.note(path, f"must be a number above 0, up to {self.most}, not {value!r}")

    def schema(self) -> Schema:
        """Return its JSON Schema."""
        return {"type": "number", "exclusiveMinimum": 0, "maximum": self.most}


@dataclass(frozen=True, slots=True)
class OneOf:
    """One of several values, of whatever types."""

    choices: tuple[str | bool, ...]

    def check(self, value: object, path: str, notes: Notes) -> None:
        """Note any other value."""
        if not any(type(value) is type(each) and value == each for each in self.choices):
            notes.note(path, f"must be {' or '.join(map(toml, self.choices))}, not {toml(value)}")

    def schema(self) -> Schema:
        """Return its JSON Schema."""
        return {"enum": list(self.choices)}


def toml(value: object) -> str:
    """Return a value as it stands in a TOML file, in one line (TOML 1.0, inline table)."""
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{key} = {toml(each)}' for key, each in value.items())}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(toml, value))}]"
    return json.dumps(value, ensure_ascii=False)
