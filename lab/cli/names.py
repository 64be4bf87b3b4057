"""Names of labs, and commands as a user can type them here and now."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

DEFAULT = "main"
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,30}")  # part of the names of a Compose project and of containers


def command(words: str, lab: str) -> str:
    """Return a command line for a lab: "lab status", or ".venv/bin/lab status --lab second"."""
    option = "" if lab == DEFAULT else f" --lab {lab}"
    return f"{_program()} {words}{option}"


def _program() -> str:
    """Return how this program is called: "lab" where a shell finds it, else where it is."""
    own = Path(sys.argv[0])
    if own.name != "lab" or shutil.which("lab"):
        return "lab"
    try:
        return str(own.absolute().relative_to(Path.cwd()))
    except ValueError:
        return str(own)
