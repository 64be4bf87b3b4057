"""What is Postfix's own stands in two folders: nobody else's code names it. Texts for people may."""

from __future__ import annotations

import ast
import io
import tokenize
from pathlib import Path

ROOT = Path(__file__).parents[3]
HOME = ("servers/postfix/", "plan/postfix/")
AGAINST = {
    "faults/kinds/fail2ban.py",
    "plan/planner.py",
    "scenario/format/hosts.py",
    "servers/configuration.py",
    "world/roster.py",
}
"""Modules elsewhere that name it in code. The list gets shorter, never longer."""


def names_it(text: str) -> bool:
    """Return whether code has the word in an identifier, an import, or a string that is one word: a path, a key."""
    names = [
        token.string for token in tokenize.generate_tokens(io.StringIO(text).readline) if token.type == tokenize.NAME
    ]
    if any("postfix" in name.lower() for name in names):
        return True
    strings = [node.value for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Constant)]
    return any(isinstance(each, str) and "postfix" in each and " " not in each.strip() for each in strings)


def test_nobody_else_names_it() -> None:
    paths = {str(path.relative_to(ROOT / "lab")): path for path in sorted((ROOT / "lab").rglob("*.py"))}
    found = {
        name
        for name, path in paths.items()
        if not name.startswith((*HOME, "_bundle/", "scenarios/")) and names_it(path.read_text(encoding="utf-8"))
    }
    assert found == AGAINST


def test_a_name_is_seen_where_it_is_code() -> None:
    assert names_it("from lab.servers.postfix import log")
    assert names_it("def a_postfix(): ...")
    assert names_it('x = "/etc/postfix/main.cf"')
    assert not names_it('"""Postfix and postfix."""  # postfix\nx = f"see what postfix says about {1}"')
