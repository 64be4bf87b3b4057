"""`lab logs`: the hosts' own log lines, in one order of time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from lab.cli import attach, complete, failure, route
from lab.cli.console import record, say
from lab.cli.group import example
from lab.cli.options import Json, LabName

if TYPE_CHECKING:
    from lab.engine.hosts import Host
    from lab.lab import Lab
    from lab.mail.recorder import Line

COLOURS = (
    "cyan",
    "green",
    "yellow",
    "blue",
    "magenta",
    "bright_cyan",
    "bright_green",
    "bright_yellow",
    "bright_blue",
    "red",
)
AGO = re.compile(r"(?P<count>[0-9]+)(?P<unit>[smhd])")
EPOCH = datetime.fromtimestamp(1, UTC)  # no log is older, and Docker takes no time before it
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
READING = 5.0  # seconds at most for reading old logs until they tell the whole story of a message
EXAMPLE = example(
    "$ lab logs mx1 mx2 --since 5m",
    "12:00:00.123456  mx1  Jan 01 12:00:00 mx1 postfix/smtpd[123]: connect from direct.home.test[198.18.0.22]",
    "...",
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog=EXAMPLE)(logs)


def logs(
    hosts: Annotated[
        list[str] | None,
        typer.Argument(metavar="HOST", autocompletion=complete.hosts, help="Hosts. [default: all]"),
    ] = None,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on, with lines as they come, until Ctrl-C.")
    ] = False,
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="TIME", help="From then on: 30s, 5m, 2h, 1d ago, or 2026-01-01T12:00:00Z."),
    ] = None,
    mail: Annotated[
        str | None,
        typer.Option(
            "--mail", metavar="MESSAGE", help="Only lines about this message: a Message-ID, or HOST:QUEUE-ID."
        ),
    ] = None,
    lab: LabName = None,
    json: Json = False,
) -> None:
    """Print the hosts' log lines, in order of time.

    With --json one object a line.
    """
    if mail and follow:
        raise typer.BadParameter("--mail and --follow do not go together: `lab route --follow` follows a message")
    start = moment(since, datetime.now(UTC)) if since else None
    with attach.lab(str(lab)) as running:
        chosen = _chosen(running, hosts)
        if mail:
            lines: Iterator[Line] = iter(_about(running, mail))
        elif follow:
            lines = _followed(running, start or datetime.now(UTC))
        else:
            lines = iter(sorted((line for host in chosen for line in _read(running, host, start)), key=_at))
        wanted = {host.name for host in chosen}
        colours = dict(zip(sorted(running.hosts), COLOURS * len(running.hosts), strict=False))
        width = max(map(len, wanted))
        for line in lines:
            if line.host not in wanted or (start and line.at < start):
                continue
            text = line.text.rstrip("\r")
            if json:
                record({"at": line.at.isoformat(), "host": line.host, "text": text})
            else:
                say((f"{line.at:%H:%M:%S.%f}  ", "dim"), (f"{line.host:<{width}}", colours[line.host]), f"  {text}")


def moment(text: str, now: datetime) -> datetime:
    """Return the time that --since means: some time ago, or a time by ISO 8601, UTC where it does not say."""
    try:
        if ago := AGO.fullmatch(text):
            return max(EPOCH, now - timedelta(**{UNITS[ago["unit"]]: int(ago["count"])}))
        found = datetime.fromisoformat(text)
        return max(EPOCH, found if found.tzinfo else found.replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        raise typer.BadParameter(
            f"must be a time such as 30s, 5m, 2h, 1d (ago) or 2026-01-01T12:00:00Z, not {text!r}"
        ) from None


def _chosen(running: Lab, names: list[str] | None) -> list[Host]:
    from lab.engine.hosts import known

    return [known(running.hosts, name) for name in names or running.hosts]


def _read(running: Lab, host: Host, start: datetime | None) -> list[Line]:
    """Return what a host has logged so far."""
    text = running.engine.log(host.container, stamped=True, since=start.timestamp() if start else None)
    return [_line(host.name, each) for each in text.split("\n") if each]


def _followed(running: Lab, start: datetime) -> Iterator[Line]:
    """Yield lines as they come. Those of one host keep their order; hosts may overtake each other by an instant."""
    with running.follow(start.timestamp(), mail_only=False) as recorder:
        lines, cursor = recorder.new(0)
        while lines:
            yield from sorted(lines, key=_at)
            lines, cursor = recorder.new(cursor)


def _about(running: Lab, message: str) -> list[Line]:
    """Return the lines from which the story of a message is told."""
    wanted = route.named(message)
    begin = datetime.fromtimestamp(route.begun(wanted), UTC)
    with running.follow(begin.timestamp()) as recorder:
        recorder.wait(lambda history: history.settled(wanted), READING)
        told = recorder.read(lambda history: history.events_of(wanted))
        lines = recorder.lines(begin)
    if not told:
        raise failure.AnswerError(
            f"no host has logged anything about {message}", hint="is it right, and was the lab up since?"
        )
    events = set(told)
    return [line for line in lines if line.event in events]


def _line(host: str, raw: str) -> Line:
    from lab.mail.recorder import Line, parse_stamp

    stamp, _, text = raw.partition(" ")
    return Line(parse_stamp(stamp), host, text)


def _at(line: Line) -> tuple[datetime, str]:
    return line.at, line.host
