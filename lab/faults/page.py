"""The tables of kinds of faults in the documentation, made from the registries.

``python -m lab.faults.page`` writes them into docs/faults.md and docs/dns.md, between two lines that say so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from dnszone import faults as dns
from lab.faults import keys
from lab.values import toml

DOCS = Path(__file__).parents[2] / "docs"
PART = re.compile(r"(?P<begin><!-- kinds: made by `make pages` -->\n).*?(?P<end><!-- end -->\n)", re.DOTALL)


def at_hosts() -> str:
    """Return the kinds at a host as a whole, as a table."""
    return _table(
        ("key and value", "what is done", "what a neighbour sees"),
        (
            (f"`{key} = {toml(kind.example)}`", kind.help, kind.seen)
            for key in keys.KEYS
            for kind in keys.kinds(key).values()
        ),
    )


def of_dns() -> str:
    """Return the kinds of the DNS, as a table."""
    return _table(
        ("kind", "parameters", "the answer"),
        ((f"`{kind.kind}`", kind.parameters, kind.help) for kind in dns.KINDS.values()),
    )


TABLES: Mapping[str, Callable[[], str]] = {"faults.md": at_hosts, "dns.md": of_dns}


def filled(text: str, table: str) -> str:
    """Return a page with *table* in its place. Raises ValueError where it has none."""
    if not PART.search(text):
        raise ValueError(f"no place for a table: a line that fits {PART.pattern!r} is missing")
    return PART.sub(lambda found: f"{found['begin']}{table}{found['end']}", text)


def _table(head: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> str:
    return "".join(f"| {' | '.join(row)} |\n".replace("|  |", "| |") for row in (head, ("---",) * len(head), *rows))


if __name__ == "__main__":
    for name, table in TABLES.items():
        page = DOCS / name
        page.write_text(filled(page.read_text(encoding="utf-8"), table()), encoding="utf-8")
