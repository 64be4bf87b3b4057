"""Who has a mailbox in the lab: the users file, compose/users, with a name and a password a line.

In: lines of "name:password", empty lines, and lines that begin with "#". The images' builds read them with sed: there
is no comment after a password, and no blank around a name.
Out: names and passwords. Errors: LabError with every problem, each with file and line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from operator import itemgetter
from pathlib import Path

from lab.errors import LabError
from lab.world import bundle

ACCOUNT = re.compile(r"[^\s:]+")  # a name, or a whole address, in a mail store with users of its own
NAME = re.compile(r"[a-z0-9][a-z0-9._-]*")  # a local part that every host takes, and part of the recipients table
PASSWORD = re.compile(r"[!\"$-9;-~]+")
REQUIRED = {
    "postmaster": "RFC 5321 4.5.1: every domain has one",
    "customer": "client.home.test logs in to its smarthost with it",
}


def file() -> Path:
    """Return where the users file is."""
    return bundle.compose_folder() / "users"


def passwords() -> dict[str, str]:
    """Return every name with its password. Raises LabError with all that is wrong with the file."""
    try:
        text = file().read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise LabError(f"cannot read the users file {file()}: {error}", hint="restore it") from error
    found, problems = parse(text)
    if problems:
        raise LabError("\n".join(f"{file()}:{problem}" for problem in problems), hint="a line is name:password")
    return found


def parse(text: str) -> tuple[dict[str, str], list[str]]:
    """Return names with passwords, and every problem of *text* as "LINE: what is wrong"."""
    found, wrong = _read(text)
    wrong += [
        (number, f"{name!r} is not a name: lower-case letters, digits, dot, hyphen, underscore")
        for number, name, _, _ in _lines(text)
        if not NAME.fullmatch(name)
    ]
    problems = [f"{number}: {problem}" for number, problem in sorted(wrong, key=itemgetter(0))]
    problems += [f"1: {name} is missing: {why}" for name, why in REQUIRED.items() if name not in found]
    return found, problems


def own(text: str) -> tuple[dict[str, str], list[tuple[int, str]]]:
    """Return names, or whole addresses, with passwords, and every problem of *text* with its line.

    *text* has the users of one mail store that a test or a scenario brings along.
    """
    found, wrong = _read(text)
    wrong += [(number, f"{name!r} is not a name") for number, name, _, _ in _lines(text) if not ACCOUNT.fullmatch(name)]
    return found, sorted(wrong, key=itemgetter(0))


def _lines(text: str) -> Iterator[tuple[int, str, str, str]]:
    """Yield number, name, colon and password of each line that has a user."""
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip() and not line.lstrip().startswith("#"):
            yield number, *line.partition(":")


def _read(text: str) -> tuple[dict[str, str], list[tuple[int, str]]]:
    found: dict[str, str] = {}
    wrong = []
    for number, name, colon, password in _lines(text):
        if not colon:
            wrong.append((number, f"no colon in {name!r}"))
        elif not PASSWORD.fullmatch(password):
            problem = f"the password of {name!r} is empty, or has a colon, a hash, a blank or a letter beyond ASCII"
            wrong.append((number, problem))
        if name in found:
            wrong.append((number, f"{name!r} is there twice"))
        found.setdefault(name, password)
    return found, wrong
