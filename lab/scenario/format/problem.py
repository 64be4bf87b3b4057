"""What is wrong with scenario files: every mistake with its file, its line and what to write instead."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dnszone.problem import Problem
from lab.errors import LabError
from lab.scenario.format.lines import Places, around

MOST = 200  # problems of one file that are told
LONGEST = 400  # characters of one that are shown: a value in it may have megabytes


class ScenarioError(LabError):
    """Files with mistakes; ``problems`` has all of them."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        """*problems* has at least one."""
        self.problems = tuple(problems)
        super().__init__(
            "\n".join(map(str, problems)), hint="`lab new NAME` writes a file in which every key is explained"
        )


class EnoughError(Exception):
    """A file with so many mistakes that the rest is not looked for."""


class Notes:
    """The problems of one file, in order of its lines. More than MOST of them are not looked for (EnoughError)."""

    def __init__(self, file: str, places: Places) -> None:
        self.file = file
        self.places = places
        self._problems: dict[Problem, None] = {}
        self._paths: set[str] = set()  # of what is wrong, and of all that it is in

    def note(self, path: str, problem: str, hint: str | None = None) -> None:
        """Add a problem at the key *path*."""
        self._add(path, problem, hint, self.places.line(path))

    def inside(self, path: str, line: int | None, problem: str, hint: str | None = None) -> None:
        """Add a problem in line *line* (from 1; None: of no line more than another) of the text at *path*."""
        self._add(path, problem, hint, self.places.within(path, line or 1))

    def all(self) -> list[Problem]:
        """Return them in order of lines."""
        return sorted(self._problems, key=lambda problem: problem.line or 0)

    def below(self, path: str) -> bool:
        """Return whether there is a problem at *path* or in it."""
        return path in self._paths

    def _add(self, path: str, problem: str, hint: str | None, line: int) -> None:
        if len(self._problems) == MOST:
            raise EnoughError
        shown = _short(f"{path}: {problem}" if path else problem)
        self._problems[Problem(shown, hint and _short(hint), self.file, line)] = None
        while path:
            self._paths.add(path)
            path = around(path)


def joined(parts: Iterable[str]) -> str:
    """Return words as a list in a sentence."""
    return ", ".join(sorted(parts))


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."
