"""Sieve scripts in the mail store, with a shell in place of its container."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from lab.engine.protocol import Ran
from lab.errors import LabError
from lab.servers.dovecot import sieve
from lab.servers.dovecot.sieve import Sieve
from tests.unit.memory_engine import MemoryEngine, host


def execute(command: Sequence[str]) -> Ran:
    """Run a command on this machine, with a folder of the test's for /srv/vmail and no user vmail."""
    plain = [word.replace(" -o vmail -g vmail", "").replace("chown vmail:vmail", "true") for word in command]
    done = subprocess.run(plain, capture_output=True, check=False, text=True)
    return Ran(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sieve:
    monkeypatch.setattr(sieve, "HOME", str(tmp_path))
    engine = MemoryEngine(host("mailstore", "mailstore"))
    engine.answer = execute
    return Sieve(engine, "id-mailstore", "mailstore")


def test_a_script_is_put_and_taken_back(store: Sieve, tmp_path: Path) -> None:
    store.put("Bia@A.test", 'if true { keep; } # "$(x)" \N{SNOWMAN}\n')
    path = tmp_path / "a.test" / "bia" / ".dovecot.sieve"
    assert path.read_text("utf-8") == 'if true { keep; } # "$(x)" \N{SNOWMAN}\n'
    assert list(store.scripts) == ["bia@a.test"]
    path.with_suffix(".svbin").touch()
    store.remove("bia@a.test")
    store.remove("bia@a.test")  # none there is fine too
    assert list(path.parent.iterdir()) == []
    assert store.scripts == {}


def test_what_cannot_be_put_is_told(store: Sieve, tmp_path: Path) -> None:
    (tmp_path / "a.test").write_text("a file")
    with pytest.raises(LabError, match=r"the Sieve script of bia@a\.test cannot be changed: "):
        store.put("bia@a.test", "keep;")
