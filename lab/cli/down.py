"""`lab down`: removes a lab, and says what was removed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from lab.cli import attach
from lab.cli.console import say, tell
from lab.cli.group import example
from lab.cli.options import LabName

if TYPE_CHECKING:
    from lab.world.world import World

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
    found = attach.labs(world.engine) if everything else [world.name]
    for each in found:
        _down(type(world)(each, world.engine))
    if not found:
        say("There is no lab on this machine.")
    if images:
        from lab.world.images import remove

        remove(world.engine)
        say("The labs' images are removed, but for those in use.")


def _down(world: World) -> None:
    count = len(world.hosts())
    if world.down(tell):
        removed = f"{count} hosts, their networks and their volumes are" if count else "its networks are"
        say(f"The lab {world.name} is down: {removed} removed.")
    else:
        say(f"There is no lab {world.name}: nothing to remove.")
