"""What is wrong with scenario files: every mistake with its file, its line and what to write instead."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from dnszone.problem import Problem
from lab.errors import LabError
from lab.scenario.place import Places


class ScenarioError(LabError):
    """Files with mistakes; ``problems`` has all of them."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        """*problems* has at least one."""
        self.problems = tuple(problems)
        super().__init__(
            "\n".join(map(str, problems)), hint="`lab new NAME` writes a file in which every key is explained"
        )


class Notes:
    """The problems of one file, in order of its lines."""

    def __init__(self, file: str, places: Places) -> None:
        self.file = file
        self.places = places
        self._problems: list[Problem] = []

    def note(self, path: str, problem: str, hint: str | None = None) -> None:
        """Add a problem at the key *path*."""
        shown = f"{path}: {problem}" if path else problem
        self._add(Problem(shown, hint, self.file, self.places.line(path)))

    def inside(self, path: str, line: int, problem: str, hint: str | None = None) -> None:
        """Add a problem in line *line* (from 1) of the text at *path*."""
        self._add(Problem(f"{path}: {problem}", hint, self.file, self.places.within(path, line)))

    def all(self) -> list[Problem]:
        """Return them in order of lines."""
        return sorted(self._problems, key=lambda problem: problem.line or 0)

    def below(self, path: str) -> bool:
        """Return whether there is a problem at *path* or in it."""
        return any(re.match(rf"{re.escape(path)}[.\[:]", problem.problem) for problem in self._problems)

    def _add(self, problem: Problem) -> None:
        if problem not in self._problems:
            self._problems.append(problem)


def joined(parts: Iterable[str]) -> str:
    """Return words as a list in a sentence."""
    return ", ".join(sorted(parts))
