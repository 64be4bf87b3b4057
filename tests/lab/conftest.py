"""Several tests at a time (pytest-xdist): each process has a lab of its own.

So no test waits for a host that another one has broken, and none is disturbed. The first process has the lab that was
asked for (``--lab``); the others start theirs beside it, and take them down at their end.
"""

from __future__ import annotations

import os

import pytest

FIRST = "gw0"


def pytest_configure(config: pytest.Config) -> None:
    """Name the lab of this process, where it is one of several."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", FIRST)
    if worker != FIRST:
        config.option.lab = f"{config.option.lab}-{worker}"
