"""Where each key of a TOML document stands: the path of a key or a list's item, and its line.

In: a text that tomllib has read already, so that it is known to be TOML 1.0. Out: :class:`Places`.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from dataclasses import dataclass, field

Path = tuple[str | int, ...]
KEY = re.compile(r"""[A-Za-z0-9_-]+|"(?:\\.|[^"\\])*"|'[^']*'""")
BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")  # with comments
SPACE = re.compile(r"[ \t]*")
STRING = re.compile(
    r'"""(?P<basic>(?:\\.|[^\\])*?)"""(?!")|'
    r"'''(?P<literal>.*?)'''(?!')|"
    r""""(?:\\.|[^"\\\n])*"|'[^'\n]*'""",
    re.DOTALL,
)
BARE = re.compile(r"[^,\]}\s#]+(?: [0-9:.]+Z?)?")  # numbers, true, dates


@dataclass(slots=True)
class Places:
    """Lines by path in words ("expect[0].attempts[1]").

    ``inside`` has the line at which the first character of a string's value stands.
    """

    lines: dict[str, int] = field(default_factory=dict)
    inside: dict[str, int] = field(default_factory=dict)

    def line(self, path: str) -> int:
        """Return the line of *path*, or of the nearest thing around it that has one."""
        while path and path not in self.lines:
            path = around(path)
        return self.lines.get(path, 1)

    def within(self, path: str, line: int) -> int:
        """Return the line of the file that is *line* (from 1) of the string at *path*."""
        return self.inside.get(path, self.line(path)) + line - 1


def around(path: str) -> str:
    """Return the path of what "expect[0].attempts[1]" is in: "expect[0].attempts"."""
    return path[: max(path.rfind("."), path.rfind("["), 0)]


def words(path: Path) -> str:
    """Return ("expect", 0, "attempts", 1) as "expect[0].attempts[1]"."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")


def places(text: str) -> Places:
    """Return where everything in *text* stands."""
    return _Scanner(text).read()


class _Scanner:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._ends = [match.start() for match in re.finditer("\n", text)]
        self._found = Places()
        self._counts: dict[Path, int] = {}  # tables so far of each array of tables

    def read(self) -> Places:
        table: Path = ()
        self._skip(BLANK)
        while self._at < len(self._text):
            if self._text[self._at] == "[":
                table = self._header()
            else:
                self._entry(table)
            self._skip(BLANK)
        return self._found

    def _header(self) -> Path:
        line, array = self._line(), self._text.startswith("[[", self._at)
        self._at += 2 if array else 1
        keys = self._keys()
        self._at += 2 if array else 1
        path: Path = ()
        for number, key in enumerate(keys, start=1):
            path = (*path, key)
            if array and number == len(keys):
                self._counts[path] = self._counts.get(path, -1) + 1
            self._found.lines.setdefault(words(path), line)
            if path in self._counts:
                path = (*path, self._counts[path])
        self._found.lines.setdefault(words(path), line)
        return path

    def _entry(self, table: Path) -> None:
        line = self._line()
        path = table
        for key in self._keys():
            path = (*path, key)
            self._found.lines.setdefault(words(path), line)
        self._at += 1  # =
        self._skip(SPACE)
        self._value(path)

    def _value(self, path: Path) -> None:
        first = self._text[self._at]
        if first in "\"'":
            self._string(path)
        elif first == "[":
            self._list(path)
        elif first == "{":
            self._inline(path)
        else:
            self._skip(BARE)

    def _string(self, path: Path) -> None:
        match = STRING.match(self._text, self._at)
        if match is None:
            raise AssertionError("tomllib has read this text")
        content = match["basic"] if match["basic"] is not None else match["literal"]
        cut = content is not None and content.lstrip("\r")[:1] == "\n"  # TOML drops a first line break
        self._found.inside[words(path)] = self._line() + cut
        self._at = match.end()

    def _list(self, path: Path) -> None:
        self._at += 1
        index = 0
        self._skip(BLANK)
        while self._text[self._at] != "]":
            self._found.lines[words((*path, index))] = self._line()
            self._value((*path, index))
            index += 1
            self._skip(BLANK)
            if self._text[self._at] == ",":
                self._at += 1
                self._skip(BLANK)
        self._at += 1

    def _inline(self, path: Path) -> None:
        self._at += 1
        self._skip(BLANK)
        while self._text[self._at] != "}":
            self._entry(path)
            self._skip(BLANK)
            if self._text[self._at] == ",":
                self._at += 1
                self._skip(BLANK)
        self._at += 1

    def _keys(self) -> tuple[str, ...]:
        """Take a dotted key, and the blanks around it."""
        keys = []
        while True:
            self._skip(SPACE)
            match = KEY.match(self._text, self._at)
            if match is None:
                raise AssertionError("tomllib has read this text")
            keys.append(_key(match[0]))
            self._at = match.end()
            self._skip(SPACE)
            if self._text[self._at] != ".":
                return tuple(keys)
            self._at += 1

    def _skip(self, pattern: re.Pattern[str]) -> None:
        match = pattern.match(self._text, self._at)
        self._at = match.end() if match else self._at

    def _line(self) -> int:
        return bisect_right(self._ends, self._at - 1) + 1


def _key(text: str) -> str:
    """Return a key without its quotes, and with what its escapes stand for."""
    if text[0] not in "\"'":
        return text
    return next(iter(tomllib.loads(f"{text} = 0"))) if "\\" in text else text[1:-1]
