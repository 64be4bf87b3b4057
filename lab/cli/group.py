"""What all commands of `lab` share: errors become messages and exit codes, and a group may have a default command."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import typer
from typer.core import TyperCommand, TyperGroup

from lab.cli import failure
from lab.errors import LabError
from lab.printable import printable

ORDER = (
    *("up", "down", "status", "send", "route", "explain", "dns", "fault", "queue", "mailbox", "logs", "shell"),
    *("new", "check", "run", "list", "soak"),
)


class Guarded(TyperGroup):
    """The group of all commands: no exception gets past it as a traceback, unless LAB_DEBUG wants it."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401  as below
        """Return the commands in the order in which a user meets them."""
        return sorted(super().list_commands(ctx), key=ORDER.index)

    def make_context(self, *args: Any, **extra: Any) -> Any:  # noqa: ANN401  as below
        """Read the words before the command; what is wrong with them can be printed."""
        with _printable():
            return super().make_context(*args, **extra)

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401  typer does not export the type of its contexts' base
        """Run the command; an error is shown and becomes an exit code."""
        try:
            with _printable():
                return super().invoke(ctx)
        except (typer.Exit, typer.Abort, typer.TyperException, BrokenPipeError):
            raise  # typer's own: usage errors, and the end of a pipe
        except LabError as error:
            self._end(error, error)
        except Exception as error:  # noqa: BLE001  the last one before the user
            self._end(failure.understood(error), error)

    def _end(self, told: LabError, error: Exception) -> NoReturn:
        if failure.debug():
            raise error
        failure.show(told)
        raise typer.Exit(failure.code(told)) from error


@contextmanager
def _printable() -> Iterator[None]:
    """Make typer's own messages safe to print: they have words of the command line, and names of files that a * met."""
    try:
        yield
    except typer.TyperException as error:
        error.message = printable(error.message)
        raise


class Defaulting(TyperGroup):
    """A group whose first command is meant when none is named: `lab queue mx1` is `lab queue list mx1`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401  as above
        """Put the first command's name where no command is named."""
        named = args and (args[0] in self.commands or args[0] in ctx.help_option_names)
        return super().parse_args(ctx, args if named else [next(iter(self.commands)), *args])


def listing(sections: Callable[[], Iterable[tuple[str, list[tuple[str, str]]]]]) -> type[TyperCommand]:
    """Return a command whose help ends with lists: title, and rows of what can be written and what it does.

    They are asked for when the help is: who only runs the command waits for no registry.
    """

    class Listing(TyperCommand):
        def format_options(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401  as above
            super().format_options(ctx, formatter)
            for title, rows in sections():
                with formatter.section(title):
                    formatter.write_dl(rows)

    return Listing


def example(*lines: str) -> str:
    """Return the end of a command's help: an example, as it is printed."""
    return "\b\n" + "\n".join(("Example:", *(f"  {line}" for line in lines)))
