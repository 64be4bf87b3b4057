"""Log lines parsed a second, and what a route costs when the lab has said a thousand lines, and a million.

Lines are those of the recordings (tests/unit/recorded). Beside the parsers stands one regular expression that takes the
same lines apart at their blanks and colons and does nothing with them: what Python asks for the least that a parser
could do.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from lab.route import events
from lab.route.events import Event
from lab.route.history import History, Origin
from lab.servers.dovecot import log as dovecot
from lab.servers.parser import Parser, read
from lab.servers.postfix import log as postfix
from lab.servers.scripted import log as scripted

from .machine import show

RECORDED = Path(__file__).parents[1] / "unit" / "recorded"
PARSERS: dict[str, Parser] = {"mailstore": dovecot.parse, "scripted": scripted.parse}
PLAIN = re.compile(r"(\S+) +(\S+) (\S+) (\S+?)\[(\d+)\]: (.*)", re.DOTALL)
AT = datetime(2026, 1, 1, tzinfo=UTC)
ROUNDS = 20
SIZES = (1_000, 1_000_000)
ASKED = 200


def test_lines_a_second_against_one_plain_expression() -> None:
    lines = [line.split(" ", 2) for path in sorted(RECORDED.glob("*.log")) for line in _lines(path)]
    parsed = _rate(lines, lambda host, line: read(PARSERS.get(host, postfix.parse), host, AT, line))
    plain = _rate(lines, lambda _, line: PLAIN.match(line))
    show(
        f"log lines parsed a second ({len(lines)} lines, {ROUNDS} times)",
        f"the parsers             {parsed:10,.0f}",
        f"one plain expression    {plain:10,.0f}",
        f"a line costs as much as {plain / parsed:10.1f} of the plain expression",
    )


def test_a_route_costs_the_same_after_a_million_lines() -> None:
    taken = {}
    for size in SIZES:
        history = History({"198.18.0.22": "direct"}, _said(size))
        begun = time.perf_counter()
        for number in range(ASKED):
            assert history.routes(Origin("direct", _id(number * (size // 5) // ASKED)))
        taken[size] = (time.perf_counter() - begun) / ASKED
    show(
        "a route, after so many lines of the lab's logs",
        *(f"{size:10,} lines {seconds * 1000:8.3f} ms" for size, seconds in taken.items()),
        f"ratio            {taken[SIZES[1]] / taken[SIZES[0]]:8.1f}",
    )


def _lines(path: Path) -> list[str]:
    return [line for line in path.read_text().split("\n")[1:] if line]


def _rate(lines: list[list[str]], take: Callable[[str, str], object]) -> float:
    begun = time.perf_counter()
    for _ in range(ROUNDS):
        for host, _stamp, line in lines:
            take(host, line)
    return ROUNDS * len(lines) / (time.perf_counter() - begun)


def _id(number: int) -> str:
    return f"4jYhX{number:010d}"


def _said(lines: int) -> Iterable[Event]:
    """Yield what a host says of message after message, five lines for each."""
    common: dict[str, Any] = {"host": "direct"}
    refused = events.Delivery(
        **common,
        at=AT,
        pid=7,
        agent="smtp",
        queue_id="",
        recipient="bia@dest.test",
        original=None,
        relay="mx1.dest.test",
        address="198.18.0.11",
        port=25,
        uses=1,
        delay=0.1,
        delays=(0, 0, 0, 0.1),
        dsn="5.1.1",
        status="bounced",
        text="host mx1.dest.test[198.18.0.11] said: 550 5.1.1 no (in reply to RCPT TO command)",
        reason="550 5.1.1 no",
        reply="550 5.1.1 no",
        stage="rcpt",
    )
    for number in range(lines // 5):
        at, queue_id = AT + timedelta(seconds=number), _id(number)
        yield events.Received(
            **common, at=at, pid=5, queue_id=queue_id, client="c", address="192.0.2.9", sasl_username=None
        )
        yield events.MessageId(**common, at=at, queue_id=queue_id, message_id=f"<{number}@home.test>")
        yield events.Active(**common, at=at, queue_id=queue_id, sender="ana@home.test", size=300, recipients=1)
        yield replace(refused, at=at, queue_id=queue_id)
        yield events.Removed(**common, at=at, queue_id=queue_id, how="done")
