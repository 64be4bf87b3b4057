"""What is too much for a scenario, found before anybody works on it: the reader of TOML would recurse, or take hours.

In: a text that may be TOML; then the data that it is. Out: the line, or the path, of what is too much, and what that
is. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

DEEPEST = 32  # levels of tables and lists; a scenario has five
DOTS = 64  # in one key
LONGEST = 256  # characters of a number, or of a key without quotes

PART = re.compile(
    r'"""(?:\\.|[^\\])*?"""(?!")|'
    r"'''.*?'''(?!')|"
    r""""(?:\\.|[^"\\\n])*"|'[^'\n]*'|"""
    r"#[^\n]*|(?P<word>[\w+-]+)|(?P<open>[\[{])|(?P<close>[\]}])|(?P<dot>\.)|(?P<end>[=,\n])",
    re.DOTALL,
)


def of_text(text: str) -> tuple[int, str] | None:
    """Return line and problem of the first thing that is too much."""
    depth = dots = 0
    for match in PART.finditer(text):
        kind = match.lastgroup
        depth = max(0, depth + (kind == "open") - (kind == "close"))
        dots = dots + (kind == "dot") if kind in ("dot", "word", None) else 0
        problem = None
        if depth > DEEPEST:
            problem = f"has more than {DEEPEST} levels of lists and tables in each other"
        elif dots > DOTS:
            problem = f"has a key with more than {DOTS} dots"
        elif kind == "word" and len(match[0]) > LONGEST:
            problem = f"has a number, or a key without quotes, of more than {LONGEST} characters"
        if problem:
            return text.count("\n", 0, match.start()) + 1, problem
    return None


def of_data(data: dict[str, object]) -> tuple[str | int, ...] | None:
    """Return the path of the first thing that is too deep."""
    left: list[tuple[tuple[str | int, ...], object]] = [((), data)]
    while left:
        path, value = left.pop()
        if len(path) > DEEPEST:
            return path
        left += [((*path, key), each) for key, each in _inside(value)]
    return None


def _inside(value: object) -> Iterator[tuple[str | int, object]]:
    if isinstance(value, dict):
        yield from value.items()
    elif isinstance(value, list):
        yield from enumerate(value)
