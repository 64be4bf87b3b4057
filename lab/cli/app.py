"""All commands of `lab`, in the order of its help."""

from __future__ import annotations

from typing import Annotated

import typer

from lab.cli import (
    codes,
    dns,
    down,
    explain,
    fault,
    logs,
    mailbox,
    queue,
    route,
    scenarios,
    send,
    shell,
    soak,
    status,
    up,
)
from lab.cli.console import WIDTH, say
from lab.cli.group import Guarded
from lab.cli.options import RootLab

app = typer.Typer(
    cls=Guarded,
    no_args_is_help=True,
    rich_markup_mode=None,  # help is plain text: it can be read in a pipe, and a grep finds what it looks for
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": WIDTH},
    epilog="\b\n" + "\n".join(("Exit codes:", *(f"  {code:<4} {meaning}" for code, meaning in codes.MEANINGS.items()))),
)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        say(f"lab {version('mail-routing-lab')}")
        raise typer.Exit


@app.callback()
def root(
    lab: RootLab = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Real mail servers in containers, a scripted DNS, and the proof of which hop took a message and why."""
    del lab, version  # both have been read: by options.chosen, and above


for module in (up, down, status, send, route, explain, dns, fault, queue, mailbox, logs, shell, scenarios, soak):
    module.register(app)
