"""One word, one thing: a public name, and a word that everybody needs, has one owner in lab/."""

from __future__ import annotations

import ast

import lab
from tests.unit.house.test_rooms import modules

WORDS = {*lab.__all__, "Evidence", "Outcome", "Plan", "Problem"}
CALLED_AS_THEIR_KEYS = "verdict.keys."
"""A key of an expectation is a class of that name, which nobody else has to speak of."""


def test_a_word_has_one_owner() -> None:
    owners: dict[str, int] = {}
    for module, path in modules().items():
        if not module.startswith(CALLED_AS_THEIR_KEYS):
            for name in _owned(ast.parse(path.read_text(encoding="utf-8"))) & WORDS:
                owners[name] = owners.get(name, 0) + 1
    assert {name: count for name, count in owners.items() if count > 1} == {}


def _owned(module: ast.Module) -> set[str]:
    """Return the names of the classes and types that a module makes."""
    found = {node.name for node in module.body if isinstance(node, ast.ClassDef)}
    for node in module.body:
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        found |= {target.id for target in targets if isinstance(target, ast.Name)}
    return found
