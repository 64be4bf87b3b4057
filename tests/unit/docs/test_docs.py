"""The documentation stays true: links lead somewhere, commands exist with the options shown, samples compile.

What is quoted by name is compared with the code: commands, targets, faults, stages of a script, public names, files.
"""

from __future__ import annotations

import inspect
import json
import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from scripted.read import KEYS
from scripted.script import STAGES
from typer.main import get_command

import lab
from lab.cli import codes
from lab.cli.app import app
from lab.world.doors import doors
from lab.world.slot import Slot

ROOT = Path(__file__).parents[3]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
FENCE = re.compile(r"^```(?P<language>\w*)\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"(?<!`)`(?P<code>[^`\n]+(?:\n[^`\n]+)?)`(?!`)")
LINK = re.compile(r"\]\((?P<target>[^)\s]+)\)")
FILE = re.compile(r"(?:lab|dnszone|compose|tests|docs)/[\w./-]+\.\w+")
FREE = {"shell"}  # what follows the host is another program's


class Block(NamedTuple):
    """A fenced block: where it is, its language, what is in it."""

    place: str
    language: str
    code: str


def blocks() -> Iterator[Block]:
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for found in FENCE.finditer(text):
            line = text.count("\n", 0, found.start()) + 1
            yield Block(f"{page.relative_to(ROOT)}:{line}", found["language"], found["code"])


def spans() -> Iterator[tuple[str, str]]:
    """Yield place and text of everything between backticks in the prose."""
    for page in PAGES:
        prose = FENCE.sub(lambda found: "\n" * found[0].count("\n"), page.read_text(encoding="utf-8"))
        for found in SPAN.finditer(prose):
            line = prose.count("\n", 0, found.start()) + 1
            yield f"{page.relative_to(ROOT)}:{line}", " ".join(found["code"].split())


def command_lines() -> Iterator[tuple[str, str]]:
    """Yield place and text of every command that a reader may type."""
    yield from spans()
    for block in blocks():
        if block.language == "sh":
            for line in block.code.replace("\\\n", " ").splitlines():
                yield from ((block.place, part.strip()) for part in line.split(" | "))
        elif block.language == "text":
            for line in block.code.splitlines():
                if line.startswith("$ "):
                    yield from ((block.place, part.strip()) for part in line.removeprefix("$ ").split(" | "))


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as forges make them."""
    headings = re.findall(r"(?m)^#+ (.*)$", FENCE.sub("", page.read_text(encoding="utf-8")))
    return {re.sub(r"[^\w -]", "", each.strip().lower()).replace(" ", "-") for each in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_relative_links_lead_somewhere(page: Path) -> None:
    broken = []
    for found in LINK.finditer(FENCE.sub("", page.read_text(encoding="utf-8"))):
        path, _, anchor = found["target"].partition("#")
        if re.match(r"[a-z]+:", found["target"]):
            continue
        target = (page.parent / path) if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(found["target"])
    assert broken == []


def test_files_that_are_named_exist() -> None:
    named = {(place, name) for place, text in spans() for name in FILE.findall(text) if FILE.fullmatch(text)}
    assert sorted(f"{place}: {name}" for place, name in named if not (ROOT / name).exists()) == []
    assert named


def test_make_targets_exist() -> None:
    targets = set(re.findall(r"(?m)^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(encoding="utf-8")))
    used = {
        (place, found[1])
        for place, text in command_lines()
        if (found := re.fullmatch(r"(?:[A-Z_]+=\S+ )*make ([a-z-]+)", text))
    }
    assert sorted(f"{place}: make {target}" for place, target in used if target not in targets) == []
    assert {target for _, target in used} >= {"lab-up", "lab-down", "test", "help"}


def test_lab_commands_exist_with_the_options_that_are_shown() -> None:
    wrong, seen = [], set()
    for place, text in command_lines():
        found = re.match(r"(?:[A-Z_]+=\S+ )*lab (?=[a-z-])", text)
        if found is None:
            continue
        words = shlex.split(re.sub(r" > \S+$", "", text[found.end() :]))
        problem, path = unknown(words)
        seen.add(path)
        if problem:
            wrong.append(f"{place}: `{text}`: {problem}")
    assert wrong == []
    assert seen >= {*commands()}, "a command that no page shows"


def commands() -> Iterator[str]:
    """Yield every command that is no group: "up", "dns set"."""
    for name, command in root().commands.items():
        if hasattr(command, "commands"):
            yield from (f"{name} {each}" for each in command.commands)
        else:
            yield name


@cache
def root() -> Any:
    """Return the group of all commands; typer does not export its type."""
    return get_command(app)


def unknown(words: list[str]) -> tuple[str | None, str]:
    """Return what is wrong with the words after `lab`, and the command that they call."""
    command = root()
    path: list[str] = []
    known = options(command)
    rest = list(words)
    while rest and hasattr(command, "commands"):
        word = rest.pop(0)
        if word.startswith("-"):
            if word.partition("=")[0] not in known:
                return f"no option {word}", " ".join(path)
            if known[word.partition("=")[0]] and "=" not in word:
                rest = rest[1:]
        elif word in command.commands:
            command, path = command.commands[word], [*path, word]
            known |= options(command)
        elif path == ["queue"] and word in {door.host for door in doors()}:  # short for `lab queue list HOST`
            command, path = command.commands["list"], [*path, "list"]
            known |= options(command)
        else:
            return f"no command {word}", " ".join(path)
    if FREE.isdisjoint(path):
        for word in rest:
            if re.match(r"--?[a-z]", word) and word.partition("=")[0] not in known:
                return f"no option {word}", " ".join(path)
    return None, " ".join(path)


def options(command: Any) -> dict[str, bool]:
    """Return each option of a command, and whether it takes a value."""
    found = {"--help": False, "-h": False}
    for parameter in command.params:
        for name in (*parameter.opts, *parameter.secondary_opts):
            if name.startswith("-"):
                found[name] = not getattr(parameter, "is_flag", False)
    return found


@pytest.mark.parametrize("block", [each for each in blocks() if each.language == "python"], ids=lambda each: each.place)
def test_python_samples_compile(block: Block) -> None:
    compile(block.code, block.place, "exec")


@pytest.mark.parametrize("block", [each for each in blocks() if each.language == "json"], ids=lambda each: each.place)
def test_json_samples_are_json(block: Block) -> None:
    try:
        json.loads(block.code)
    except json.JSONDecodeError:  # or one object a line
        for line in block.code.splitlines():
            json.loads(line)


def test_blocks_have_a_known_language() -> None:
    assert {block.language for block in blocks()} <= {"sh", "text", "python", "json", "toml"}


def test_the_reference_has_every_public_name() -> None:
    text = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")
    words = set(re.findall(r"\w+", text))
    members = {name for name, _ in inspect.getmembers(lab.Lab) if not name.startswith("_")}
    assert sorted({*lab.__all__, *members} - words) == []


def test_the_reference_has_exit_codes_and_ports() -> None:
    text = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")
    assert [f"| {code} | {told} |" for code, told in codes.MEANINGS.items() if f"| {code} | {told} |" not in text] == []
    ports = {str(Slot(0).published(inner)) for inner in doors().values()}
    assert sorted(ports - set(re.findall(r"\d{5}", text))) == []


def test_every_stage_and_key_of_a_script_is_described() -> None:
    text = (ROOT / "docs" / "scripted.md").read_text(encoding="utf-8")
    words = {*STAGES, *(key for keys in KEYS.values() for key in keys)}
    assert sorted(word for word in words if f"`{word}`" not in text) == []
