"""What may import what: dnszone/ stands alone, and nothing from `events` rightwards knows of Docker or the network."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PURE = (
    *("errors", "printable", "values", "route", "verdict"),
    *("servers/folders", "servers/parser", "servers/record", "servers/replies", "servers/delivery_status"),
    *("servers/dns/log", "servers/scripted/log"),
    *(f"servers/dovecot/{name}" for name in ("conf", "log", "reply", "store")),
    *(f"servers/postfix/{name}" for name in ("agents", "earlier", "fields", "line", "log", "queueid", "reply")),
    *("servers/postfix/sentences", "servers/postfix/settings"),
    *("plan", "soak/account", "soak/campaign"),
)
"""The modules and rooms of lab/ that take values and give values. They may import each other and no more of lab/."""
ASKS = ("plan/planner",)
"""What stands in a pure room and asks a lab."""
OUTSIDE = {
    *("aiohttp", "dns", "dnslib", "docker", "requests", "testcontainers", "urllib3"),
    *("asyncio", "ftplib", "http", "imaplib", "poplib", "select", "selectors", "smtplib", "socket", "socketserver"),
    *("ssl", "subprocess", "urllib"),
}
"""Packages by which a module would reach Docker, the network or another process."""
ZONES = ("exchangers", "problem", "record", "reverse", "zone", "zones")
"""The modules of dnszone/ that are as pure: zones, and what they answer."""


def imported(path: Path, root: Path = ROOT) -> Iterator[str]:
    """Yield the full name of everything that a file imports, inside functions and for type checkers too."""
    package = path.relative_to(root).parent.parts
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            module = ".".join(part for part in (base, node.module) if part)
            yield from (f"{module}.{alias.name}" for alias in node.names)


def files(part: str) -> list[Path]:
    """Return the Python files of a module or package below the root."""
    module = ROOT / f"{part}.py"
    asks = {ROOT / "lab" / f"{each}.py" for each in ASKS}
    return [module] if module.is_file() else sorted({*(ROOT / part).rglob("*.py")} - asks)


def reaches_out(name: str) -> bool:
    """Whether a pure module must not import *name*."""
    top, _, rest = name.partition(".")
    if top == "lab":
        place = f"{rest.replace('.', '/')}/"
        pure = place.startswith(tuple(f"{each}/" for each in PURE))
        return not pure or place.startswith(tuple(f"{each}/" for each in ASKS))
    if top == "dnszone":
        return rest.partition(".")[0] not in ZONES
    return top in OUTSIDE


@pytest.mark.parametrize("part", [*(f"lab/{name}" for name in PURE), *(f"dnszone/{name}" for name in ZONES)])
def test_what_is_pure_reaches_nobody(part: str) -> None:
    found = files(part)
    assert found, f"there is no {part}: mend the list"
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}" for path in found for name in imported(path) if reaches_out(name)
    ]
    assert wrong == []


def test_dnszone_does_not_know_lab() -> None:
    found = files("dnszone")
    assert found
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in found
        for name in imported(path)
        if name.partition(".")[0] == "lab"
    ]
    assert wrong == []


def test_every_way_to_import_is_seen(tmp_path: Path) -> None:
    package = tmp_path / "lab" / "plan"
    package.mkdir(parents=True)
    module = package / "x.py"
    module.write_text(
        "import docker.errors as d, json\nfrom lab import world\nfrom . import text\nfrom ..mail import Watch\n"
        "from .. import hosts\nif TYPE_CHECKING:\n    from lab.lab import Lab\ndef f():\n    import requests\n"
    )
    names = set(imported(module, tmp_path))
    assert names == {
        *("docker.errors", "json", "lab.world", "lab.plan.text", "lab.mail.Watch", "lab.hosts", "lab.lab.Lab"),
        "requests",
    }
    assert {name for name in names if reaches_out(name)} == names - {"json", "lab.plan.text"}
