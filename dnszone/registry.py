"""Finds the kinds of something that have a module each: a module in their folder is all that it takes to add one."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable
from typing import TypeVar

Base = TypeVar("Base")


def classes(package: str, folder: Iterable[str], base: type[Base], name: str = "kind") -> list[type[Base]]:
    """Return the classes made of *base* that say what they are called, in the modules of a package, by name of module.

    *folder* is the package's ``__path__``, *name* the attribute that says it. A class without it is what several
    have in common.
    """
    found = []
    for module in pkgutil.iter_modules(folder, f"{package}."):
        members = vars(importlib.import_module(module.name)).values()
        found += [
            each
            for each in members
            if isinstance(each, type)
            and issubclass(each, base)
            and each.__module__ == module.name
            and name in vars(each)
        ]
    return sorted(found, key=lambda each: each.__module__)
