"""Checks JSON that a user wrote, and collects everything that is wrong with it.

In: plain values with the path at which they stand. Out: typed values, or None where there is a problem; all
problems together are raised once, by :meth:`Checker.finish`.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection
from dataclasses import asdict, dataclass
from typing import Any

from dnszone.problem import LONGEST_WORD, RequestError


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake: where it stands, what it is, and what to write instead (None where the problem says it)."""

    path: str
    problem: str
    hint: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the problem as an error answer shows it."""
        return asdict(self)


class InvalidError(RequestError):
    """An input with mistakes; ``problems`` has all of them."""

    status = 422

    def __init__(self, problems: list[Problem]) -> None:
        """*problems* has at least one."""
        super().__init__("; ".join(f"{problem.path}: {problem.problem}" for problem in problems))
        self.problems = problems

    def answer(self) -> dict[str, Any]:
        """Return the problems."""
        return {"problems": [problem.to_json() for problem in self.problems]}


class Checker:
    """Reads values and notes the problems of one input."""

    def __init__(self) -> None:
        """Start without problems."""
        self.problems: list[Problem] = []

    def note(self, path: str, problem: str, hint: str | None = None) -> None:
        """Add a problem."""
        self.problems.append(Problem(path, problem, hint))

    def finish(self) -> None:
        """Raise InvalidError if there was any problem."""
        if self.problems:
            raise InvalidError(self.problems)

    def table(self, path: str, value: object, allowed: Collection[str]) -> dict[str, Any]:
        """Return the object *value* without the keys that are not *allowed*; those are problems."""
        if not isinstance(value, dict):
            self.note(path, f"must be an object, not {kind(value)}", f"keys are {', '.join(allowed)}")
            return {}
        for key in value:
            if key not in allowed:
                self.note(join(path, key), f'unknown key "{key}"', suggest(key, allowed))
        return {key: entry for key, entry in value.items() if key in allowed}

    def text(self, path: str, value: object) -> str | None:
        """Return a string of one line."""
        if isinstance(value, str) and value.isprintable():
            return value
        self.note(path, f"must be a string of one line, not {kind(value)}")
        return None

    def choice(self, path: str, value: object, allowed: Collection[str]) -> str | None:
        """Return one of the words in *allowed*."""
        if isinstance(value, str) and value in allowed:
            return value
        self.note(path, f"{value!r} is none of {', '.join(allowed)}", suggest(str(value), allowed))
        return None

    def number(self, path: str, value: object, most: float) -> float | None:
        """Return a number from 0 to *most*."""
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= most:
            return float(value)
        self.note(path, f"must be a number from 0 to {most:g}, not {value!r}")
        return None

    def count(self, path: str, value: object, least: int, most: int) -> int | None:
        """Return a whole number from *least* to *most*."""
        if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
            return value
        self.note(path, f"must be a whole number from {least} to {most}, not {value!r}")
        return None

    def flag(self, path: str, value: object) -> bool:
        """Return true or false."""
        if isinstance(value, bool):
            return value
        self.note(path, f"must be true or false, not {value!r}")
        return False


def join(path: str, key: str | int) -> str:
    """Return the path of an entry: ``rcpt[0].reply``."""
    if isinstance(key, int):
        return f"{path}[{key}]"
    return f"{path}.{key}" if path else key


def kind(value: object) -> str:
    """Return what *value* is, in JSON's words."""
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "a string" if value.isprintable() else "a string with control characters"
        case list():
            return "a list"
        case _:
            return "an object"


def suggest(word: str, allowed: Collection[str]) -> str:
    """Return what was probably meant, or everything that would be right."""
    known = [each.lower() for each in allowed] if len(word) <= LONGEST_WORD else []
    close = difflib.get_close_matches(word.lower(), known, n=1, cutoff=0.6)
    for each in allowed:
        if close and each.lower() == close[0]:
            return f'did you mean "{each}"?'
    return f"allowed are {', '.join(allowed)}"
