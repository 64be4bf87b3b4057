"""The rooms of lab/: each imports only rooms that stand before it, and there is no circle."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Collection, Iterator
from pathlib import Path

from tests.unit.house.test_layers import imported

ROOT = Path(__file__).parents[3]
ROOMS = (
    *("printable", "errors", "values", "files", "tls"),  # what every room may use
    *("route", "verdict", "state", "engine", "world", "servers", "control", "plan", "mail", "faults", "lab"),
    *("scenario", "soak", "cli", "plugin", "__main__"),
)
"""From the ground up; docs/architecture.md says what each is for. ``lab.py`` is the lab as a test sees it."""


def modules() -> dict[str, Path]:
    """Return every module of lab/ by its name below it: "route.model"; those of scenarios that need code are none."""
    found = {}
    for path in sorted((ROOT / "lab").rglob("*.py")):
        parts = path.relative_to(ROOT / "lab").with_suffix("").parts
        if parts[0] not in ("scenarios", "_bundle", "__init__"):
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def arrows() -> dict[str, set[str]]:
    """Return which rooms each room imports, for type checkers too."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for module, path in modules().items():
        room = module.partition(".")[0]
        for name in imported(path):
            top, _, rest = name.partition(".")
            if top == "lab" and rest.partition(".")[0] not in (room, ""):
                found[room].add(rest.partition(".")[0])
    return found


def test_every_module_is_in_a_room() -> None:
    assert {module.partition(".")[0] for module in modules()} == set(ROOMS)


def test_no_room_imports_one_that_stands_after_it() -> None:
    upward = {
        room: {other for other in others if ROOMS.index(other) > ROOMS.index(room)} for room, others in arrows().items()
    }
    assert {room: others for room, others in upward.items() if others} == {}


def test_no_module_is_imported_in_a_circle() -> None:
    """As a program runs: what type checkers alone import ties no knot."""
    known = modules()
    graph = {module: {*_at_run_time(path, known)} - {module} for module, path in known.items()}
    assert list(_circles(graph)) == []


def test_a_circle_is_found() -> None:
    assert list(_circles({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": {"a"}})) == ["b", "c"]


def test_the_engines_client_is_imported_in_its_room() -> None:
    client = re.compile(r"^\s*(?:from|import) docker\b", re.MULTILINE)
    found = {module for module, path in modules().items() if client.search(path.read_text(encoding="utf-8"))}
    assert {module for module in found if module.partition(".")[0] != "engine"} == set()


def test_nobody_loses_what_a_command_prints() -> None:
    """The SDK's exec_run() and attach() do (lab/engine/frames.py); tests on real hosts keep away from them too."""
    paths = [path for folder in ("lab", "tests") for path in (ROOT / folder).rglob("*.py")]
    callers = [
        path.name
        for path in paths
        if re.search(r"\.exec_(run|start)\(|(api|docker|container)\.attach\(", path.read_text(encoding="utf-8"))
    ]
    assert callers == []


def test_the_page_shows_every_room() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    rooms = [room for room in ROOMS if (ROOT / "lab" / room).is_dir()]
    assert [room for room in rooms if f"| `{room}/` |" not in page] == []


def _at_run_time(path: Path, known: Collection[str]) -> Iterator[str]:
    """Yield the modules of lab/ that are imported when *path* is: not inside functions, not for type checkers."""
    todo: list[ast.AST] = [ast.parse(path.read_text(encoding="utf-8"))]
    while todo:
        node = todo.pop()
        if isinstance(node, ast.ImportFrom) and node.module and node.module.partition(".")[0] == "lab":
            base = node.module.removeprefix("lab").removeprefix(".")
            whole = (".".join(part for part in (base, alias.name) if part) for alias in node.names)
            yield from (each if each in known else base for each in whole if each in known or base in known)
        elif isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            todo += node.orelse
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            todo += ast.iter_child_nodes(node)


def _circles(graph: dict[str, set[str]]) -> Iterator[str]:
    """Yield each module from which a way leads back to it."""
    for start, first in graph.items():
        seen, todo = set[str](), [*first]
        while todo:
            module = todo.pop()
            if module == start:
                yield start
                break
            if module not in seen:
                seen.add(module)
                todo += graph[module]
