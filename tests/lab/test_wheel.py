"""The wheel carries all that a lab is made from: installed elsewhere, it starts one and routes a message."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lab import Lab
from lab.engine.hosts import find
from lab.world import bundle

ROOT = Path(__file__).parents[2]
TEST = """
def test_from_an_empty_folder(lab):
    route = lab.send(to=f"bia@{lab.domain}").route()
    assert route.hops == ["client", "smarthost", "mx1"]
    assert route.mailbox == "INBOX"
"""


@pytest.mark.timeout(240)
def test_wheel_in_an_empty_environment(lab: Lab, tmp_path: Path) -> None:
    def run(*command: str | Path, cwd: Path = tmp_path) -> str:
        environment = {
            key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "VIRTUAL_ENV", "LAB")
        }
        done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", tmp_path / "dist", ROOT)
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    run(sys.executable, "-m", "uv", "venv", "--quiet", "env")
    python = tmp_path / "env" / "bin" / "python"
    run(sys.executable, "-m", "uv", "pip", "install", "--quiet", "--python", python, wheel, "pytest")
    folder = tmp_path / "empty"
    folder.mkdir()
    tag = run(python, "-c", "from lab.world import bundle; print(bundle.tag(), bundle.root())", cwd=folder).split()
    assert tag[0] == bundle.tag()
    assert tag[1].endswith("/lab/_bundle")
    (folder / "test_it.py").write_text(TEST)
    told = run(tmp_path / "env" / "bin" / "pytest", "--lab", "wheel", cwd=folder)
    assert "1 passed" in told
    assert find(lab.engine, "wheel") == {}
