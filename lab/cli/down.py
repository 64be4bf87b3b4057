"""`lab down`: removes a lab, and says what was removed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from lab.cli import attach, failure
from lab.cli.console import err, say
from lab.cli.group import example
from lab.cli.options import LabName

if TYPE_CHECKING:
    from lab.world import World

EXAMPLE = example(
    "$ lab down",
    "The lab main is down: 10 hosts, their networks and their volumes are removed.",
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog=EXAMPLE)(down)


def down(
    lab: LabName = None,
    images: Annotated[
        bool, typer.Option("--images", help="Remove the labs' images too, which no container uses.")
    ] = False,
    everything: Annotated[bool, typer.Option("--all", help="Take down every lab on this machine.")] = False,
) -> None:
    """Remove all containers, networks and volumes of the lab."""
    world = attach.world(str(lab))
    with failure.machine():
        if not everything:
            _down(world, images)
            return
        found = attach.labs(world.docker)
        for each in found:
            _down(type(world)(each, world.engine), images)
        if not found:
            world.down(_report, images=images)
            say("There is no lab on this machine.")


def _down(world: World, images: bool) -> None:
    count = len(world.hosts())
    removed = world.down(_report, images=images)
    if removed:
        told = (
            f": {count} hosts, their networks and their volumes are removed."
            if count
            else ": its networks are removed."
        )
        say(f"The lab {world.name} is down", told)
    else:
        say(f"There is no lab {world.name}: nothing to remove.")
    if images:
        say("The labs' images are removed, but for those in use.")


def _report(text: str) -> None:
    err().print(text)
