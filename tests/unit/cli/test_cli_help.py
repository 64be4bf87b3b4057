"""The help: complete, with examples, plain, and quick."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import pytest
from typer.testing import Result

from lab.cli import codes
from lab.cli.app import app

Run = Callable[..., Result]
COMMANDS = [
    *("up", "down", "status", "send", "route", "explain", "dns", "fault", "queue", "mailbox", "logs", "shell"),
    *("new", "check", "run", "list", "soak"),
    *(f"dns {name}" for name in ("list", "show", "set", "remove", "history", "query")),
    *(f"fault {name}" for name in ("add", "list", "clear")),
    *(f"queue {name}" for name in ("list", "flush", "hold", "release", "delete")),
]
WITH_JSON = ("up", "status", "send", "route", "explain", "dns list", "dns show", "dns history", "dns query")
HEAVY = ("docker", "testcontainers", "dns", "requests", "dnszone", "lab.lab", "lab.engine")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_a_sentence_and_an_example_of_itself(run: Run, command: str) -> None:
    result = run(*command.split(), "--help")
    assert result.exit_code == codes.OK
    usage, _, rest = result.output.partition("\n")
    assert usage.startswith(f"Usage: lab {command} ")
    assert rest.strip()[0].isupper()
    assert "Example:" in rest
    assert f"$ lab {command}" in rest or "| lab dns set" in rest


@pytest.mark.parametrize(
    "command", [*WITH_JSON, "fault add", "fault list", "queue list", "mailbox", "logs", "check", "run", "list", "soak"]
)
def test_commands_that_print_data_have_json(run: Run, command: str) -> None:
    assert "--json" in run(*command.split(), "--help").output


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_is_plain_and_narrow(run: Run, command: str) -> None:
    output = run(*command.split(), "--help").output
    assert "\x1b" not in output
    assert output.isascii()
    assert max(map(len, output.splitlines())) <= 110


def test_commands_stand_in_the_order_in_which_a_user_meets_them(run: Run) -> None:
    listed = run("--help").output.partition("Commands:")[2].partition("Exit codes:")[0]
    assert [line.split()[0] for line in listed.splitlines() if line.strip()] == COMMANDS[:17]


def test_exit_codes_are_documented(run: Run) -> None:
    output = run("--help").output
    for code, meaning in codes.MEANINGS.items():
        assert f"{code:<4} {meaning}" in output


def test_version(run: Run) -> None:
    result = run("--version")
    assert result.exit_code == 0
    assert result.output.startswith("lab 0.")


def test_help_imports_nothing_heavy() -> None:
    script = (
        "import sys\nfrom typer.testing import CliRunner\nfrom lab.cli.app import app\n"
        "assert CliRunner().invoke(app, ['--help']).exit_code == 0\n"
        f"print(*(name for name in {HEAVY!r} if name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_all_commands_are_tested_here() -> None:
    commands = app.registered_commands
    named = {command.name or command.callback.__name__ for command in commands if command.callback}
    named |= {group.name for group in app.registered_groups if group.name}
    assert named == {command for command in COMMANDS if " " not in command}
