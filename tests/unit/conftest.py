"""For all unit tests: what is the same for each of them is made once."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import pytest
import typer.main

from lab.scenario.format import read


@pytest.fixture(scope="session", autouse=True)
def _made_once() -> Iterator[None]:
    """The tree of commands, which typer makes anew for each call, and what the text of each scenario says."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("typer.testing._get_command", cache(typer.main.get_command))
        patch.setattr(read, "read", cache(read.read))
        yield
