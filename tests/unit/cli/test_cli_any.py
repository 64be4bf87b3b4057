"""Any words on the command line end in an exit code that is documented, and never in a mistake of the lab itself.

What is tried is the same in each run. LONG=1 tries a hundred times as much.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import typer.main
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import Result

from lab.cli import codes, up
from lab.cli.app import app
from lab.cli.logs import EPOCH, moment
from lab.errors import MachineError
from lab.faults import heal
from lab.scenario import batch, catalogue
from lab.world import images

from .conftest import FakeLab, make_status

Run = Callable[..., Result]
EXAMPLES = 250 * (100 if os.environ.get("LONG") else 1)
STEADY = settings(
    max_examples=EXAMPLES, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck)
)
WRITING = {"new", "--junit", "--evidence"}  # these make files of any name
ODD = (
    *(
        "",
        "-",
        "--",
        "inf",
        "nan",
        "1e400",
        "-1",
        "0",
        "²",
        "9" * 5000,
        "99999999999999d",
        "5m",
        "1900-01-01",
        "0001-01-01",
    ),
    *(
        "9999-12-31T23:59:59-23:59",
        "TYPE65536",
        "TYPE1",
        "ANY",
        "AXFR",
        "a..b",
        "x" * 300,
        "mx1",
        "dns",
        "bia",
        "ALL",
        "dest.test",
    ),
    *(
        "rcpt=[[[[",
        f"rcpt={'[' * 5000}",
        f"rcpt={'[' * 5000}{']' * 5000}",
        f"rcpt={'9' * 5000}",
        "connect=refuse",
        "a=b=c",
    ),
    *(
        'connect={"delay": 1e400}',
        'connect={"loss": NaN}',
        'rcpt={"first": 1e400}',
        'scan_ban={"for": Infinity}',
        "kind=rcode",
    ),
    *(
        "type=MX",
        "rcode=SERVFAIL",
        "name=a.test",
        "first=99999999999999999999",
        "from=1",
        "to=0",
        'scan_ban={"after": true}',
    ),
    *(
        "\x00",
        "\x1b[2J",
        "\u202e",
        "\udcff",
        "a\nb",
        "\r",
        "\u2028",
        "<1@a.test>",
        "mx1:4d",
        ":",
        "name:pass:word",
        "success,",
    ),
    *("bia@dest.test", "@", "a@b@c", '"a b"@dest.test', "bia@²", "bia@" + "a" * 300, "bia@[198.18.0.11]", "bia@é.test"),
)


def commands() -> dict[str, list[str]]:
    """Return each command, and the options that it has."""
    found = {}
    for name, command in typer.main.get_group(app).commands.items():
        inner: dict[str, Any] = getattr(command, "commands", None) or {"": command}
        for below, each in inner.items():
            options = [option for parameter in each.params for option in (*parameter.opts, *parameter.secondary_opts)]
            known = sorted(option for option in options if option.startswith("-") and option not in WRITING)
            found[f"{name} {below}".strip()] = known
    return {name: options for name, options in found.items() if name not in WRITING}


GROUP = typer.main.get_group(app)
COMMANDS = commands()
# No path: what is on this machine's disk is nobody's business here.
WORDS = st.sampled_from(ODD) | st.text(max_size=20).filter(lambda text: "/" not in text)


@st.composite
def lines(draw: st.DrawFn) -> list[str]:
    """Return the words of a command line."""
    name = draw(st.sampled_from(sorted(COMMANDS)))
    words = [*name.split()]
    for _ in range(draw(st.integers(0, 4))):
        words += draw(st.tuples(st.sampled_from(COMMANDS[name]), WORDS) | st.tuples(WORDS))
    return words


@pytest.fixture
def lab_command(run: Run, fake: FakeLab, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Return `lab` in an empty folder, on a lab in memory; a shell is not opened and nothing is run."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("os.execvp", lambda *_: None)
    monkeypatch.setattr(up, "_up", lambda *_: (make_status(), False))
    monkeypatch.setattr(heal, "site", refuse)
    monkeypatch.setattr(batch, "run_all", lambda *_: [])
    monkeypatch.setattr(catalogue, "files", lambda *_: [])
    monkeypatch.setattr(images, "remove", lambda _: None)
    fake.access = SimpleNamespace(ports={})
    return run


def refuse(*_: object) -> None:
    raise MachineError("nothing is done here")


def check(result: Result) -> None:
    assert isinstance(result.exception, SystemExit | None), result.exception
    assert result.exit_code in codes.MEANINGS, result.output
    assert "mistake in the lab itself" not in result.output
    assert "Traceback" not in result.output
    assert all(each.isprintable() or each in "\n\t" for each in result.output)


@STEADY
@given(words=lines())
def test_any_words_end_in_a_documented_code(lab_command: Run, words: list[str]) -> None:
    check(lab_command(*words))


@STEADY
@given(
    name=st.sampled_from(["mx1", "dns", "client"]),
    words=st.lists(st.sampled_from(ODD) | st.from_regex(r"[a-z_]{1,8}=.*", fullmatch=True), min_size=1, max_size=4),
)
def test_any_fault_is_taken_or_refused_with_what_is_wrong(lab_command: Run, name: str, words: list[str]) -> None:
    check(lab_command("fault", "add", name, "--", *words))


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("send", "--timeout", "1e400"), "must be a number of seconds from 0 to 86400, not inf"),
        (("send", "--timeout", "nan"), "must be a number of seconds from 0 to 86400, not nan"),
        (("route", "x", "--timeout", "-1"), "must be a number of seconds from 0 to 86400, not -1.0"),
        (("logs", "--since", "99999999999999d"), "must be a time such as 30s"),
        (("logs", "--since", "9" * 5000 + "d"), "must be a time such as 30s"),
        (("fault", "add", "mx1", "rcpt=[[[["), "rcpt: must be JSON, not '[[[['"),
        (("fault", "add", "mx1", f"rcpt={'[' * 5000}"), "rcpt: "),
        (("fault", "add", "mx1", f"rcpt={'[' * 50}{']' * 50}"), "rcpt: has more than 32 levels"),
        (("fault", "add", "mx1", f"rcpt={'9' * 5000}"), "rcpt: Exceeds the limit"),
        (("check", "none"), "none: No such file or directory"),
        (("check", "."), "there is no file *.scenario.toml in the folder ."),
        (("run", "."), "there is no file *.scenario.toml in the folder ."),
        (("check", "x" * 5000), "File name too long"),
    ],
)
def test_bad_words_are_told_as_what_they_are(run: Run, words: tuple[str, ...], problem: str, tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path)
        result = run(*words)
    assert result.exit_code == codes.USAGE
    assert problem in " ".join(result.output.split())


def test_a_type_that_there_cannot_be(run: Run) -> None:
    result = run("dns", "query", "dest.test", "TYPE65536")
    assert result.exit_code == codes.USAGE
    assert "dest.test TYPE65536 is not a question" in result.stderr


def test_a_folder_that_is_a_whole_disk_is_told(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for number in range(9):
        (tmp_path / str(number)).touch()
    monkeypatch.setattr(catalogue, "MOST", 5)
    for command in ("run", "check"):
        result = run(command, str(tmp_path))
        assert result.exit_code == codes.USAGE
        assert f"{tmp_path} has more than 5 files in it" in " ".join(result.stderr.split())


@pytest.mark.parametrize("text", ["1900-01-01", "0001-01-01T00:00:00+23:59", "99999d"])
def test_a_time_before_there_were_logs_is_all_of_them(text: str) -> None:
    assert moment(text, datetime.now(UTC)) == EPOCH
