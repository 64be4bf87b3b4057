"""Splits a master file (RFC 1035 5.1) into entries: what stands on one line, or within parentheses on several.

In: the text, and the values of its variables. ``$NAME`` is replaced by a variable's value, in quoted strings as well
and in comments not; ``\\$`` is a plain dollar sign. A line that begins with one of DIRECTIVES is a directive instead.
Out: entries of tokens, each with its line. What is wrong is noted, and reading goes on.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from dnszone.problem import did_you_mean

DIRECTIVES = ("$ORIGIN", "$TTL", "$INCLUDE", "$GENERATE")
Note = Callable[[int, str, str | None], None]  # line, problem, hint

# Blanks are space and tab alone (RFC 1035 5.1): what else Unicode takes for one is a character like others.
_TOKEN = re.compile(r'(?:\\.|[^ \t;()"\\]|"(?:\\.|[^"\\])*")+')  # alpn="h2" is one
_WORD = re.compile(r'[^ \t;()"\\]+')
_VARIABLE = re.compile(r"\\.|\$([A-Z][A-Z0-9_]*)", re.DOTALL)


@dataclass(slots=True)
class Entry:
    """One record or directive. ``indented``: its line begins with a blank, so that it has the previous owner."""

    line: int
    indented: bool
    tokens: list[str] = field(default_factory=list)  # as written, quotes and escapes included
    broken: bool = False  # something in it has been noted, so that its values mean little


class Splitter:
    """Reads one text; *note* is told what is wrong with it."""

    def __init__(self, variables: Mapping[str, str], note: Note) -> None:
        """*variables* maps names without the dollar sign to values of one word each."""
        self._variables = variables
        self._note = note
        self._opened: list[int] = []  # lines of the parentheses that are open

    def entries(self, text: str) -> Iterator[Entry]:
        """Yield the entries that have a token."""
        entry = Entry(1, indented=False)
        for number, line in enumerate(text.split("\n"), start=1):
            if not self._opened:
                if entry.tokens:
                    yield entry
                entry = Entry(number, indented=line[:1] in (" ", "\t"))
            self._scan(line.removesuffix("\r"), number, entry)
        if self._opened:
            self._note(self._opened[0], 'a parenthesis "(" is never closed', 'write the ")" after the last value')
        if entry.tokens:
            yield entry

    def _scan(self, line: str, number: int, entry: Entry) -> None:
        if "\r" in line:
            self._note(number, "a carriage return within the line", "LF or CRLF ends a line")
            entry.broken = True
            return
        at = 0
        while at < len(line) and line[at] != ";":
            token = _TOKEN.match(line, at)
            if token:
                directive = at == 0 and not entry.tokens and token[0].upper() in DIRECTIVES
                entry.tokens.append(token[0] if directive else self._replaced(token[0], number, entry))
                at = token.end()
            elif line[at] == '"':
                self._note(number, "a quoted string does not end on its line", 'write the closing "')
                entry.broken = True
                return
            else:
                self._sign(line[at], number)
                at += 1

    def _sign(self, character: str, number: int) -> None:
        if character == "(":
            self._opened.append(number)
        elif character == ")" and self._opened:
            self._opened.pop()
        elif character == ")":
            self._note(number, 'a parenthesis ")" closes nothing', None)
        elif character == "\\":
            self._note(number, "a backslash at the end of a line escapes nothing", None)

    def _replaced(self, token: str, number: int, entry: Entry) -> str:
        if "$" not in token:
            return token
        return _VARIABLE.sub(lambda found: self._value(found, number, entry), token)

    def _value(self, found: re.Match[str], number: int, entry: Entry) -> str:
        name = found[1]
        if name is None:  # an escaped character
            return found[0]
        value = self._variables.get(name)
        if value is not None and _WORD.fullmatch(value):
            return value
        entry.broken = True
        if value is not None:
            self._note(number, f"the value of ${name}, {value!r}, is not one word", None)
            return found[0]
        known = sorted(f"${each}" for each in self._variables)
        hint = did_you_mean(f"${name}", [*known, *DIRECTIVES])
        others = f"variables are {', '.join(known)}" if known else "there are no variables here"
        self._note(number, f"unknown variable ${name}", hint or others)
        return found[0]
