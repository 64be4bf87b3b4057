"""`lab up`: brings the lab up, with its progress, and says what there is and what to try."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from lab.cli import codes, names, picture
from lab.cli.checklist import checklist
from lab.cli.console import document, say, tell
from lab.cli.group import example
from lab.cli.options import Json, LabName
from lab.cli.status import exposure, to_json

if TYPE_CHECKING:
    from lab.cli.checklist import Checklist
    from lab.world.world import Status

EXAMPLE = example(
    "$ lab up",
    "   0.1 s  building the image mail-lab/mx:0c1f5d6e7a8b",
    "  ...",
    "  The lab main is up: 10 hosts in 198.18.0.0/20, ready after 41.3 s.",
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog=EXAMPLE)(up)


def up(lab: LabName = None, json: Json = False) -> None:
    """Bring the lab up, to hosts that answer.

    Begins from whatever is there; a lab that runs is left as it is.
    """
    name = str(lab)
    with checklist() as progress:
        try:
            status, started = _up(name, progress)
        except KeyboardInterrupt:
            _interrupted(name)
            raise typer.Exit(codes.INTERRUPTED) from None
    if json:
        document({**to_json(status), "started": started})
    elif started:
        _summary(status, progress.elapsed())
    else:
        _runs_already(status)
    if not status.ready:
        raise typer.Exit(codes.NO)


def _up(name: str, report: Checklist) -> tuple[Status, bool]:
    from lab.engine import connection
    from lab.faults.heal import before_start
    from lab.world.world import World

    return World(name, connection.ensure(report)).up(report, before_start)


def _summary(status: Status, seconds: float) -> None:
    count = f"{len(status.hosts)} hosts in {status.subnet}"
    if status.ready:
        say(("The lab ", ""), (status.name, "bold"), (" is up", "green"), f": {count}, ready after {seconds:.1f} s.")
    else:
        say(f"The lab {status.name} has started, but ", ("not every host is ready", "red"), f": {count}.")
    say()
    for line in picture.draw(status, _preferences(status)).splitlines():
        say(line)
    exposure(status)
    if not status.ready:
        say(f"\nWhat is wrong: {names.command('status', status.name)}")
        return
    tries = {
        "send bia@dest.test": "one message, and every hop that it takes",
        "explain bia@dest.test --via direct": "where it should go, and why",
        "mailbox bia": "what has arrived",
    }
    say("\nTry next:")
    commands = {names.command(words, status.name): told for words, told in tries.items()}
    width = max(map(len, commands))
    for command, told in commands.items():
        say("  ", (f"{command:<{width}}", "cyan"), f"   {told}")


def _preferences(status: Status) -> dict[str, int]:
    """Return the preference of each mail exchanger of dest.test by lab name, as the DNS says; none if it does not."""
    from lab.cli import lookup
    from lab.errors import LabError
    from lab.world.doors import Door

    by_fqdn = {host.fqdn: host.name for host in status.hosts.values()}
    try:
        answer = lookup.ask(status.ports[Door("dns", 53)], "dest.test.", "MX")
    except (LabError, KeyError):
        return {}
    found = (record.data.split() for record in answer.records if record.type == "MX")
    return {by_fqdn[fqdn.rstrip(".")]: int(preference) for preference, fqdn in found if fqdn.rstrip(".") in by_fqdn}


def _runs_already(status: Status) -> None:
    told = f"The lab {status.name} is up already: {len(status.hosts)} hosts in {status.subnet}."
    exposure(status)
    if status.current:
        say(told, f" `{names.command('status', status.name)}` shows them.")
        return
    down, up_again = (names.command(word, status.name) for word in ("down", "up"))
    say(told, (" Files under compose/ or dnszone/ have changed since it was started:", "yellow"))
    say(f"`{down}`, then `{up_again}`, takes them in.")


def _interrupted(name: str) -> None:
    told = f"`{names.command('up', name)}` completes what has begun, `{names.command('down', name)}` removes it"
    tell(f"lab: interrupted\n  {told}")
