"""For all tests: pytest's own means to test a plugin, interrupts that arrive, a certificate, hypothesis."""

from __future__ import annotations

import os
import signal
import ssl
import subprocess
from collections.abc import Iterator

import pytest
from hypothesis import settings

pytest_plugins = ["pytester"]
# The same examples every time, and no time for one: a test of this project is no lottery.
settings.register_profile(
    "lab", deadline=None, derandomize=True, database=None, max_examples=int(os.environ.get("LAB_SOAK_EXAMPLES", "40"))
)
settings.load_profile("lab")


@pytest.fixture(scope="session", autouse=True)
def _interrupts() -> Iterator[None]:
    """Let the commands that tests start be interrupted.

    A shell starts what it runs in the background with SIGINT ignored (POSIX, 2.11), and what is ignored stays so
    in all processes started from there; what has a handler is back at its default in them (execve(2)).
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session")
def tls(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    """What a small server needs to speak TLS: a certificate for small.test, signed by itself."""
    folder = tmp_path_factory.mktemp("tls")
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=small.test"
    files = f"-keyout {folder}/key.pem -out {folder}/cert.pem"
    subprocess.run([*command.split(), *files.split()], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context
