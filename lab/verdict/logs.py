"""Regular expressions by host, and lines of logs that match them or come near."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lab.verdict.kinds import OneOrMore, Pattern, TableOf

Logs = Mapping[str, Sequence[str]]  # host to lines
Patterns = Mapping[str, tuple[str, ...]]  # host to regular expressions
BY_HOST = TableOf(OneOrMore(Pattern()), '{direct = "status=deferred"}')
WORD = re.compile(r"[a-z0-9]{3,}", re.IGNORECASE)
SHOWN = 3  # lines that are shown where one is missing


def read(written: Mapping[str, Any]) -> Patterns:
    """Return the expressions of each host, of which it may be written one or a list."""
    return {host: tuple(each) if isinstance(each, list) else (each,) for host, each in written.items()}


def places(key: str, expected: Patterns) -> Iterator[tuple[str, str, str]]:
    """Yield path, host and pattern of each."""
    for host, patterns in expected.items():
        for index, pattern in enumerate(patterns):
            yield f"{key}.{host}" + (f"[{index}]" if len(patterns) > 1 else ""), host, pattern


def nearest(pattern: str, lines: Sequence[str]) -> str:
    """Return the lines that have most of the words in *pattern*, for a person who looks for one that has them all."""
    words = set(WORD.findall(pattern))
    scores = [len(words & set(WORD.findall(line))) for line in lines]
    best = sorted(sorted(range(len(lines)), key=lambda index: -scores[index])[:SHOWN])
    return "\n".join(["no such line" + ("; the nearest:" if best else ""), *(f"      {lines[each]}" for each in best)])
