"""For all unit tests: what is the same for each of them is made once."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import pytest
import typer.main

from lab.scenario.format import read


@pytest.fixture(scope="session", autouse=True)
def _own_state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Leases and claims of a process's tests are not those of the user, nor of another process (pytest-xdist)."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        yield


@pytest.fixture(scope="session", autouse=True)
def _made_once() -> Iterator[None]:
    """The tree of commands, which typer makes anew for each call, and what the text of each scenario says."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("typer.testing._get_command", cache(typer.main.get_command))
        patch.setattr(read, "read", cache(read.read))
        yield
