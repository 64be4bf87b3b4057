"""What is printed: coloured on a terminal, plain in a pipe or with NO_COLOR, at most WIDTH columns wide.

A cell is a text, or a text with its style, a word of Rich's.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Sequence
from textwrap import wrap
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

WIDTH = 110
NARROWEST = 24  # columns that a wrapped last column has, however narrow the terminal is
Cell = str | tuple[str, str]
Row = Sequence[Cell]


def out() -> Console:
    """Return the console for what was asked for."""
    return _console(stderr=False)


def err() -> Console:
    """Return the console for progress and errors."""
    return _console(stderr=True)


def say(*cells: Cell) -> None:
    """Print one line made of cells, as it is: nothing is wrapped or cut."""
    from rich.text import Text

    out().print(Text.assemble(*cells), soft_wrap=True)


def table(head: Sequence[str], rows: Iterable[Row]) -> None:
    """Print rows in aligned columns below *head*; what is too wide in the last column goes on below itself."""
    found = [[_pair(cell) for cell in row] for row in rows]
    widths = [max(len(cells[0]) for cells in column) for column in zip(_pairs(head), *found, strict=True)]
    for row in [_pairs(head), *found]:
        _print(row, widths[:-1])


def document(value: object) -> None:
    """Print one JSON document."""
    print(json.dumps(value, indent=2, ensure_ascii=False, default=str))


def record(value: dict[str, Any]) -> None:
    """Print one JSON object as a line of a stream."""
    print(json.dumps(value, ensure_ascii=False, default=str), flush=True)


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
    room = max(NARROWEST, out().width - indent)
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
