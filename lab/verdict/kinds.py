"""The kinds of value that keys of an expectation have beside those of :mod:`lab.values`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from lab.values import Kind, Notes, Schema
from lab.verdict import regex


@dataclass(frozen=True, slots=True)
class Matching:
    """Text of the form *pattern*; *what* names it with an example: 'a status such as "4.x.x"'."""

    pattern: re.Pattern[str]
    what: str

    def check(self, value: object, path: str, notes: Notes) -> None:
        """Note another type, and another form."""
        if not (isinstance(value, str) and self.pattern.fullmatch(value)):
            notes.note(path, f"must be {self.what}, not {value!r}")

    def schema(self) -> Schema:
        """Return its JSON Schema."""
        return {"type": "string"}


@dataclass(frozen=True, slots=True)
class HostName:
    """The name of a host, or a pattern of names: "mx1|mx2". Whether there is such a host, the reader looks."""

    def check(self, value: object, path: str, notes: Notes) -> None:
        """Note another type."""
        if not isinstance(value, str):
            notes.note(path, f"must be a host's name, not {value!r}")

    def schema(self) -> Schema:
        """Return its JSON Schema."""
        return {"type": "string"}


@dataclass(frozen=True, slots=True)
class Pattern:
    """A regular expression of :mod:`lab.verdict.regex`."""

    def check(self, value: object, path: str, notes: Notes) -> None:
        """Note another type, and what is wrong with it."""
        if not isinstance(value, str):
            notes.note(path, f"must be a regular expression, not {value!r}")
            return
        try:
            regex.compiled(value)
        except regex.PatternError as error:
            notes.note(path, f"must be a regular expression, not {value!r}: {error}")

    def schema(self) -> Schema:
        """Return its JSON Schema."""
        return {"type": "string", "format": "regex"}


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list, which may be empty; *example* is one."""

    item: Kind
    example: str

    def check(self, value: object, path: str, notes: Notes) -> None:
        """Note another type, and what is wrong with each item."""
        if not isinstance(value, list):
            notes.note(path, f"must be a list such as {self.example}, not {value!r}")
            return
        for index, each in enumerate(value):
            self.item.check(each, f"{path}[{index}]", notes)

    def schema(self) -> Schema:
        """Return its JSON Schema."""
        return {"type": "array", "items": self.item.schema()}


@dataclass(frozen=True, slots=True)
class TableOf:
    """A table with at least one entry, whose keys are hosts or other names; *example* is one."""

    values: Kind
    example: str

    def check(self, value: object, path: str, notes: Notes) -> None:
        """Note another type, an empty table, and what is wrong with each value."""
        if not isinstance(value, dict) or not value:
            notes.note(path, f"must be a table such as {self.example}, not {value!r}")
            return
        for name, each in value.items():
            self.values.check(each, f"{path}.{name}", notes)

    def schema(self) -> Schema:
        """Return its JSON Schema."""
        return {"type": "object", "minProperties": 1, "additionalProperties": self.values.schema()}


@dataclass(frozen=True, slots=True)
class OneOrMore:
    """What *item* describes, or a list of several such, which is not empty."""

    item: Kind

    def check(self, value: object, path: str, notes: Notes) -> None:
        """Note an empty list, and what is wrong with each item."""
        if not isinstance(value, list):
            self.item.check(value, path, notes)
            return
        if not value:
            notes.note(path, "is empty")
        for index, each in enumerate(value):
            self.item.check(each, f"{path}[{index}]", notes)

    def schema(self) -> Schema:
        """Return its JSON Schema."""
        one = self.item.schema()
        return {"anyOf": [one, {"type": "array", "items": one, "minItems": 1}]}
