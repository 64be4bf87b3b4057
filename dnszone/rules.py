"""The faults in force: each with its owner and its scope, which questions it changes the answers to."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import count
from typing import Any, Self

from dnszone import faults
from dnszone.check import Checker
from dnszone.faults.fault import Fault
from dnszone.masterfile import TYPES
from dnszone.record import matches
from dnszone.response import Exchange, Question, Response
from dnszone.zone import WORLD
from dnszone.zones import Zones

MOST = 1_000_000  # the highest number that a question may be counted by
TRANSPORTS = ("udp", "tcp")


@dataclass(frozen=True, slots=True)
class Scope:
    """Which questions a fault meets; None stands for any.

    *name* is exact, or ``*.X`` for every name below X. Of the questions that fit, those from number *first* to *last*.
    """

    name: str | None
    type: str | None
    client: str | None
    transport: str | None
    first: int
    last: float

    @classmethod
    def read(cls, checker: Checker, transport: str | None) -> Self | None:
        """Take ``name``, ``type``, ``client``, ``transport``, and ``first``, or ``from`` and ``to``, from *checker*.

        *transport* is the only one that the fault can have.
        """
        given = checker.choice("transport", TRANSPORTS, needed=False) or transport
        if transport and given and given != transport:
            checker.note("transport", f"this fault is one of {transport} only")
        first = checker.count("first", 1, MOST, needed=False)
        begin, end = checker.count("from", 1, MOST, needed=False), checker.count("to", 1, MOST, needed=False)
        if first is not None and (begin is not None or end is not None):
            checker.note("first", '"first": n is the same as "to": n; give one of them')
        if begin is not None and end is not None and begin > end:
            checker.note("to", f"comes before from, {begin}")
        type = checker.choice("type", [*sorted(TYPES), "ANY"], needed=False)
        return cls(
            name=checker.pattern("name"),
            type=None if type == "ANY" else type,
            client=checker.address("client"),
            transport=given,
            first=begin or 1,
            last=first or end or math.inf,
        )

    def fits(self, question: Question) -> bool:
        """Return whether the question is one of those to be counted."""
        return (self.client is None or self.client == question.client) and self.fits_from_anywhere(question)

    def fits_from_anywhere(self, question: Question) -> bool:
        """Return whether the question is one of those to be counted, or would be with another client."""
        return (
            (self.transport is None or self.transport == question.transport)
            and (self.type is None or self.type == question.type)
            and (self.name is None or matches(question.name, self.name))
        )


@dataclass(slots=True)
class Rule:
    """A fault in force."""

    id: str
    owner: str
    scope: Scope
    fault: Fault
    given: dict[str, Any]  # as it was asked for
    fitting: int = 0  # questions so far

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values: what was asked for, the id, and how many questions it has met."""
        met = min(self.fitting, self.scope.last) - self.scope.first + 1
        return {"id": self.id, **self.given, "fault": str(self.fault), "met": int(max(met, 0))}


class Rules:
    """All faults, in order of adding."""

    def __init__(self) -> None:
        """Start without any."""
        self._lock = threading.Lock()
        self._rules: tuple[Rule, ...] = ()
        self._numbers = count(1)

    def __iter__(self) -> Iterator[Rule]:
        return iter(self._rules)

    def add(self, values: object) -> Rule:
        """Put a fault in force: ``kind``, its parameters, ``owner``, scope. Raises InvalidError with every problem."""
        checker = Checker(values)
        owner = checker.text("owner")
        if owner == WORLD:
            checker.note("owner", f'"{WORLD}" owns no faults')
        fault = faults.read(checker)
        scope = Scope.read(checker, fault.transport if fault else None)
        checker.finish()
        if owner is None or fault is None or scope is None or not isinstance(values, dict):
            raise AssertionError("the checker has noted why")
        with self._lock:
            rule = Rule(f"f{next(self._numbers)}", owner, scope, fault, dict(values))
            self._rules = (*self._rules, rule)
        return rule

    def remove(self, id: str) -> Rule:
        """Take a fault back. Raises KeyError where there is none of that id."""
        with self._lock:
            found = next((rule for rule in self._rules if rule.id == id), None)
            if found is None:
                raise KeyError(id)
            self._rules = tuple(rule for rule in self._rules if rule is not found)
        return found

    def drop(self, owner: str) -> list[Rule]:
        """Take all faults of *owner* back."""
        with self._lock:
            gone = [rule for rule in self._rules if rule.owner == owner]
            self._rules = tuple(rule for rule in self._rules if rule.owner != owner)
        return gone

    def fitting(self, question: Question) -> list[Rule]:
        """Return the faults whose scope has the question, whatever its number."""
        return [rule for rule in self._rules if rule.scope.fits(question)]

    def may_meet(self, question: Question) -> bool:
        """Return whether a fault meets this question, from whichever client."""
        return any(rule.scope.fits_from_anywhere(question) for rule in self._rules)

    def apply(self, rules: list[Rule], question: Question, response: Response, zones: Zones) -> Response:
        """Return the response as *rules* make it, one after the other, and count the question for each."""
        fired = []
        for rule in rules:
            with self._lock:
                rule.fitting += 1
                number = rule.fitting
            if not rule.scope.first <= number <= rule.scope.last:
                continue
            changed = rule.fault.apply(Exchange(question, response, zones))
            if changed is not response:
                fired.append(changed.fault or str(rule.fault))
                response = replace(changed, fault=None)
        return replace(response, fault="; ".join(fired)) if fired else response
