"""What is printed: coloured on a terminal, plain in a pipe or with NO_COLOR, at most WIDTH columns wide.

A cell is a text, or a text with its style, a word of Rich's. Everything that `lab` prints goes through here, and is
made safe to print (:mod:`lab.printable`); nothing in it is ever read as Rich's markup.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from lab.printable import dumped, printable

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

WIDTH = 110
NARROWEST = 24  # columns that a wrapped last column has, however narrow the terminal is
Cell = str | tuple[str, str]
Row = Sequence[Cell]


def say(*cells: Cell) -> None:
    """Print one line made of cells, as it is: nothing is wrapped or cut."""
    _out().print(joined(*cells), soft_wrap=True)


def tell(*cells: Cell) -> None:
    """Print one line on stderr: progress, a warning, an error."""
    _err().print(joined(*cells), soft_wrap=True)


def joined(*cells: Cell) -> Text:
    """Return cells as one text of Rich's, safe to print."""
    from rich.text import Text

    return Text.assemble(*((printable(text), style) for text, style in map(_pair, cells)))


def columns() -> int:
    """Return how many columns a line may have."""
    return _out().width


def table(head: Sequence[str], rows: Iterable[Row]) -> None:
    """Print rows in aligned columns below *head*; what is too wide in the last column goes on below itself."""
    found = [[_line(cell) for cell in row] for row in rows]
    widths = [max(len(cells[0]) for cells in column) for column in zip(_pairs(head), *found, strict=True)]
    for row in [_pairs(head), *found]:
        _print(row, widths[:-1])


def document(value: object) -> None:
    """Print one JSON document."""
    print(dumped(value, indent=2))


def record(value: dict[str, Any]) -> None:
    """Print one JSON object as a line of a stream."""
    print(dumped(value), flush=True)


def unchanged(content: bytes) -> None:
    """Print bytes as they are into a pipe or a file; on a terminal they are made safe to print."""
    if sys.stdout.isatty():
        say(content.decode("utf-8", "replace").replace("\r\n", "\n").rstrip("\n"))
        return
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()


@contextmanager
def live(draw: Callable[[int], Text], *, transient: bool = False) -> Iterator[bool]:
    """Draw a text on stderr again and again until the context ends. Yields whether it does: only on a terminal.

    *draw*: gets the width in columns; what it returns comes from :func:`joined`.
    """
    console = _err()
    if not console.is_terminal:
        yield False
        return
    from rich.live import Live

    with Live(
        get_renderable=lambda: draw(console.width), console=console, refresh_per_second=8, transient=transient
    ) as drawn:
        yield True
        drawn.refresh()


def _out() -> Console:
    return _console(stderr=False)


def _err() -> Console:
    return _console(stderr=True)


def _console(*, stderr: bool) -> Console:
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    coloured = stream.isatty() and not os.environ.get("NO_COLOR")
    console = Console(
        stderr=stderr,
        highlight=False,
        markup=False,
        emoji=False,
        soft_wrap=True,
        color_system="auto" if coloured else None,
    )
    console.width = min(console.width, WIDTH) if stream.isatty() else WIDTH
    return console


def _print(row: list[tuple[str, str]], widths: list[int]) -> None:
    head: list[Cell] = []
    for (text, style), width in zip(row, widths, strict=False):
        head += [(text, style), " " * (width - len(text) + 2)]
    indent = sum(widths) + 2 * len(widths)
    text, style = row[-1]
    room = max(NARROWEST, columns() - indent)
    lines = wrap(text, room, break_on_hyphens=False, break_long_words=False) or [""]
    if not lines[0]:  # nothing at the end of a line but blanks
        while head and not _pair(head[-1])[0].strip():
            head.pop()
    say(*head, (lines[0], style))
    for line in lines[1:]:
        say(" " * indent, (line, style))


def _pairs(head: Sequence[str]) -> list[tuple[str, str]]:
    return [(title, "bold") for title in head]


def _pair(cell: Cell) -> tuple[str, str]:
    return (cell, "") if isinstance(cell, str) else cell


def _line(cell: Cell) -> tuple[str, str]:
    """Return a cell of a table: one line, whatever is in it."""
    text, style = _pair(cell)
    return printable(text).replace("\n", "\\n").replace("\t", " "), style
