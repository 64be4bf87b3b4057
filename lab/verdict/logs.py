"""What hosts have logged against what they should have, and should not have.

In: an expectation, and by host the lines that are about what is judged (:mod:`lab.route.about`). Out: differences.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from lab.verdict import regex
from lab.verdict.difference import Difference
from lab.verdict.expectation import Expectation

WORD = re.compile(r"[a-z0-9]{3,}", re.IGNORECASE)
SHOWN = 3  # lines that are shown where one is missing
Logs = Mapping[str, Sequence[str]]


def differences(expected: Expectation, logs: Logs | None, *, complete: bool) -> Iterator[Difference]:
    """Yield what differs. *complete*: nothing more will be logged; a host that is not in *logs* was not heard."""
    for path, host, pattern in _patterns("logged", expected.logged):
        lines = (logs or {}).get(host)
        if lines is None:
            yield Difference(path, pattern, None)
        elif not any(regex.found(pattern, line) for line in lines):
            yield Difference(path, pattern, nearest(pattern, lines) if complete else None)
    for path, host, pattern in _patterns("not_logged", expected.not_logged):
        lines = (logs or {}).get(host)
        hit = next((line for line in lines or () if regex.found(pattern, line)), None)
        if hit is not None or lines is None or not complete:
            yield Difference(path, f"no line with {pattern}", hit)


def nearest(pattern: str, lines: Sequence[str]) -> str:
    """Return the lines that have most of the words in *pattern*, for a person who looks for one that has them all."""
    words = set(WORD.findall(pattern))
    scores = [len(words & set(WORD.findall(line))) for line in lines]
    best = sorted(sorted(range(len(lines)), key=lambda index: -scores[index])[:SHOWN])
    return "\n".join(["no such line" + ("; the nearest:" if best else ""), *(f"      {lines[each]}" for each in best)])


def _patterns(key: str, expected: Logs | None) -> Iterator[tuple[str, str, str]]:
    """Yield path, host and pattern of each."""
    for host, patterns in (expected or {}).items():
        for index, pattern in enumerate(patterns):
            yield f"{key}.{host}" + (f"[{index}]" if len(patterns) > 1 else ""), host, pattern
