"""KEY=VALUE words of `lab fault add`: read into a table, and looked through for everything that is wrong with it.

Numbers, true, false and JSON are read as such; anything else is text. Out: what is wrong at a host, as
:mod:`lab.faults.reader` has it, or a table as the DNS takes it. Errors: LabError with all mistakes, before anything is
applied.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lab.errors import LabError

if TYPE_CHECKING:
    from lab.faults.reader import AtHost

OWNER = "owner"  # whoever types it owns it


def at_host(role: str, words: Sequence[str]) -> AtHost:
    """Return the fault that *words* are at a host with this role."""
    from lab.faults import reader

    given, mistakes = read(words)
    table, problems = reader.written(given), reader.Problems()
    for mistake in mistakes:
        problems.note("", mistake)
    if table or not mistakes:
        reader.check(role, table, "", problems)
    problems.finish(f"keys are {', '.join(reader.KEYS)}")
    return reader.read(table)


def at_dns(words: Sequence[str], addresses: Mapping[str, str]) -> dict[str, Any]:
    """Return the DNS fault that *words* are. *addresses*: lab name to address, for ``client``."""
    from dnszone.problem import InvalidError
    from dnszone.rules import Rules

    table, problems = read(words)
    if OWNER in table:
        problems.append(f"{OWNER}: unknown key")
        del table[OWNER]
    if table.get("client") in addresses:
        table["client"] = addresses[table["client"]]
    try:
        Rules().add({OWNER: "cli", **table})
    except InvalidError as error:
        problems += [str(each) for each in error.problems]
    if problems:
        raise LabError("\n".join(problems), hint="such as kind=rcode name=shop.test type=MX rcode=SERVFAIL")
    return table


def read(words: Sequence[str]) -> tuple[dict[str, Any], list[str]]:
    """Return the table that *words* make, and what is wrong with single words."""
    table: dict[str, Any] = {}
    problems = []
    for word in words:
        key, equals, text = word.partition("=")
        if not (key and equals):
            problems.append(f"{word!r} is not KEY=VALUE")
        elif key in table:
            problems.append(f"{key} is given twice")
        else:
            table[key] = text
            try:
                table[key] = _value(text)
            except json.JSONDecodeError as error:
                problems.append(f"{key}: must be JSON, not {text!r}: {error.msg} at character {error.pos + 1}")
            except (ValueError, RecursionError) as error:  # a number of 5000 digits, 5000 levels
                problems.append(f"{key}: {error}")
    return table, problems


def write(table: Mapping[str, Any]) -> str:
    """Return the words that make *table*, quoted for a shell."""
    return " ".join(f"{key}={_text(value)}" for key, value in table.items())


def _value(text: str) -> Any:  # noqa: ANN401  whatever JSON has
    from lab.scenario.format import bounds

    try:
        value = json.loads(text, parse_constant=str)
    except json.JSONDecodeError:
        if text.startswith(("{", "[")):  # it was meant to be JSON
            raise
        return text
    if bounds.of_data({"": value}) is not None:
        raise ValueError(f"has more than {bounds.DEEPEST} levels of lists and tables in each other")
    return text if value is None else value


def _text(value: object) -> str:
    return shlex.quote(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
