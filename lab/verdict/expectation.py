"""What a scenario or a test expects of one message and recipient, and how it is read from a table of TOML.

In: a plain dict, as tomllib gives it (:func:`parse`).
Out: :class:`Expectation`; what it does not name is not judged.
Errors: :class:`ExpectationError` with every problem at once, each with the path of its key and a suggestion.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from difflib import get_close_matches
from math import inf
from typing import Any, TypeGuard, TypeVar

from lab.errors import LabError
from lab.verdict import regex
from lab.verdict.align import SET_LIMIT, Item
from lab.verdict.notice import NOTICE, OUTCOMES
from lab.verdict.pattern import COMMAND, STATUS, AttemptPattern
from lab.verdict.pattern import parse as parse_attempt

QUEUES = ("none", "deferred", "active", "incoming", "hold")
LONGEST = 86_400  # seconds: a day; no message is that long under way, whose timers are a hundred times faster
MOST = 1_000_000  # copies
Kind = TypeVar("Kind")
QUESTION = re.compile(r"(?P<type>[A-Z0-9]+) (?P<name>\S+)")


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake: the path of the key ("expect.attempts[1]"), and what is wrong with it."""

    path: str
    problem: str

    def __str__(self) -> str:
        """Return it as a line of a report."""
        return f"{self.path}: {self.problem}"


class ExpectationError(LabError):
    """An expectation that cannot be judged; ``problems`` has all that is wrong with it."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        """*problems* is not empty."""
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, problems)), hint="the keys of an expectation are: " + ", ".join(KEYS))


@dataclass(frozen=True, slots=True)
class Expectation:
    """What must hold.

    None: not asked for; an empty tuple: there must be none. Hosts may be patterns ("mx1|mx2").
    """

    attempts: tuple[Item, ...] | None = None  # all of them, in order
    accepted_by: str | None = None  # the last host that accepted it
    delivered: str | None = None  # the mailbox
    mailstore: str | None = None  # the host that has it
    outcome: str | None = None
    status: str | None = None  # enhanced status code, "5.7.1" or "4.x.x"
    reply: str | None = None  # regular expression, found in the reason behind the outcome
    hops: tuple[str, ...] | None = None
    untouched: tuple[str, ...] | None = None  # hosts that nobody connected to
    copies: int | None = None
    notifications: tuple[str, ...] | None = None  # see lab.verdict.notice; in any order
    asked: tuple[str, ...] | None = None  # DNS questions "MX dest.test", in this order among others
    not_asked: tuple[str, ...] | None = None
    at_least: float | None = None  # seconds from submission to the outcome
    at_most: float | None = None
    intervals: tuple[tuple[float, float], ...] | None = None  # seconds between attempts: shortest, longest
    queue: Mapping[str, str] | None = None  # host to queue, "none" where it has left
    logged: Mapping[str, tuple[str, ...]] | None = None  # host to regular expressions, each found in a line of its log
    not_logged: Mapping[str, tuple[str, ...]] | None = None  # ... each found in no line

    def __post_init__(self) -> None:
        """Refuse an expectation of nothing: every route would meet it."""
        if all(getattr(self, field.name) is None for field in fields(self)):
            raise ExpectationError([Problem("expect", "expects nothing, so that anything would pass")])


def parse(data: Mapping[str, Any], hosts: Collection[str] = (), path: str = "expect") -> Expectation:
    """Return the expectation in *data*, or raise :class:`ExpectationError`.

    *hosts*: the names that a host may have; any name is good when it is empty. *path*: the table's own key.
    """
    reader = _Reader(path, hosts)
    values: dict[str, Any] = {key: reader.read(key, value) for key, value in data.items()}
    if not data:
        reader.problem("", "expects nothing, so that anything would pass")
    if not reader.problems:
        reader.check(values)
    if reader.problems:
        raise ExpectationError(reader.problems)
    return Expectation(**values)


class _Reader:
    """Turns values into those of an Expectation, and notes what is wrong."""

    def __init__(self, path: str, hosts: Collection[str]) -> None:
        self.problems: list[Problem] = []
        self._path = path
        self._hosts = hosts

    def problem(self, key: str, text: str) -> None:
        """Note a problem of *key*."""
        self.problems.append(Problem(f"{self._path}.{key}" if key else self._path, text))

    def read(self, key: str, value: object) -> object:
        """Return the value of one key, None where it is wrong."""
        reader = KEYS.get(key)
        if reader is None:
            close = get_close_matches(key, KEYS, n=1)
            self.problem(key, "unknown key" + (f"; did you mean {close[0]!r}?" if close else ""))
            return None
        return reader(self, key, value)

    def check(self, values: Mapping[str, Any]) -> None:
        """Note what cannot be true together."""
        outcome = values.get("outcome")
        if values.get("delivered") and outcome not in (None, "delivered"):
            self.problem("delivered", f"cannot be in a mailbox when the outcome is {outcome!r}")
        if values.get("mailstore") and outcome not in (None, "delivered"):
            self.problem("mailstore", f"cannot have it when the outcome is {outcome!r}")
        if values.get("delivered") and values.get("copies") == 0:
            self.problem("copies", "cannot be 0 when a mailbox is expected")
        hops, accepted_by = values.get("hops"), values.get("accepted_by")
        if hops and accepted_by and hops[-1] != accepted_by:
            self.problem("accepted_by", f"is {accepted_by!r}, but the last hop is {hops[-1]!r}")
        tried = {host for pattern in _patterns(values.get("attempts") or ()) for host in pattern.target.split("|")}
        for index, host in enumerate(values.get("untouched") or ()):
            if host in tried:
                self.problem(f"untouched[{index}]", f"{host!r} cannot be untouched: attempts has it")
        for host, patterns in (values.get("not_logged") or {}).items():
            for pattern in set(patterns) & set((values.get("logged") or {}).get(host, ())):
                self.problem(f"not_logged.{host}", f"{pattern!r} is expected in logged")
        shortest, longest = values.get("at_least"), values.get("at_most")
        if shortest is not None and longest is not None and shortest > longest:
            self.problem("at_least", f"{shortest} s is more than at_most, {longest} s")

    def attempts(self, key: str, value: object) -> tuple[Item, ...] | None:
        """Read a list of patterns; a list inside it is a set."""
        if not self._is(value, list, key, 'a list such as ["mx1 refused", "mx2 250"]'):
            return None
        items: list[Item] = []
        for index, item in enumerate(value):
            place = f"{key}[{index}]"
            if not isinstance(item, list):
                items += filter(None, [self._attempt(place, item)])
            elif not 2 <= len(item) <= SET_LIMIT:
                self.problem(place, f'a set has 2 to {SET_LIMIT} attempts; more are written "* refused ..."')
            else:
                parts = [self._attempt(f"{place}[{part}]", each) for part, each in enumerate(item)]
                items.append(tuple(part for part in parts if part))
        return tuple(items)

    def _attempt(self, place: str, value: object) -> AttemptPattern | None:
        if not self._is(value, str, place, 'text such as "mx1 250"'):
            return None
        try:
            pattern = parse_attempt(value)
        except ValueError as error:
            self.problem(place, str(error))
            return None
        if not pattern.target.startswith(COMMAND):
            self._known(place, pattern.target)
        return pattern

    def host(self, key: str, value: object) -> str | None:
        """Read one host's name, or a pattern of names."""
        if not self._is(value, str, key, "a host's name"):
            return None
        self._known(key, value)
        return str(value)

    def texts(self, key: str, value: object, read: Callable[[str, Any], str | None]) -> tuple[str, ...] | None:
        """Read a list, each item by *read*."""
        if not self._is(value, list, key, "a list"):
            return None
        found = [read(f"{key}[{index}]", item) for index, item in enumerate(value)]
        return tuple(item for item in found if item is not None)

    def choice(self, key: str, value: object, choices: Collection[str]) -> str | None:
        """Read one of *choices*."""
        if isinstance(value, str) and value in choices:
            return value
        close = get_close_matches(str(value), choices, n=1)
        self.problem(
            key,
            f"{value!r} is none of {', '.join(choices)}" + (f"; did you mean {close[0]!r}?" if close else ""),
        )
        return None

    def matching(self, key: str, value: object, pattern: re.Pattern[str], example: str) -> str | None:
        """Read text that *pattern* describes."""
        if isinstance(value, str) and pattern.fullmatch(value):
            return value
        self.problem(key, f"{value!r} is not such as {example!r}")
        return None

    def reply(self, key: str, value: object) -> str | None:
        """Read a regular expression."""
        if not self._is(value, str, key, "a regular expression"):
            return None
        try:
            regex.compiled(value)
        except regex.PatternError as error:
            self.problem(key, f"is no regular expression: {error}")
        return str(value)

    def number(self, key: str, value: object) -> float | None:
        """Read a number of seconds."""
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= LONGEST:
            return value
        self.problem(key, f"must be a number from 0 to {LONGEST}, not {value!r}")
        return None

    def count(self, key: str, value: object) -> int | None:
        """Read a whole number."""
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST:
            return value
        self.problem(key, f"must be a whole number from 0 to {MOST}, not {value!r}")
        return None

    def intervals(self, key: str, value: object) -> tuple[tuple[float, float], ...] | None:
        """Read pairs of seconds."""
        pairs: list[Any] = value if isinstance(value, list) else [None]
        if all(isinstance(pair, list) and len(pair) == 2 and _rising(pair) for pair in pairs):
            return tuple((float(shortest), float(longest)) for shortest, longest in pairs)
        self.problem(key, "is no list of pairs [shortest, longest] in seconds")
        return None

    def queue(self, key: str, value: object) -> dict[str, str] | None:
        """Read a table of hosts and queues."""
        if not self._is(value, dict, key, 'a table such as {direct = "deferred"}'):
            return None
        states = {host: self.choice(f"{key}.{host}", state, QUEUES) for host, state in value.items()}
        for host in value:
            self._known(f"{key}.{host}", host)
        return {host: state for host, state in states.items() if state is not None}

    def logged(self, key: str, value: object) -> dict[str, tuple[str, ...]] | None:
        """Read a table of hosts and regular expressions, one or several for each."""
        if not self._is(value, dict, key, 'a table such as {direct = "status=deferred"}'):
            return None
        if not value:
            self.problem(key, "names no host")
        found = {}
        for host, patterns in value.items():
            place = f"{key}.{host}"
            self._known(place, host)
            if patterns == []:
                self.problem(place, "is empty")
            several = patterns if isinstance(patterns, list) else [patterns]
            places = [f"{place}[{index}]" if several is patterns else place for index in range(len(several))]
            read = [self.reply(where, each) for where, each in zip(places, several, strict=True)]
            found[host] = tuple(each for each in read if each is not None)
        return found

    def _known(self, key: str, pattern: str) -> None:
        for name in pattern.split("|"):
            if self._hosts and "*" not in name and name not in self._hosts:
                close = get_close_matches(name, self._hosts, n=1)
                self.problem(key, f"no host is called {name!r}" + (f"; did you mean {close[0]!r}?" if close else ""))

    def _is(self, value: object, type_: type[Kind], key: str, what: str) -> TypeGuard[Kind]:
        if isinstance(value, type_):
            return True
        self.problem(key, f"{value!r} is not {what}")
        return False


def _patterns(items: Sequence[Item]) -> list[AttemptPattern]:
    return [each for item in items for each in (item if isinstance(item, tuple) else (item,))]


def _rising(pair: list[float]) -> bool:
    return (
        all(isinstance(each, int | float) and not isinstance(each, bool) for each in pair)
        and 0 <= pair[0] <= pair[1]
        and all(each <= LONGEST or each == inf for each in pair)  # inf: however long
    )


MAILBOX = re.compile(r".+")
KEYS: Mapping[str, Callable[[_Reader, str, Any], object]] = {
    "attempts": _Reader.attempts,
    "accepted_by": _Reader.host,
    "delivered": lambda reader, key, value: reader.matching(key, value, MAILBOX, "INBOX"),
    "mailstore": _Reader.host,
    "outcome": lambda reader, key, value: reader.choice(key, value, OUTCOMES),
    "status": lambda reader, key, value: reader.matching(key, value, STATUS, "4.x.x"),
    "reply": _Reader.reply,
    "hops": lambda reader, key, value: reader.texts(key, value, reader.host),
    "untouched": lambda reader, key, value: reader.texts(key, value, reader.host),
    "copies": _Reader.count,
    "notifications": lambda reader, key, value: reader.texts(
        key, value, lambda place, each: reader.matching(place, each, NOTICE, "failed ana@home.test delivered")
    ),
    "asked": lambda reader, key, value: reader.texts(
        key, value, lambda place, each: reader.matching(place, each, QUESTION, "MX dest.test")
    ),
    "not_asked": lambda reader, key, value: reader.texts(
        key, value, lambda place, each: reader.matching(place, each, QUESTION, "A dest.test")
    ),
    "at_least": _Reader.number,
    "at_most": _Reader.number,
    "intervals": _Reader.intervals,
    "queue": _Reader.queue,
    "logged": _Reader.logged,
    "not_logged": _Reader.logged,
}
"""Every key and how its value is read; the keys are the fields of :class:`Expectation`."""
