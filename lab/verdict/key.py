"""What a key of an expectation is: which value it takes, what it is judged by, how, and its line of help.

Each key is a module of :mod:`lab.verdict.keys`; :class:`lab.verdict.expectation.Expectation` has a field for each.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Generic, TypeVar

from lab.route.model import Route
from lab.values import Kind
from lab.verdict.difference import Difference
from lab.verdict.evidence import Case, Evidence

Value = TypeVar("Value")


class ExpectationKey(ABC, Generic[Value]):
    """A key whose value, once it is read, is a *Value*."""

    help: ClassVar[str]  # what it says, in one line: for the schema and the documentation
    example: ClassVar[object]  # what may be written, as TOML gives it
    kind: ClassVar[Kind]  # what may be written
    needs: ClassVar[frozenset[str]] = frozenset()  # fields of Evidence that are looked for if it is asked for
    regular: ClassVar[bool] = False  # its texts are regular expressions: a variable in one stands for exactly its value
    implies: ClassVar[Mapping[str, object]] = {}  # other keys that it asks for too

    def read(self, written: Any) -> Value:  # noqa: ANN401  as TOML gives it
        """Return the value of what is *written*, which :attr:`kind` has found right."""
        value: Value = written
        return value

    def hosts(self, expected: Value) -> Iterator[tuple[str, str]]:
        """Yield (place below the key, name or pattern) of each host that it names: ("[1]", "mx1|mx2")."""
        del expected
        yield from ()

    def contradictions(self, expected: Value, others: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """Yield (path in the expectation, problem) of what cannot be true together with *others*, values by key."""
        del expected, others
        yield from ()

    def reached(self, expected: Value, route: Route) -> bool:
        """Return whether a *route* that may go on has got as far as is expected: nothing more is waited for."""
        del expected, route
        return True

    @abstractmethod
    def judge(self, expected: Value, case: Case) -> Iterator[Difference]:
        """Yield what differs, and what cannot be told."""


class ListKey(ExpectationKey[tuple[str, ...]]):
    """A key whose value is written as a list of texts."""

    def read(self, written: Any) -> tuple[str, ...]:  # noqa: ANN401  as TOML gives it
        """Return them."""
        return tuple(written)


class RunKey(ExpectationKey[Value]):
    """A key that can be asked for where there is no message, too: about the run itself."""

    @abstractmethod
    def judge_run(self, expected: Value, evidence: Evidence) -> Iterator[Difference]:
        """Yield what differs at the end of a run without a message."""
