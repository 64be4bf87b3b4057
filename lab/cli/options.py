"""The options and arguments that several commands have."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from lab.cli import complete, names
from lab.files import STDIN

DAY = 86_400  # seconds: longer than anything in the lab takes
ROOT_OPTION = "lab"  # the root's parameter with the lab's name


def valid(name: str | None) -> str | None:
    """Return the name of a lab if it is one."""
    if name is not None and not names.NAME.fullmatch(name):
        raise typer.BadParameter(
            f"{name!r} is not a name of a lab: lower-case letters, digits and hyphens, such as 'second'"
        )
    return name


def chosen(ctx: typer.Context, name: str | None) -> str:
    """Return the lab that is meant: --lab after the command, else the one before it, LAB, or "main"."""
    given = valid(name) or ctx.find_root().params.get(ROOT_OPTION)
    return str(given or names.DEFAULT)


def readable(path: Path | None) -> Path | None:
    """Return a file that can be read, or "-", which stands for standard input."""
    if path is not None and str(path) != STDIN and not (path.is_file() and os.access(path, os.R_OK)):
        raise typer.BadParameter(f"{path} is not a file that can be read")
    return path


def seconds(given: float) -> float:
    """Return a number of seconds that somebody may want to wait; inf and nan are none."""
    if not 0 <= given <= DAY:
        raise typer.BadParameter(f"must be a number of seconds from 0 to {DAY}, not {given}")
    return given


_LAB_HELP = "The lab that is meant, one of several side by side."
RootLab = Annotated[
    str | None,
    typer.Option(
        "--lab",
        metavar="NAME",
        envvar="LAB",
        callback=valid,
        autocompletion=complete.labs,
        help=f"{_LAB_HELP} [default: {names.DEFAULT}]",
    ),
]
LabName = Annotated[
    str | None,
    typer.Option("--lab", metavar="NAME", callback=chosen, autocompletion=complete.labs, help=_LAB_HELP),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for a program instead of text for a person.")]
Via = Annotated[
    str,
    typer.Option(
        "--via", metavar="HOST[:PORT]", autocompletion=complete.hosts, help="The host that gets the message first."
    ),
]
Timeout = Annotated[
    float,
    typer.Option(
        "--timeout", metavar="SECONDS", callback=seconds, help="How long to wait for the route to be complete."
    ),
]
EvidenceFolder = Annotated[
    Path | None,
    typer.Option(
        "--evidence", metavar="DIR", file_okay=False, help="Save logs, events, zones and routes in this folder."
    ),
]
HostName = Annotated[
    str, typer.Argument(metavar="HOST", autocompletion=complete.hosts, show_default=False, help="A host, such as mx1.")
]
"""Annotated types for the parameters of commands."""
