"""The tables in docs/write-a-scenario.md of what can be expected and of what steps do, made from the registries.

``python -m lab.scenario.tables`` writes them anew, each between two lines that say so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from lab.scenario.steps import ACTIONS
from lab.values import toml
from lab.verdict import KEYS

PAGE = Path(__file__).parents[2] / "docs" / "write-a-scenario.md"


def expectations() -> str:
    """Return the keys of an expectation."""
    rows = ((f"`{name} = {toml(key.example)}`", key.help) for name, key in KEYS.items())
    return _table(("key of `[expect]`", "what it says"), rows)


def steps() -> str:
    """Return the actions of steps; what stands beside one follows its own line."""
    return _table(
        ("step", "what it does"),
        (
            ("<br>".join(f"`{name} = {toml(each)}`" for name, each in step.example.items()), step.keys[action].doc)
            for action, step in ACTIONS.items()
        ),
    )


TABLES: Mapping[str, Callable[[], str]] = {"keys": expectations, "steps": steps}


def filled(text: str) -> str:
    """Return the page with its tables as they are now. Raises ValueError where it has no place for one."""
    for name, table in TABLES.items():
        begin, found, rest = text.partition(f"<!-- {name}: made by `make pages` -->\n")
        _, end, after = rest.partition("<!-- end -->\n")
        if not (found and end):
            raise ValueError(
                f"no place for the table of {name}: {PAGE.name} has no two lines that say where it begins and ends"
            )
        text = f"{begin}{found}{table()}{end}{after}"
    return text


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    return "".join(f"| {' | '.join(row)} |\n" for row in (head, ("---",) * len(head), *rows))


if __name__ == "__main__":
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
