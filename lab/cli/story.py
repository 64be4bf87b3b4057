"""Routes, timelines and plans as :mod:`lab.route.timeline` and :mod:`lab.plan` write them, coloured."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from textwrap import wrap
from typing import TYPE_CHECKING

from lab.cli.console import WIDTH, Cell, columns, say

if TYPE_CHECKING:
    from lab.route.events import Event
    from lab.route.model import Route
    from lab.route.plan import Plan
    from lab.route.timeline import Row

STYLES = {"+": "green", "x": "red", "~": "yellow"}
"""Colour of a mark of lab.route.timeline.MARKS."""
OUTCOMES = {"delivered": "bold green", "deferred": "bold yellow", "held": "bold yellow", "unknown": "bold yellow"}
KINDS = {"dns": "cyan", "try": "bold", "mailbox": "magenta", "notice": "blue"}
LINE = re.compile(r"(?P<time> *[+-]\d+\.\d{3}s)  (?P<host>\S+ *)  (?P<kind>[a-z]+ *) (?P<mark>[+x~ ]) (?P<text>.*)")
LABELS = frozenset(
    {"next", "becomes", "also", "may", "asks", "unknown", "site", "tries", "never", "if", "end", "note"}
)  # lab.plan.text.Row.kind
RULE = re.compile(r"(?P<left>.*\S)(?P<gap>\s{2,})(?P<rule>RFC \d+.*|[a-z0-9_]+_[a-z0-9_]+.*)")


def routes(found: Iterable[Route]) -> None:
    """Print each route in short: who to whom, how it ended, its hops and attempts."""
    from lab.route.timeline import summary

    for number, route in enumerate(found):
        if number:
            say()
        first, *rest = summary(route)
        way, outcome, end = first.partition(f": {route.outcome}")
        say(way, outcome[:2], (outcome[2:], OUTCOMES.get(route.outcome, "bold red")), end)
        for line in rest:
            say((line, STYLES.get(line[2:3], "") if line[3:4] == " " else ""))


def timeline(happened: Sequence[Event], names: Mapping[str, str]) -> None:
    """Print what every host said about a message, in order. *names*: address to lab name."""
    from lab.route.timeline import render, rows

    for line in render(rows(happened, names)):
        say(*_row(line))


def further(new: Sequence[Row], names: Mapping[str, str]) -> None:
    """Print the next rows of a timeline that grows, in the columns of those before."""
    from lab.route.timeline import Row, render

    widest = Row(0, max([*names.values(), ""], key=len), "mailbox", "plain", "")
    for line in render([widest, *new])[1:]:
        say(*_row(line))


def departures(found: Iterable[Route]) -> bool:
    """Print where routes depart from what was predicted; returns whether any does."""
    from lab.route.departures import compare

    departed = False
    for route in found:
        if route.plan is None:
            continue
        differences = compare(route.plan, route)
        if not differences:
            say((f"As planned for {route.recipient}.", "dim"))
            continue
        say((f"Where the route to {route.recipient} departs from the plan:", "yellow"))
        for each in differences:
            for line in wrap(str(each), WIDTH, initial_indent="  ", subsequent_indent="    "):
                say(line)
        departed = True
    return departed


def plan(found: Plan) -> None:
    """Print a plan: what is asked, what is tried, what is not, and why."""
    from lab.plan.text import text

    for line in text(found, columns()).rstrip("\n").split("\n"):
        say(*_step(line))


def _row(line: str) -> list[Cell]:
    found = LINE.fullmatch(line)
    if found is None:  # the text of the row above goes on
        return [line]
    return [
        (found["time"], "dim"),
        f"  {found['host']}  ",
        (found["kind"], KINDS.get(found["kind"].strip(), "")),
        " ",
        (f"{found['mark']} {found['text']}", STYLES.get(found["mark"], "")),
    ]


def _step(line: str) -> list[Cell]:
    if line and not line.startswith(" ") and line.split(maxsplit=1)[0] not in LABELS:
        return [(line, "bold")]
    label, rest = line[:8], line[8:]
    found = RULE.fullmatch(rest)
    cells: list[Cell] = [(label, "cyan")]
    if rest.startswith("  "):  # the sentence that says why
        return [*cells, (rest, "dim")]
    return [*cells, found["left"], found["gap"], (found["rule"], "dim")] if found else [*cells, rest]
