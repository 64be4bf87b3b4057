"""What a scenario or a test expects of one message and recipient, and how it is read from a table of TOML.

In: a plain dict, as tomllib gives it (:func:`parse`).
Out: :class:`Expectation`; what it does not name is not judged.
Errors: :class:`ExpectationError` with every problem at once, each with the path of its key and a suggestion.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Annotated, Any, get_type_hints

from dnszone.problem import Problem, did_you_mean
from lab.errors import LabError
from lab.values import Notes
from lab.verdict.align import Item
from lab.verdict.key import ExpectationKey
from lab.verdict.keys.accepted_by import AcceptedBy
from lab.verdict.keys.asked import Asked
from lab.verdict.keys.at_least import AtLeast
from lab.verdict.keys.at_most import AtMost
from lab.verdict.keys.attempts import Attempts
from lab.verdict.keys.copies import Copies
from lab.verdict.keys.delivered import Delivered
from lab.verdict.keys.hops import Hops
from lab.verdict.keys.intervals import Intervals, Pair
from lab.verdict.keys.logged import Logged
from lab.verdict.keys.mailstore import Mailstore
from lab.verdict.keys.not_asked import NotAsked
from lab.verdict.keys.not_logged import NotLogged
from lab.verdict.keys.notice import Notice
from lab.verdict.keys.notifications import Notifications
from lab.verdict.keys.outcome import Outcome
from lab.verdict.keys.queue import Queue
from lab.verdict.keys.received import Received
from lab.verdict.keys.refused import Refused
from lab.verdict.keys.reply import Reply
from lab.verdict.keys.status import Status
from lab.verdict.keys.stored import Stored
from lab.verdict.keys.untouched import Untouched
from lab.verdict.logs import Patterns


class ExpectationError(LabError):
    """An expectation that cannot be judged; ``problems`` has all that is wrong with it."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        """*problems* is not empty."""
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, problems)), hint="the keys of an expectation are: " + ", ".join(KEYS))


@dataclass(frozen=True, slots=True)
class Expectation:
    """What must hold. Each field is a key, which its type is annotated with: that reads it, and judges it.

    None: not asked for; an empty tuple: there must be none. Hosts may be patterns ("mx1|mx2"), and "reply", "logged",
    "not_logged", "stored" and "notice" have regular expressions.
    """

    attempts: Annotated[tuple[Item, ...] | None, Attempts()] = None
    accepted_by: Annotated[str | None, AcceptedBy()] = None
    delivered: Annotated[str | None, Delivered()] = None
    mailstore: Annotated[str | None, Mailstore()] = None
    outcome: Annotated[str | None, Outcome()] = None
    status: Annotated[str | None, Status()] = None
    reply: Annotated[str | None, Reply()] = None
    hops: Annotated[tuple[str, ...] | None, Hops()] = None
    untouched: Annotated[tuple[str, ...] | None, Untouched()] = None
    copies: Annotated[int | None, Copies()] = None
    notifications: Annotated[tuple[str, ...] | None, Notifications()] = None
    asked: Annotated[tuple[str, ...] | None, Asked()] = None
    not_asked: Annotated[tuple[str, ...] | None, NotAsked()] = None
    at_least: Annotated[float | None, AtLeast()] = None  # seconds
    at_most: Annotated[float | None, AtMost()] = None  # seconds
    intervals: Annotated[tuple[Pair, ...] | None, Intervals()] = None
    queue: Annotated[Mapping[str, str] | None, Queue()] = None
    logged: Annotated[Patterns | None, Logged()] = None
    not_logged: Annotated[Patterns | None, NotLogged()] = None
    refused: Annotated[str | None, Refused()] = None
    received: Annotated[int | None, Received()] = None
    stored: Annotated[Mapping[str, str] | None, Stored()] = None
    notice: Annotated[Mapping[str, str] | None, Notice()] = None

    def __post_init__(self) -> None:
        """Refuse an expectation of nothing: every route would meet it."""
        if all(getattr(self, field.name) is None for field in fields(self)):
            raise ExpectationError([Problem(NOTHING, path="expect")])


NOTHING = "expects nothing, so that anything would pass"
KEYS: Mapping[str, ExpectationKey[Any]] = {
    name: annotated.__metadata__[0] for name, annotated in get_type_hints(Expectation, include_extras=True).items()
}
"""Every key of an expectation, in the order in which they are judged."""


def given(expectation: Expectation) -> Iterator[tuple[ExpectationKey[Any], Any]]:
    """Yield each key that is asked for, and what is expected of it."""
    for name, key in KEYS.items():
        if (expected := getattr(expectation, name)) is not None:
            yield key, expected


def needed(expectation: Expectation) -> frozenset[str]:
    """Return the fields of :class:`lab.verdict.evidence.Evidence` that it takes to judge it."""
    return frozenset[str]().union(*(key.needs for key, _ in given(expectation)))


def parse(data: Mapping[str, Any], hosts: Collection[str] = (), path: str = "expect") -> Expectation:
    """Return the expectation in *data*, or raise :class:`ExpectationError`.

    *hosts*: the names that a host may have; any name is good when it is empty. *path*: the table's own key.
    """
    notes = _Notes()
    if not data:
        notes.note(path, NOTHING)
    implied = {other: each for name in data if name in KEYS for other, each in KEYS[name].implies.items()}
    values = {
        name: _read(name, written, hosts, f"{path}.{name}", notes) for name, written in {**implied, **data}.items()
    }
    if not notes.problems:
        for name, value in values.items():
            for place, problem in KEYS[name].contradictions(value, values):
                notes.note(f"{path}.{place}", problem)
    if notes.problems:
        raise ExpectationError(notes.problems)
    return Expectation(**values)


class _Notes:
    """Problems, with the path of each."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def note(self, path: str, problem: str, hint: str | None = None) -> None:
        self.problems.append(Problem(problem, hint, path=path))


def _read(name: str, written: object, hosts: Collection[str], place: str, notes: _Notes) -> Any:  # noqa: ANN401  of the key
    """Return the value of one key; None where something is wrong, which is noted."""
    key = KEYS.get(name)
    if key is None:
        notes.note(place, f"unknown key {name}", did_you_mean(name, KEYS))
        return None
    before = len(notes.problems)
    key.kind.check(written, place, notes)
    if len(notes.problems) > before:
        return None
    value = key.read(written)
    for below, pattern in key.hosts(value):
        check_hosts(pattern, hosts, f"{place}{below}", notes)
    return value


def check_hosts(pattern: str, hosts: Collection[str], path: str, notes: Notes) -> None:
    """Note each name in *pattern* ("mx1|mx-*") that none of *hosts* has."""
    for name in pattern.split("|"):
        if hosts and "*" not in name and name not in hosts:
            notes.note(path, f"no host is called {name!r}", did_you_mean(name, hosts))
