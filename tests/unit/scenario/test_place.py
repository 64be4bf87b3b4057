"""Where each key of a TOML text stands."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from typing import Any

import pytest

from lab.scenario.format.lines import Path, places, words
from lab.scenario.format.template import template

TEXT = '''\
# a comment with a = "b" in it
a = 1
"quoted key" = 'literal'
zone = """
@ MX 10 x
@ MX 20 y
"""
same = """first
second"""
b.c = { d = 1, e = [
  "x",  # a "comment", in a list
  "y ] \\" z",
  [1, 2.5, -inf],
  { f = true },
] }
when = 2026-01-01 00:00:00Z

[faults.mx-a] # table
rcpt = [{ reply = "450 x" },
        { reply = "550 y" }]
raw = \'\'\'
\'\'quoted\'\'
\'\'\'

[[message]]
to = "a"
[[message]]
to = ["b",
  "c"]
[message.headers]
X-Test = "1"
[[step]]
[step.expect]
status = "4.x.x"
[[step]]
send = "message"
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("a", 2),
        ("quoted key", 3),
        ("zone", 4),
        ("same", 8),
        ("b.c.d", 10),
        ("b.c.e[0]", 11),
        ("b.c.e[1]", 12),
        ("b.c.e[2][1]", 13),
        ("b.c.e[3].f", 14),
        ("when", 16),
        ("faults.mx-a", 18),
        ("faults.mx-a.rcpt[0].reply", 19),
        ("faults.mx-a.rcpt[1].reply", 20),
        ("message[0].to", 26),
        ("message[1].to[1]", 29),
        ("message[1].headers.X-Test", 31),
        ("step[0].expect.status", 34),
        ("step[1].send", 36),
        ("message[1].nothing", 27),  # the nearest thing around it
        ("nothing", 1),
    ],
)
def test_the_line_of_a_key(path: str, line: int) -> None:
    assert places(TEXT).line(path) == line


@pytest.mark.parametrize(
    ("path", "line", "there"), [("zone", 2, 6), ("same", 1, 8), ("same", 2, 9), ("faults.mx-a.raw", 1, 22)]
)
def test_a_line_inside_a_text(path: str, line: int, there: int) -> None:
    assert places(TEXT).within(path, line) == there


def paths(value: Any, path: Path = ()) -> Iterator[Path]:
    if path:
        yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in items:
        yield from paths(each, (*path, key))


@pytest.mark.parametrize("text", [TEXT, template("x"), TEXT.replace("\n", "\r\n")])
def test_everything_that_tomllib_finds_has_a_line(text: str) -> None:
    found = places(text)
    for path in paths(tomllib.loads(text)):
        assert words(path) in found.lines, path
        key = path[-1]
        if isinstance(key, str):
            assert key.split()[0] in text.splitlines()[found.line(words(path)) - 1]


def test_a_path_in_words() -> None:
    assert words(("expect", 0, "attempts", 1)) == "expect[0].attempts[1]"
    assert words(("a",)) == "a"
