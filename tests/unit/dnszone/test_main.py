"""The command line."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from dnszone.world import load, variables

WORLD = Path(__file__).parents[3] / "dnszone" / "zones"
COMPOSE = Path(__file__).parents[3] / "compose" / "compose.yaml"
NAMES = ("DNS", "GATEWAY", "MAILSTORE", "SCRIPTED", "MX1", "MX2", "MX3", "CLIENT", "DIRECT", "SMARTHOST")
IPV4 = {name: f"198.18.0.{number}" for number, name in enumerate(NAMES, start=2)}
ADDRESSES = IPV4 | {f"{name}_V6": f"2001:2::{number}" for number, name in enumerate(NAMES, start=2)}


def run(*arguments: str, environment: Mapping[str, str] = ADDRESSES) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "dnszone", *arguments],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        cwd=WORLD.parents[1],
        env={"PATH": os.environ["PATH"], "LAB_TOKEN": "open-sesame", **environment},
    )


def test_the_worlds_zones_are_good_with_the_addresses_of_the_compose_file() -> None:
    written = re.search(r"x-addresses: &addresses.*?\n\n", COMPOSE.read_text(), re.DOTALL)
    assert written
    names = re.findall(r"^ +([A-Z0-9_]+):", written[0], re.MULTILINE)
    assert sorted(names) == sorted(ADDRESSES)
    zones = load(WORLD, ADDRESSES)
    assert [zone.origin for zone in zones] == ["dest.test.", "home.test.", "isp.test.", "lab.test.", "test."]
    addresses = [record.data for zone in zones for record in zone.records if record.type in ("A", "AAAA")]
    assert sorted(addresses) == sorted(ADDRESSES.values())
    assert max(record.ttl for zone in zones for record in zone.records) <= 5


def test_check_says_that_a_zone_is_good() -> None:
    result = run("check", *map(str, sorted(WORLD.glob("*.zone"))))
    assert result.returncode == 0
    assert result.stdout.startswith("zone dest.test/IN: loaded 11 records\nOK\n")


def test_check_tells_every_error_of_every_file(tmp_path: Path) -> None:
    for name, text in {
        "a.test.zone": "@ MXX 1\n@ A x",
        "b.test.zone": "@ A $NO",
        "c.test": "",
        "d.zone": "\xff",
    }.items():
        (tmp_path / name).write_bytes(text.encode("latin-1"))
    files = [str(tmp_path / name) for name in ("a.test.zone", "b.test.zone", "c.test", "d.zone", "e.zone")]
    result = run("check", *files, environment={})
    assert result.returncode == 1
    problems = [line for line in result.stdout.splitlines() if not line.startswith("zone ")]
    assert [line.removeprefix(f"{tmp_path}/").partition(" (")[0] for line in problems] == [
        "a.test.zone:1: unknown record type MXX",
        "a.test.zone:2: A data cannot be x: Text input is malformed",
        "b.test.zone:1: unknown variable $NO",
        "c.test: the name does not tell the zone",
        "d.zone:1: the text is not UTF-8",
        "e.zone: No such file or directory",
    ]


def test_a_broken_zone_stops_the_start_with_every_error(tmp_path: Path) -> None:
    (tmp_path / "a.test.zone").write_text("@ MXX 1\n@ A x")
    (tmp_path / "b.test.zone").write_text("@ A $MXX1")
    result = run("--zones", str(tmp_path))
    assert result.returncode == 2
    assert [line.partition(": ")[0] for line in result.stderr.splitlines()] == [
        f"{tmp_path}/a.test.zone:1",
        f"{tmp_path}/a.test.zone:2",
        f"{tmp_path}/b.test.zone:1",
    ]
    assert "did you mean $MX1?" in result.stderr


def test_a_folder_without_zones(tmp_path: Path) -> None:
    result = run("--zones", str(tmp_path))
    assert (result.returncode, result.stderr) == (2, f"{tmp_path}: there are no zone files (*.zone)\n")


def test_a_port_that_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = run("--host", "127.0.0.1", "--port", str(port))
    assert result.returncode == 2
    assert result.stderr == f"dnszone: cannot serve TCP port {port} of 127.0.0.1: Address already in use\n"


def test_without_a_token_nothing_is_served() -> None:
    result = run("--host", "127.0.0.1", environment={"LAB_TOKEN": ""})
    assert result.returncode == 2
    assert "LAB_TOKEN is missing" in result.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it(number: int) -> None:
    command = [sys.executable, "-m", "dnszone", "--zones", str(WORLD), "--host", "127.0.0.1"]
    command += ["--port", "0", "--http-port", "0", "--socketmap-port", "0"]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        cwd=WORLD.parents[1],
        env={"PATH": os.environ["PATH"], "LAB_TOKEN": "open-sesame", **ADDRESSES},
    ) as process:
        assert process.stdout is not None
        assert b'"ready"' in process.stdout.readline()
        process.send_signal(number)
        assert process.wait(10) == 0


def test_only_addresses_of_the_environment_are_variables() -> None:
    assert variables({"MX1": "198.18.0.11", "PATH": "/bin", "SIX": "FD00::1"}) == {
        "MX1": "198.18.0.11",
        "SIX": "fd00::1",
    }
