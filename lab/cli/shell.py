"""`lab shell`: a shell, or one command, on a host."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from lab.cli import attach, names
from lab.cli.group import example
from lab.cli.options import HostName, LabName
from lab.errors import MachineError

EXAMPLE = example(
    "$ lab shell mx1 postconf smtp_connect_timeout",
    "smtp_connect_timeout = 2s",
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    # What follows HOST is the command's own, options included.
    app.command(epilog=EXAMPLE, context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})(
        shell
    )


def shell(
    host: HostName,
    command: Annotated[list[str] | None, typer.Argument(metavar="COMMAND", help="A command. [default: bash]")] = None,
    lab: LabName = None,
) -> None:
    """Open a shell on a host, or run a command there.

    A single COMMAND with blanks in it is a line for the shell: 'mailq | tail -1'. The exit code is the command's own.
    Options of `lab` go before HOST.
    """
    from lab.engine.hosts import known

    with attach.lab(str(lab)) as running:
        found = known(running.hosts, host)
    if found.state != "running":
        raise MachineError(f"{host} is {found.state}", hint=f"`{names.command('up', str(lab))}` starts it")
    words = command or ["bash"]
    if len(words) == 1 and len(words[0].split()) > 1:
        words = ["bash", "-c", words[0]]
    terminal = sys.stdin.isatty() and sys.stdout.isatty()
    sys.stdout.flush()
    os.execvp("docker", ["docker", "exec", "-it" if terminal else "-i", found.container, *words])  # noqa: S606  the arguments are the user's own
