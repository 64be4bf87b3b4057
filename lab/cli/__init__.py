"""The command line, `lab`: each command in a module of its own, which imports what it needs when it runs."""

from __future__ import annotations


def main() -> None:
    """Run the command that the process's arguments name, and exit with its code (:mod:`lab.cli.codes`)."""
    from lab.cli.app import app

    app(prog_name="lab")
