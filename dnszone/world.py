"""The world's own zones: a folder of master files, each named after its zone ("dest.test.zone")."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path

from dnszone.masterfile import read
from dnszone.problem import InvalidError, Problem
from dnszone.zone import WORLD, Zone

SUFFIX = ".zone"


def load(folder: Path, variables: Mapping[str, str]) -> list[Zone]:
    """Return the zones of a folder. Raises InvalidError with every problem of every file."""
    files = sorted(folder.glob(f"*{SUFFIX}"))
    if not files:
        raise InvalidError([Problem(f"there are no zone files (*{SUFFIX})", file=str(folder))])
    zones: list[Zone] = []
    problems: list[Problem] = []
    for file in files:
        try:
            zones.append(load_file(file, variables))
        except InvalidError as error:
            problems += error.problems
    if problems:
        raise InvalidError(problems)
    return zones


def load_file(file: Path, variables: Mapping[str, str]) -> Zone:
    """Return the zone of one file. Raises InvalidError with every problem of it."""
    if file.suffix != SUFFIX:
        raise InvalidError([Problem("the name does not tell the zone", f"call it DOMAIN{SUFFIX}", str(file))])
    try:
        text = file.read_bytes().decode()
    except OSError as error:
        raise InvalidError([Problem(error.strerror or str(error), file=str(file))]) from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise InvalidError([Problem("the text is not UTF-8", file=str(file), line=line)]) from error
    return read(text, file.stem, variables=variables, owner=WORLD, file=str(file))


def variables(environment: Mapping[str, str]) -> dict[str, str]:
    """Return what zone files may name: the variables of the environment that are addresses."""
    found = {}
    for name, value in environment.items():
        with contextlib.suppress(ValueError):
            found[name] = str(ip_address(value))
    return found
