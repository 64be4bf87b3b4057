"""For all tests: pytest's own means to test a plugin, and interrupts that arrive."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

pytest_plugins = ["pytester"]


@pytest.fixture(scope="session", autouse=True)
def _interrupts() -> Iterator[None]:
    """Let the commands that tests start be interrupted.

    A shell starts what it runs in the background with SIGINT ignored (POSIX, 2.11), and what is ignored stays so
    in all processes started from there; what has a handler is back at its default in them (execve(2)).
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
