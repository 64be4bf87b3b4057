"""Checks JSON that a user wrote, and collects everything that is wrong with it.

In: plain values with the path at which they stand. Out: typed values, or None where there is a problem; all problems
together are raised once, by :meth:`Checker.finish`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from ipaddress import ip_address
from typing import Any

from dnszone.masterfile import absolute
from dnszone.problem import InvalidError, Problem, did_you_mean


class Checker:
    """The values of one object. Those that :meth:`finish` finds untouched are unknown."""

    def __init__(self, values: object, path: str = "") -> None:
        """*values* should be an object; *path* is where it stands."""
        self.problems: list[Problem] = []
        self._path = path
        self._values: dict[str, Any] = values if isinstance(values, dict) else {}
        self._known: list[str] = []
        if not isinstance(values, dict):
            self.problems.append(Problem(f"must be an object, not {_kind(values)}", path=path or "body"))

    def finish(self) -> None:
        """Raise InvalidError if there was any problem. Keys that nobody asked for are problems too."""
        if self.close():
            raise InvalidError(self.problems)

    def close(self) -> list[Problem]:
        """Return all problems."""
        for key in self._values:
            if key not in self._known:
                hint = did_you_mean(key, self._known) or f"known are {', '.join(sorted(self._known))}"
                self.note(key, f"unknown key {key}", hint)
        return self.problems

    def ignore_unknown(self) -> None:
        """Take every key as known."""
        self._known += self._values

    def note(self, key: str, problem: str, hint: str | None = None) -> None:
        """Add a problem."""
        self.problems.append(Problem(problem, hint, path=self.at(key)))

    def include(self, problems: Iterable[Problem]) -> None:
        """Add the problems of a part."""
        self.problems += problems

    def at(self, key: str) -> str:
        """Return the path of a key."""
        return f"{self._path}.{key}" if self._path else key

    def value(self, key: str) -> object:
        """Return the value as it is; None where there is none."""
        self._known.append(key)
        return self._values.get(key)

    def text(self, key: str, default: str | None = None) -> str | None:
        """Return a string of one line. Without *default* it must be there."""
        value = self._needed(key, default)
        if value is None or (isinstance(value, str) and value.isprintable()):
            return value
        self.note(key, f"must be a string of one line, not {_kind(value)}")
        return None

    def lines(self, key: str) -> str | None:
        """Return a string of any number of lines."""
        value = self._needed(key, None)
        if value is None or isinstance(value, str):
            return value
        self.note(key, f"must be a string, not {_kind(value)}")
        return None

    def choice(
        self, key: str, allowed: Collection[str], default: str | None = None, *, needed: bool = True
    ) -> str | None:
        """Return one of the words in *allowed*, as it is written there."""
        value = self._needed(key, default) if needed else self.value(key)
        if value is None:
            return None
        found = next((each for each in allowed if isinstance(value, str) and each.lower() == value.lower()), None)
        if found is None:
            hint = did_you_mean(value, allowed) if isinstance(value, str) else None
            self.note(key, f"{value!r} is not allowed", hint or f"allowed are {', '.join(allowed)}")
        return found

    def number(self, key: str, most: float) -> float | None:
        """Return a number above 0, up to *most*."""
        value = self._needed(key, None)
        if value is None:
            return None
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= most:
            return float(value)
        self.note(key, f"must be a number above 0, up to {most:g}, not {value!r}")
        return None

    def count(self, key: str, least: int, most: int, *, needed: bool = True) -> int | None:
        """Return a whole number from *least* to *most*."""
        value = self._needed(key, None) if needed else self.value(key)
        if value is None or (isinstance(value, int) and not isinstance(value, bool) and least <= value <= most):
            return value
        self.note(key, f"must be a whole number from {least} to {most}, not {value!r}")
        return None

    def pattern(self, key: str) -> str | None:
        """Return an absolute name, or ``*.X``; None where there is none. The final dot may be missing."""
        value = self.text(key, "")
        if not value:
            return None
        try:
            return absolute(value)
        except InvalidError as error:
            self.note(key, error.problems[0].problem)
            return None

    def address(self, key: str) -> str | None:
        """Return an IP address in its usual form; None where there is none."""
        value = self.text(key, "")
        try:
            return str(ip_address(value)) if value else None
        except ValueError:
            self.note(key, f"{value!r} is not an IP address")
            return None

    def mapping(self, key: str) -> dict[str, str]:
        """Return an object of strings; empty where there is none."""
        value = self.value(key)
        if value is None:
            return {}
        if isinstance(value, dict) and all(isinstance(each, str) for each in value.values()):
            return value
        self.note(key, "must be an object whose values are strings")
        return {}

    def _needed(self, key: str, default: str | None) -> object:
        value = self.value(key)
        if value is None and default is None:
            self.note(key, "is missing")
        return default if value is None else value


def _kind(value: object) -> str:
    names = {
        bool: "true or false",
        int: "a number",
        float: "a number",
        str: "a string",
        list: "a list",
        dict: "an object",
    }
    return "null" if value is None else names.get(type(value), type(value).__name__)
