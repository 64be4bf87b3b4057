"""Dovecot's configuration as text, as far as it can be judged without Dovecot: lines that are none, and open sections.

In: lines to add to dovecot.conf (Dovecot 2.4). Out: every problem, with its line. Which settings there are, Dovecot
itself knows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from dnszone.problem import Problem

NAME = r"(?:[\w/.@%+-]+|\"[^\"]*\")"
SETTING = re.compile(rf"{NAME}\s*=.*")
OPENS = re.compile(rf"{NAME}(?:\s+!?(?:\"(?:[^\"\\]|\\.)*\"|[^\s\"{{}}]+))?\s*\{{")
INCLUDE = re.compile(r"!include(?:_try)?\s+\S+")
COMMENT = re.compile(r"(?:^|\s)#.*")


def problems(text: str, file: str) -> Iterator[Problem]:
    """Yield what is wrong with *text*, called *file*."""
    opened: list[int] = []
    continued = False
    for number, raw in enumerate(text.split("\n"), start=1):
        line = COMMENT.sub("", raw).strip()
        whole, continued = not continued, line.endswith("\\")  # the value of the line before goes on
        if not whole or not line or SETTING.fullmatch(line) or INCLUDE.fullmatch(line):
            continue
        if OPENS.fullmatch(line):
            opened.append(number)
        elif line != "}":
            yield Problem(
                f'{line!r} is neither "name = value" nor "name {{" nor "}}" alone in its line', file=file, line=number
            )
        elif opened:
            opened.pop()
        else:
            yield Problem("} closes nothing", file=file, line=number)
    yield from (Problem("{ is not closed", file=file, line=number) for number in opened)
