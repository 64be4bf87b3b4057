"""Reads what is wrong at one name: the table of a file, of a command line or of keyword arguments becomes a value.

    connect, host, scan_ban, ...    a host as a whole: one of :mod:`lab.faults.kinds`
    rcpt, data, end_of_data         what an MX answers there: :mod:`lab.faults.reply`
    anything else                   at a scripted address a key of its script (docs/scripted.md)

Out: :class:`AtHost`, or a script. Errors: LabError with all that is wrong with the table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dnszone.problem import Problem, did_you_mean
from lab.errors import LabError
from lab.faults import keys, reply
from lab.faults.effects import NONE, Effect
from lab.faults.keys import Whole
from lab.faults.reply import ReplyRule
from lab.values import Notes

KEYS = (*keys.KEYS, *reply.KEYS)


@dataclass(frozen=True, slots=True)
class AtHost:
    """What is wrong at a host: as a whole, and in what it answers."""

    whole: Whole | None = None
    replies: tuple[ReplyRule, ...] = ()

    @property
    def effect(self) -> Effect:
        """Departures that it explains, of what the host itself sends."""
        return NONE.union(*(each.effect for each in (*((self.whole.fault,) if self.whole else ()), *self.replies)))


class Problems:
    """Takes problems, each with its path."""

    def __init__(self) -> None:
        self.found: list[Problem] = []

    def note(self, path: str, problem: str, hint: str | None = None) -> None:
        """Add one."""
        self.found.append(Problem(problem, hint, path=path or None))

    def finish(self, hint: str) -> None:
        """Raise LabError if there is any."""
        if self.found:
            raise LabError("\n".join(map(str, self.found)), hint=hint)


def at_host(role: str, table: Mapping[str, Any]) -> AtHost:
    """Return what *table* means at a host with this role."""
    table, problems = written(table), Problems()
    check(role, table, "", problems)
    problems.finish(f"keys are {', '.join(KEYS)}; a scripted address can do more")
    return read(table)


def read(table: Mapping[str, Any]) -> AtHost:
    """Return what a table means in which :func:`check` finds nothing."""
    whole = next((keys.read(key, table[key]) for key in keys.KEYS if key in table), None)
    return AtHost(whole, tuple(each for key in reply.KEYS if key in table for each in reply.read(key, table[key])))


def script(table: Mapping[str, Any]) -> dict[str, Any]:
    """Return what *table* means at a scripted address; the scripted host says what is wrong with a script."""
    if not table:
        raise LabError("this fault does nothing", hint=f'connect="refuse", or rcpt="{reply.EXAMPLE}"')
    return written(table)


def written(table: Mapping[str, Any]) -> dict[str, Any]:
    """Return the table with its keys as they are in a file: a keyword of Python has no hyphen."""
    return {key if key in keys.KEYS else key.replace("_", "-"): value for key, value in table.items()}


def check(role: str, table: Mapping[str, Any], path: str, notes: Notes) -> None:
    """Note everything that is wrong with a table, which stands at *path*, for a host with this role."""
    if not table:
        notes.note(path, "does nothing", f"keys are {', '.join(KEYS)}")
    for key, value in table.items():
        place = f"{path}.{key}" if path else key
        if key in keys.KEYS:
            keys.check(key, value, role, place, notes)
        elif key in reply.KEYS:
            reply.check(key, value, role, place, notes)
        else:
            hint = did_you_mean(key, KEYS) or f"keys are {', '.join(KEYS)}; a scripted address can do more"
            notes.note(place, "cannot be made wrong at a host", hint)
    whole = [key for key in keys.KEYS if key in table]
    if len(whole) > 1:
        notes.note(path, f"has {' and '.join(whole)}", "a host has one of these at a time")
