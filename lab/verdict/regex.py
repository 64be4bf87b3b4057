"""Regular expressions that users write: in scenarios and expectations, each of them goes through here.

They are RE2's (https://github.com/google/re2/wiki/Syntax), whose time grows with the length of the text and not beyond:
Python's own engine may go back over one line for hours, and neither a time-out nor Ctrl-C gets through to it. What
people know from Python means the same where RE2 can say it otherwise:

    $           at the end, and before a line feed there (RE2: at the end alone)
    \\Z \\u202e {,3}   RE2's \\z, \\x{202e}, {0,3}
    ^(?=...)    at the beginning of a pattern, after ^: one or several lookaheads, also (?!...); each is looked for by
                itself, from the beginning of the text

In: a pattern. Out: :class:`Regex`. Errors: :class:`PatternError`, at check time. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import re2

LONGEST = 4096  # characters; none of the catalogue's has 200
LARGEST = 5000  # instructions: a second or so for each MB of text, where it is worst; x{1000} has a thousand
MULTILINE = "m"
TOKEN = re.compile(
    r"\\(?:u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|.)"
    r"|\[\^?\]?(?:\\.|\[:\^?\w+:\]|[^\]\\])*\]"  # a set of characters
    r"|\(\?(?P<flags>[a-zA-Z-]*)(?P<scoped>[:)])"
    r"|\{(?P<least>\d*)(?P<most>,\d*)?\}"
    r"|.",
    re.DOTALL,
)
ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(Z)|(.))", re.DOTALL)
BEGINNING = re.compile(r"(?P<flags>\(\?[a-zA-Z]+\))?(?:\^|\\A)(?=\(\?[=!])")
LOOKAHEAD = re.compile(r"\(\?(?P<sign>[=!])")
MOST = 1000  # RE2's own; what is more it would take for the characters themselves
AHEAD = "this engine looks ahead at the beginning only, as in ^(?!...), and never behind: write two patterns"
HINTS = {
    **dict.fromkeys((f"invalid perl operator: (?{sign}" for sign in "=!<"), AHEAD),
    "invalid perl operator: (?P": "this engine has (?P<name>...) and no references back to it",
    "invalid escape sequence": "this engine, RE2, has no such escape, and no references back",
    "invalid": "this engine is RE2: https://github.com/google/re2/wiki/Syntax",
    "pattern too large": "repeat fewer times",
}


class PatternError(ValueError):
    """A pattern that cannot be used; the text says why, as what follows "is no regular expression: "."""


@dataclass(frozen=True, slots=True)
class Regex:
    """A pattern that is ready. ``ahead``: what stands at the beginning of the text, or, with False, does not."""

    main: re2._Regexp
    ahead: tuple[tuple[bool, re2._Regexp], ...] = ()

    def found(self, text: str) -> bool:
        """Return whether the pattern is found in *text*."""
        said = text.encode("utf-8", "replace")
        if not self.ahead:
            return self.main.search(said) is not None
        return all((each.match(said) is not None) == wanted for wanted, each in self.ahead) and (
            self.main.match(said) is not None
        )


def found(pattern: str, text: str) -> bool:
    """Return whether *pattern* is found in *text*. Raises PatternError."""
    return compiled(pattern).found(text)


@lru_cache(maxsize=4096)
def compiled(pattern: str) -> Regex:
    """Return the pattern, ready to be used. Raises PatternError."""
    if len(pattern) > LONGEST:
        raise PatternError(f"it has {len(pattern)} characters, and may have {LONGEST}")
    begin = BEGINNING.match(pattern)
    flags = (begin["flags"] or "") if begin else ""
    if begin is None or MULTILINE in flags:
        return Regex(_engine(_translated(pattern)))
    ahead, rest = [], pattern[begin.end() :]
    while look := LOOKAHEAD.match(rest):
        end = _closing(rest)
        ahead.append((look["sign"] == "=", _engine(_translated(f"{flags}(?:{rest[look.end() : end]})"))))
        rest = rest[end + 1 :]
    if _has_alternatives(rest):
        raise PatternError(f"an alternative stands beside {begin[0]}(?...): write (?:...|...) around it")
    return Regex(_engine(_translated(flags + rest)), tuple(ahead))


def _engine(pattern: str) -> re2._Regexp:
    """Return RE2's own."""
    options = re2.Options()
    options.log_errors = False  # it would write them on stderr
    options.never_capture = True
    try:
        engine = re2.compile(pattern, options)
    except (re2.error, UnicodeEncodeError) as error:
        cause = error.args[0].decode("utf-8", "replace") if isinstance(error.args[0], bytes) else str(error)
        hint = next((hint for beginning, hint in HINTS.items() if cause.startswith(beginning)), None)
        raise PatternError(f"{cause} ({hint})" if hint else cause) from None
    if engine.programsize > LARGEST:
        raise PatternError(f"it repeats too much: {engine.programsize} instructions, and {LARGEST} are the most")
    return engine


def _translated(pattern: str) -> str:
    """Return a pattern as RE2 writes it."""
    parts, lines = [], [False]  # for each open group: whether $ stands at the end of each line
    for word, match in _words(pattern):
        if any(int(number) > MOST for number in re.findall(r"\d+", word) if match["least"] is not None):
            raise PatternError(f"{word} repeats too often: {MOST} times are the most")
        flags = match["flags"] or ""
        on, _, off = flags.partition("-")
        if match["scoped"] == ")":
            lines[-1] = lines[-1] or MULTILINE in on
        elif match["scoped"] or word == "(":
            lines.append((lines[-1] or MULTILINE in on) and MULTILINE not in off)
        elif word == ")" and len(lines) > 1:
            lines.pop()
        if word == "$" and not lines[-1]:
            parts.append(r"(?:\n?\z)")
        elif match["most"] is not None and not match["least"] and match["most"] != ",":
            parts.append("{0" + word[1:])
        else:
            parts.append(ESCAPE.sub(_escape, word) if "\\" in word else word)
    return "".join(parts)


def _escape(match: re.Match[str]) -> str:
    code = match[1] or match[2]
    return rf"\x{{{code}}}" if code else r"\z" if match[3] else match[0]


def _words(pattern: str) -> Iterator[tuple[str, re.Match[str]]]:
    return ((match[0], match) for match in TOKEN.finditer(pattern))


def _closing(pattern: str) -> int:
    """Return where the group that *pattern* begins with ends."""
    depth = 0
    for word, match in _words(pattern):
        depth += (word == "(" or match["scoped"] == ":") - (word == ")")
        if not depth:
            return match.start()
    raise PatternError("missing closing )")


def _has_alternatives(pattern: str) -> bool:
    """Whether a | stands outside of all groups."""
    depth = 0
    for word, match in _words(pattern):
        depth += (word == "(" or match["scoped"] == ":") - (word == ")")
        if word == "|" and not depth:
            return True
    return False
