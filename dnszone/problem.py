"""What is wrong with an input: every mistake with its place and what to write instead; and what cannot be done.

RequestError            what a control API answers with an error (dnszone.control)
  |-- InvalidError      422, with every mistake of the input
  `-- RefusedError      any other 4xx: why, and what to do instead
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

LONGEST_WORD = 100  # characters; nobody has meant a word that is longer


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake. It stands in a line of a *file* (from 1), or at a *path* of JSON ("outcomes[1].rcode")."""

    problem: str
    hint: str | None = None
    file: str | None = None
    line: int | None = None
    path: str | None = None

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line, self.path) if part is not None)
        hint = f" ({self.hint})" if self.hint else ""
        return f"{place}: {self.problem}{hint}" if place else f"{self.problem}{hint}"

    def to_json(self) -> dict[str, Any]:
        """Return the problem as an error answer of the HTTP API shows it."""
        return {key: value for key, value in asdict(self).items() if key != "path" or value is not None}


class RequestError(Exception):
    """A request that is answered with an error; ``status`` is HTTP's."""

    status: int

    def answer(self) -> dict[str, Any]:
        """Return the answer's JSON."""
        raise NotImplementedError


class RefusedError(RequestError):
    """What cannot be done; ``hint`` is the next step, None where there is none."""

    def __init__(self, status: int, cause: str, hint: str | None) -> None:
        """*cause* and *hint* are sentences without a final stop."""
        super().__init__(cause)
        self.status = status
        self.hint = hint

    def answer(self) -> dict[str, Any]:
        """Return cause and hint."""
        return {"error": str(self), "hint": self.hint}


class InvalidError(RequestError, ValueError):
    """An input with mistakes; ``problems`` has all of them."""

    status = 422

    def __init__(self, problems: Sequence[Problem]) -> None:
        """*problems* has at least one."""
        super().__init__("\n".join(map(str, problems)))
        self.problems = tuple(problems)

    def answer(self) -> dict[str, Any]:
        """Return the problems."""
        return {"problems": [problem.to_json() for problem in self.problems]}


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """Return the suggestion for a word that is none of *known*; None where nothing is close."""
    if len(word) > LONGEST_WORD:
        return None
    by_lower = {each.lower(): each for each in known}
    close = difflib.get_close_matches(word.lower(), by_lower, n=1, cutoff=0.6)
    return f"did you mean {by_lower[close[0]]}?" if close else None
