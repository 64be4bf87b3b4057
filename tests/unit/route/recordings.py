"""Recorded real log lines, and histories made of them.

A recording (tests/unit/recorded/NAME.log) was made with Postfix 3.10 and Dovecot 2.4: a comment that says
what happens, then "HOST STAMP LINE" as `docker logs --timestamps` gives it. NAME.route has the routes it
stands for. Dovecot's debug lines (log_debug in dovecot.conf) and what it says of notices (before.sieve) are younger
than most recordings: they were put where a Dovecot with that setting has them.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from lab.route.events import Event
from lab.route.history import History
from lab.route.model import Route
from lab.servers.dns import log as dns
from lab.servers.dovecot import log as dovecot
from lab.servers.postfix import log as postfix
from lab.servers.scripted import log as scripted

RECORDED = Path(__file__).parent.parent / "recorded"
PARSERS = {"dns": dns.parse, "mailstore": dovecot.parse, "scripted": scripted.parse}
WORLD = {
    f"198.18.77.{octet}": name
    for octet, name in (
        (2, "dns"),
        (3, "gateway"),
        (4, "mailstore"),
        (5, "scripted"),
        (11, "mx1"),
        (12, "mx2"),
        (21, "client"),
        (22, "direct"),
        (31, "smarthost"),
    )
}
HOSTS = WORLD | {f"198.18.77.{octet}": name for octet, name in enumerate(("hub", "fwd", "sender", "mx"), start=64)}
"""Those that tests have brought along too."""


def read_lines(name: str) -> list[tuple[str, datetime, str]]:
    """Return a recording's lines as (host, time, line)."""
    lines = []
    for text in (RECORDED / f"{name}.log").read_text().splitlines()[1:]:
        host, stamp, line = text.split(" ", 2)
        seconds, _, fraction = stamp.rstrip("Z").partition(".")
        at = datetime.fromisoformat(f"{seconds}.{fraction[:6]:0<6}").replace(tzinfo=UTC)
        lines.append((host, at, line))
    return lines


def read_events(name: str) -> list[Event]:
    """Return a recording's events."""
    events = (parsed(*line) for line in read_lines(name))
    return [event for event in events if event is not None]


def parsed(host: str, at: datetime, line: str) -> Event | None:
    """Return what a line says about mail."""
    return PARSERS.get(host, postfix.parse)(host, at, line)


def read_history(name: str) -> History:
    """Return a recording's history."""
    return History(HOSTS, read_events(name))


def postfix_events(text: str) -> list[Event]:
    """Return the events of made-up lines "SECONDS HOST PROCESS[PID]: TEXT", one after the other."""
    found = []
    for line in text.strip().splitlines():
        seconds, host, rest = line.split(" ", 2)
        at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=float(seconds))
        if (event := postfix.parse(host, at, f"Jan  1 00:00:00 {host} postfix/{rest}")) is not None:
            found.append(event)
    return found


def tell(route: Route, indent: str = "") -> list[str]:
    """Return everything that a test wants of a route, one line for the route and one for each attempt."""
    known = {
        "by": route.accepted_by,
        "mailbox": route.mailbox,
        "hops": " ".join(route.hops) or None,
        "final": None if route.final_recipient == route.recipient else route.final_recipient,
    }
    words = [f"<{route.sender}> <{route.recipient}> {route.outcome} {route.status} copies={route.copies}"]
    words += [f"{key}={value}" for key, value in known.items() if value is not None]
    lines = [indent + ", ".join(words)]
    if not route.attempts or route.outcome not in ("delivered", "deferred"):
        lines.append(f"{indent}    because {route.reason}")
    for attempt in route.attempts:
        trust = f" {attempt.trust}" if attempt.trust else ""
        place = f"{attempt.host}/{attempt.queue_id} > {attempt.target} {attempt.address}:{attempt.port}"
        reply = "" if attempt.reply else "no reply: "
        lines.append(
            f"{indent}    {place} {attempt.outcome} {attempt.stage} {attempt.dsn} tls={attempt.tls}{trust} "
            f"next={attempt.next_queue_id}: {reply}{attempt.reason}"
        )
    for notice in route.notifications:
        lines.append(f"{indent}    {notice.kind} notice {notice.host}/{notice.queue_id}")
        if notice.route:
            lines += tell(notice.route, indent + "        ")
    return lines
