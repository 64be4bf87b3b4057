"""Which scenarios there are: those of the lab's own catalogue, lab/scenarios/, and files that a user names.

A word that selects scenarios is a file, a folder, an id, a group or a tag.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from dnszone.problem import did_you_mean
from lab.errors import LabError
from lab.files import is_folder
from lab.scenario.format.model import Scenario
from lab.scenario.format.read import SUFFIX, load

MOST = 50_000  # files in a folder: more is no folder of scenarios, but a disk
FOLDER = Path(__file__).parents[1] / "scenarios"


def files(folder: Path = FOLDER) -> list[Path]:
    """Return the scenario files in *folder* and below, sorted. Raises LabError for one with too many files."""
    found, seen = [], 0
    for here, _, names in os.walk(folder):
        seen += 1 + len(names)
        if seen > MOST:
            raise LabError(f"{folder} has more than {MOST} files in it", hint="name a folder nearer to the scenarios")
        found += [Path(here, name) for name in names if name.endswith(SUFFIX)]
    return sorted(found)


def named(paths: Iterable[Path]) -> list[Path]:
    """Return the files that *paths* are, and those in folders. Raises LabError for a folder without any."""
    found = [(path, files(path) if is_folder(path) else [path]) for path in paths]
    if empty := [f"there is no file *{SUFFIX} in the folder {path}" for path, inside in found if not inside]:
        raise LabError("\n".join(empty), hint="`lab new NAME` writes one")
    return list(dict.fromkeys(file for _, inside in found for file in inside))


def catalogue() -> list[Scenario]:
    """Return the lab's own scenarios, by group and id. Raises ScenarioError with every problem."""
    found = load(files())
    return sorted(found, key=lambda scenario: (scenario.group, scenario.id))


def select(words: Sequence[str]) -> list[Scenario]:
    """Return the scenarios that *words* name, each once, in this order. Raises LabError for a word that names none."""
    named = {word: _paths(word) for word in words}
    paths = list(dict.fromkeys(path for found in named.values() for path in found))
    loaded = dict(zip(paths, load(paths), strict=True))
    own = catalogue() if not all(named.values()) else []
    chosen: list[Scenario] = []
    missing = []
    for word, found in named.items():
        more = [loaded[path] for path in found] or [each for each in own if word in {each.id, each.group, *each.tags}]
        chosen += more
        if not more:
            missing.append(_missing(word, own))
    if missing:
        raise LabError("\n".join(missing), hint="`lab list` shows the catalogue; a file's name ends in .scenario.toml")
    unique: dict[Path, Scenario] = {}
    for each in chosen:
        unique.setdefault(Path(each.path).resolve(), each)
    return list(unique.values())


def tagged(scenarios: Iterable[Scenario], tags: Collection[str]) -> list[Scenario]:
    """Return those scenarios that have all *tags*."""
    return [each for each in scenarios if set(tags) <= set(each.tags)]


def _paths(word: str) -> list[Path]:
    path = Path(word)
    if word and is_folder(path):
        return files(path)
    return [path] if word.endswith(SUFFIX) else []


def _missing(word: str, own: Sequence[Scenario]) -> str:
    if word and is_folder(Path(word)):
        return f"there is no file *{SUFFIX} in the folder {word}"
    known = {name for each in own for name in (each.id, each.group, *each.tags)}
    hint = did_you_mean(word, known)
    return f"no scenario has the name, group or tag {word!r}" + (f": {hint}" if hint else "")
