"""`lab explain`: where mail for a recipient would go, by zone and settings alone, and why."""

from __future__ import annotations

from typing import Annotated

import typer

from lab.cli import attach, story
from lab.cli.console import document
from lab.cli.group import example
from lab.cli.options import Json, LabName, Via

EXAMPLE = example(
    "$ lab explain bia@dest.test --via direct",
    "bia@dest.test, from direct",
    "next    dest.test over smtp                                   RFC 5321 5.1",
    "asks    MX   dest.test  10 mx1.dest.test, 20 mx2.dest.test    RFC 5321 5.1",
    "tries   1. mx1 198.18.0.11:25 (mx1.dest.test)                 RFC 5321 5.1",
    "...",
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog=EXAMPLE)(explain)


def explain(
    recipient: Annotated[
        str, typer.Argument(metavar="RECIPIENT", show_default=False, help="An address, such as bia@dest.test.")
    ],
    via: Via = "client",
    sender: Annotated[
        str, typer.Option("--from", metavar="ADDRESS", help='The envelope\'s sender; "" for none.')
    ] = "ana@home.test",
    lab: LabName = None,
    json: Json = False,
) -> None:
    """Predict where mail goes, without sending any.

    What is asked, tried and left out, and why, by the zones and the hosts' settings alone.
    """
    with attach.lab(str(lab)) as running:
        plan = running.explain(recipient, via=via, sender=sender)
    if json:
        document(plan.to_json())
    else:
        story.plan(plan)
