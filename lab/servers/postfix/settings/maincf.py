"""Postfix's main.cf as text: logical lines, and the expansion of ``$name`` (postconf(5), "SYNTAX").

In: the text of one or more main.cf files, one after the other. A later entry replaces an earlier one.
Out: :func:`entries`, name to :class:`Entry`; :func:`expand`, a value with everything in it replaced.
Errors: :class:`dnszone.problem.Problem`, with the line of the file; nothing is raised for what a user wrote.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from dnszone.problem import Problem

WHITE = " \t\r\v\f"  # what Postfix takes for white space; lines end at LF alone (readlline(3))
NAME = re.compile(r"[A-Za-z0-9_]+")
ENTRY = re.compile(r"(?P<name>[^=\s]+)\s*=\s*(?P<value>.*)", re.DOTALL)
COMPARISON = re.compile(r"\s*(?P<operator>[<>]=?|[!=]=)(?P<level>level)?\s*")

Lookup = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Entry:
    """``name = value`` as written, and the number of its first line."""

    name: str
    value: str
    line: int


class ExpansionError(ValueError):
    """A value that cannot be expanded: an open brace, or a parameter defined by itself."""


def logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield (number of the first line, text) for each logical line.

    A line that begins with white space goes on with the one before, even across comments and empty lines
    between them.
    """
    first, parts = 0, list[str]()
    for number, line in enumerate(text.split("\n"), start=1):
        own = line.strip(WHITE)
        if not own or own.startswith("#"):
            continue
        if line[0] in WHITE and parts:
            parts.append(own)
            continue
        if parts:
            yield first, " ".join(parts)
        first, parts = number, [own]
    if parts:
        yield first, " ".join(parts)


def entries(text: str, file: str) -> tuple[dict[str, Entry], list[Problem]]:
    """Return the entries by name, the last one of each, and every line that is none."""
    found: dict[str, Entry] = {}
    problems: list[Problem] = []
    for number, line in logical_lines(text):
        match = ENTRY.fullmatch(line)
        if match:
            found[match["name"]] = Entry(match["name"], match["value"], number)
        else:
            problems.append(Problem(f"missing '=' after the parameter's name: {line!r}", file=file, line=number))
    return found, problems


def expand(value: str, lookup: Lookup) -> str:
    """Replace ``$name``, ``${name}``, ``${name?{..}:{..}}`` and ``${{a} == {b} ? {..} : {..}}`` in *value*.

    *lookup* returns a parameter's expanded value, "" when it has none. Raises :class:`ExpansionError`.
    """
    result, position = "", 0
    while (dollar := value.find("$", position)) >= 0:
        result += value[position:dollar]
        after = value[dollar + 1 : dollar + 2]
        if after == "$":  # $$ is a literal $
            result, position = result + "$", dollar + 2
        elif after in ("{", "("):
            end = _closing(value, dollar + 1)
            result, position = result + _macro(value[dollar + 2 : end], lookup), end + 1
        elif name := NAME.match(value, dollar + 1):
            result, position = result + lookup(name[0]), name.end()
        else:
            raise ExpansionError(f"a $ that begins no parameter name in {value!r}; a literal one is written $$")
    return result + value[position:]


def words(value: str) -> list[str]:
    """Split a list at commas and white space; what stands in braces stays together."""
    return [word for word in re.findall(r"(?:\{(?:[^{}]|\{[^{}]*\})*\}|[^\s,{])+", value) if word]


def _macro(body: str, lookup: Lookup) -> str:
    if body.lstrip().startswith("{"):
        return _conditional(body, lookup)
    name = NAME.match(body)
    if not name:
        raise ExpansionError(f"no parameter name in ${{{body}}}")
    rest = body[name.end() :]
    content = lookup(name[0])
    if not rest:
        return content
    if rest[0] == ":":
        return "" if content else expand(_unbraced(rest[1:]), lookup)
    if rest[0] == "?":
        yes, no = _branches(rest[1:])
        return expand(yes if content else no, lookup)
    raise ExpansionError(f"expected ? or : after the name in ${{{body}}}")


def _conditional(body: str, lookup: Lookup) -> str:
    """Evaluate ``{a} operator {b} ? {yes} : {no}``; numbers compare as numbers, levels part by part."""
    left, rest = _braced(body)
    comparison = COMPARISON.match(rest)
    if not comparison:
        raise ExpansionError(f"no comparison in ${{{body}}}")
    right, rest = _braced(rest[comparison.end() :])
    if not rest.startswith("?"):
        raise ExpansionError(f"no ? after the comparison in ${{{body}}}")
    yes, no = _branches(rest[1:])
    a, b = expand(left, lookup).strip(), expand(right, lookup).strip()
    holds = _compare(a, b, comparison["operator"], levels=bool(comparison["level"]))
    return expand(yes if holds else no, lookup)


def _compare(a: str, b: str, operator: str, *, levels: bool) -> bool:
    if levels:
        return _ordered(_level(a), _level(b), operator)
    if a.isdigit() and b.isdigit():
        return _ordered((int(a),), (int(b),), operator)
    return _ordered((a,), (b,), operator)


def _ordered(a: tuple[int, ...] | tuple[str], b: tuple[int, ...] | tuple[str], operator: str) -> bool:
    less, equal = a < b, a == b  # type: ignore[operator]  # both sides are of one kind
    return {
        "==": equal,
        "!=": not equal,
        "<": less,
        "<=": less or equal,
        ">": not (less or equal),
        ">=": not less,
    }[operator]


def _level(text: str) -> tuple[int, ...]:
    """A compatibility level: "3.9" is below "3.10"."""
    parts = [int(part) if part.isdigit() else 0 for part in text.split(".")]
    return tuple(parts + [0] * (3 - len(parts)))


def _branches(text: str) -> tuple[str, str]:
    """Split ``{yes}:{no}``, ``{yes}`` or plain ``yes``."""
    if not text.lstrip().startswith("{"):
        return text, ""
    yes, rest = _braced(text)
    return yes, _unbraced(rest[1:]) if rest.startswith(":") else ""


def _unbraced(text: str) -> str:
    return _braced(text)[0] if text.lstrip().startswith("{") else text


def _braced(text: str) -> tuple[str, str]:
    """Return what the braces at the beginning hold, and what follows them."""
    text = text.lstrip()
    if not text.startswith("{"):
        raise ExpansionError(f"expected {{ at {text!r}")
    end = _closing(text, 0)
    return text[1:end].strip(), text[end + 1 :].lstrip()


def _closing(text: str, start: int) -> int:
    """Return where the brace that opens at *start* is closed."""
    opening = text[start]
    closing = {"{": "}", "(": ")"}[opening]
    depth = 0
    for position in range(start, len(text)):
        depth += (text[position] == opening) - (text[position] == closing)
        if depth == 0:
            return position
    raise ExpansionError(f"a {opening} without its {closing} in {text!r}")
