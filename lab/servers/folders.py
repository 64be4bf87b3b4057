"""The folders of lab/servers: one for each server software. A new one is found by being there. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pkgutil import iter_modules
from typing import Any

PACKAGE = "lab.servers"


def each(module: str) -> Iterator[Any]:
    """Yield the module called *module* of every folder that has one, in the order of their names."""
    names = sorted(found.name for found in iter_modules(import_module(PACKAGE).__path__) if found.ispkg)
    for name in (f"{PACKAGE}.{folder}.{module}" for folder in names):
        if find_spec(name) is not None:
            yield import_module(name)
