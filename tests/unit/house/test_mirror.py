"""The tests stand as the code does: a room of lab/ has its tests in the folder of the same name."""

from __future__ import annotations

from pathlib import Path

import pytest

from .test_layers import imported

ROOT = Path(__file__).parents[3]
UNIT = ROOT / "tests" / "unit"
BESIDE = {"dnszone", "scripted", "docs", "house", "recorded"}
"""What has tests and is no room: the DNS, the scripted host, the pages, how the house stands; and recorded logs."""
DATA = {"scenarios"}  # a folder of lab/ that has no code to import


def rooms() -> set[str]:
    return {path.name for path in (ROOT / "lab").iterdir() if any(path.glob("*.py"))} - DATA


def folders() -> set[str]:
    return {path.name for path in UNIT.iterdir() if path.is_dir() and path.name != "__pycache__"}


def test_each_room_has_tests_and_each_folder_of_tests_has_a_room() -> None:
    assert folders() - BESIDE == rooms()
    assert folders() >= BESIDE


@pytest.mark.parametrize("room", sorted(rooms()))
def test_a_test_stands_with_what_it_tests(room: str) -> None:
    """It imports something of its room, however much of others, or follows a recipe in a copy of the code."""
    astray = [
        path.name
        for path in sorted((UNIT / room).rglob("test_*.py"))
        if not path.name.startswith("test_recipe")
        and not any(name == f"lab.{room}" or name.startswith(f"lab.{room}.") for name in imported(path))
    ]
    assert astray == []


def test_a_test_outside_a_folder_is_of_a_module_outside_a_room() -> None:
    modules = {f"test_{path.name}" for path in (ROOT / "lab").glob("*.py")}
    assert {path.name for path in UNIT.glob("test_*.py")} <= modules
