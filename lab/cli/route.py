"""`lab route`: the route of a message that was sent earlier, read from the servers' logs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from lab.cli import attach, codes, failure, story
from lab.cli.console import document, say, tell
from lab.cli.group import example
from lab.cli.options import Json, LabName, Timeout

if TYPE_CHECKING:
    from lab.lab import Lab
    from lab.mail.recorder import Recorder
    from lab.route.history import Origin
    from lab.route.model import Route

EXAMPLE = example(
    "$ lab route '<20260101.120000.000000.1a2b3c4d@lab.test>'",
    "ana@home.test -> bia@dest.test: delivered 2.0.0 into INBOX",
    "  hops: client -> smarthost -> mx1",
    "...",
)
BEFORE = 1.0  # seconds: the connection that brought a message is older than the message
EVERYTHING = 1.0  # seconds since the epoch


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog=EXAMPLE)(route)


def route(
    message: Annotated[
        str,
        typer.Argument(metavar="MESSAGE", show_default=False, help="A Message-ID, or HOST:QUEUE-ID of its first host."),
    ],
    follow: Annotated[
        bool, typer.Option("--follow", help="Print what happens to it as it happens, until its end.")
    ] = False,
    timeout: Timeout = 5.0,
    lab: LabName = None,
    json: Json = False,
) -> None:
    """Show the route of an earlier message."""
    from lab.mail import following

    wanted = named(message)
    with attach.lab(str(lab)) as running:
        recorder = running.follow(begun(wanted))
        with recorder:
            if follow and not json:
                for rows in following.follow(recorder, wanted, running.names):
                    story.further(rows, running.names)
            complete = recorder.wait(lambda history: history.settled(wanted), timeout)
            found = [_with_plan(running, each) for each in recorder.read(lambda history: history.routes(wanted))]
            if not found:
                _unknown(message, timeout)
            if json:
                document([each.to_json() for each in found])
            else:
                _show(recorder, running, wanted, found, timeline=not follow)
            if not complete:
                _incomplete(recorder, wanted)
    if not complete or any(each.outcome != "delivered" for each in found):
        raise typer.Exit(codes.NO)


def named(text: str) -> str | Origin:
    """Return what a user calls a message: a Message-ID, with or without <>, or HOST:QUEUE-ID."""
    from lab.route.history import Origin

    host, colon, queue_id = text.partition(":")
    if colon and host.isalnum() and queue_id.isalnum():
        return Origin(host, queue_id)
    return text if text.startswith("<") else f"<{text}>"


def begun(message: str | Origin) -> float:
    """Return from when on the logs are about a message, in seconds since the epoch.

    A Message-ID of the lab's own and a long queue id tell; for others the logs are read from their beginning.
    """
    from lab.mail.submit import sent_at
    from lab.servers.software import made_at

    at = sent_at(message) if isinstance(message, str) else made_at(message.queue_id)
    return at.timestamp() - BEFORE if at else EVERYTHING


def _show(recorder: Recorder, running: Lab, message: str | Origin, found: list[Route], *, timeline: bool) -> None:
    if timeline:
        story.routes(found)
        say()
        story.timeline(recorder.read(lambda history: history.events_of(message)), running.names)
    else:
        say()
        story.routes(found)
    say()
    if story.departures(found):
        say(("The plan is that of the zones and settings as they are now.", "dim"))


def _with_plan(running: Lab, route: Route) -> Route:
    """Return the route with the plan that zone and settings give now."""
    from lab.engine.hosts import MAIL_ROLES

    host = running.hosts.get(route.hops[0]) if route.hops else None
    if host is None or host.role not in MAIL_ROLES:
        return route
    return replace(route, plan=running.explain(route.recipient, via=host.name, sender=route.sender))


def _unknown(message: str, timeout: float) -> NoReturn:
    raise failure.AnswerError(
        f"no host of the lab has said anything about {message} within {timeout:g} s of reading",
        hint="is it right, and was the lab up since? --timeout gives more time to read old logs",
    )


def _incomplete(recorder: Recorder, message: str | Origin) -> None:
    awaited = recorder.read(lambda history: history.awaited(message))
    tell("lab: the route is not complete yet; awaited:")
    for each in awaited:
        tell(f"  {each}")
