"""What strangers write cannot steer the terminal: each command is tried with hostile text, as a person and as JSON."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import typer.main
from typer.testing import Result

import lab.cli
from lab.cli import attach, console, in_force, lookup, up
from lab.cli.app import app
from lab.errors import LabError
from lab.mail.mailbox import StoredMessage
from lab.mail.recorder import Line
from lab.mail.submit import Reply
from lab.printable import printable
from lab.route.history import History
from lab.route.model import Route
from lab.scenario import batch
from lab.scenario.run import result as outcome
from lab.servers.queue import QueuedMessage
from lab.soak.account import Account, Fate, Recipient
from lab.world.doors import Door
from tests.unit.route.recordings import WORLD, parsed, read_lines
from tests.unit.scenario.conftest import GOOD

from .conftest import FakeLab, FakeMailbox, make_status

Run = Callable[..., Result]
States = dict[str, Any]
STEERING = "\x1b[2J\x1b]0;owned\x07\x9b31m\x00\x08\u202e\u200b\u2028\x85\x7f\U000e0041"
MARKUP = "[red]x[/red] [link=http://a.test]y[/link] :smile: [/]"
HOSTILE = f"{STEERING} {MARKUP}"
VISIBLE = r"\x1b[2J\x1b]0;owned\x07\x9b31m\x00\x08\u202e\u200b\u2028\x85\x7f\U000e0041 " + MARKUP
FILE = f"a{STEERING.replace(chr(0), '')}.scenario.toml"
SHOWING = {
    "send": ("--via", "direct"),
    "route": ("<refuse2@home.test>",),
    "explain": ("bia@refuse2.run.test",),
    "dns history": (),
    "dns query": ("dest.test",),
    "queue list": ("mx1",),
    "mailbox": ("bia",),
    "logs": ("mx1",),
    "status": (),
    "fault list": (),
    "soak": (),
}
"""What strangers wrote stands in the text of these."""
UNTRIED = {"shell"}  # it becomes the command on the host, whose terminal is the user's own
COMMANDS: dict[str, tuple[str, ...]] = {
    "send": ("--via", "direct"),
    "route": ("<refuse2@home.test>",),
    "explain": ("bia@refuse2.run.test",),
    "dns list": (),
    "dns show": ("dest.test",),
    "dns set": ("a.test", "-"),
    "dns remove": (HOSTILE,),
    "dns history": (),
    "dns query": ("dest.test",),
    "fault add": ("dns", "kind=rcode", "name=a.test", "type=MX", f"rcode={HOSTILE}"),
    "fault list": (),
    "fault clear": ("f1",),
    "queue list": ("mx1",),
    "queue flush": ("mx1", HOSTILE),
    "queue hold": ("mx1", HOSTILE),
    "queue expire": ("mx1", HOSTILE),
    "queue release": ("mx1", HOSTILE),
    "queue delete": ("mx1", HOSTILE),
    "mailbox": ("bia",),
    "logs": ("mx1",),
    "up": (),
    "down": ("--all",),
    "status": (),
    "new": (f"{STEERING}/x",),
    "check": (FILE,),
    "run": (FILE,),
    "list": (),
    "soak": (),
}
VARIANTS = [
    *COMMANDS.items(),
    ("route", ("--follow", "<refuse2@home.test>")),
    ("route", (HOSTILE,)),
    ("send", ("--no-wait",)),
    ("dns history", ("--follow",)),
    ("mailbox", ("bia", "--show", "7")),
    ("mailbox", ("bia", "--mailbox", HOSTILE, "--show", "8")),
    ("logs", ("mx1", "--follow")),
    ("logs", ("--mail", "<refuse2@home.test>")),
    ("status", ("--lab", HOSTILE)),
    ("explain", ("a@b.test", "--via", HOSTILE)),
    ("dns query", (HOSTILE, HOSTILE)),
    ("dns set", ("a.test", HOSTILE)),
    (HOSTILE, ()),
    ("send", (f"--{HOSTILE}",)),
]
WITH_JSON = {"send", "route", "explain", "dns list", "dns show", "dns history", "dns query", "fault list", "queue list"}
WITH_JSON |= {"mailbox", "logs", "up", "status", "run", "list", "check", "soak"}


class HostileMailbox(FakeMailbox):
    address = f"bia{STEERING}@dest.test"

    def names(self) -> list[str]:
        return ["INBOX", HOSTILE]

    def messages(self, mailbox: str = "INBOX", _: str | None = None) -> list[StoredMessage]:
        raw = f"From: {HOSTILE} <a@b.test>\nSubject: {HOSTILE}\nMessage-ID: <{HOSTILE}@x>\n\n{HOSTILE}\r{HOSTILE}\n"
        return [StoredMessage(mailbox, 7, raw.encode())]


def hostile_lines() -> list[Line]:
    """Return a recording in which a reason is hostile, and one more line that is."""
    said = [(at, host, text.replace("refused", f"refused {HOSTILE}")) for host, at, text in LINES]
    lines = [Line(at, host, text, parsed(host, at, text)) for at, host, text in said]
    return [*lines, Line(lines[-1].at, "mx1", f"{HOSTILE}\rover it")]


def hostile_route() -> Route:
    return Route(HOSTILE, HOSTILE, HOSTILE, "bounced", None, HOSTILE, HOSTILE, None, [HOSTILE], (), (), 0)


LINES = read_lines("refuse2")


@pytest.fixture
def hostile(run: Run, fake: FakeLab, states: States, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Return `lab` on a lab in which everything that strangers write is hostile."""
    monkeypatch.chdir(tmp_path)
    Path(FILE).write_text(f"title = 1\n{json.dumps(STEERING, ensure_ascii=True)} = 2\n")
    fake.recorder.said = hostile_lines()
    fake.recorder.history = History(WORLD, [line.event for line in fake.recorder.said if line.event is not None])
    monkeypatch.setattr(fake, "receipt", replace(fake.receipt, refused={f"x{HOSTILE}": Reply(550, HOSTILE)}))
    plan = fake.explain("bia@refuse2.run.test")
    monkeypatch.setattr(fake, "explain", lambda *_, **__: replace(plan, why=HOSTILE, notes=(HOSTILE,)))
    monkeypatch.setattr(fake, "mailbox", lambda _: HostileMailbox())
    fake.queued["mx1"] = [QueuedMessage("deferred", "4d", HOSTILE, 1, 1, {HOSTILE: HOSTILE})]
    for each in fake.hosts.values():
        fake.engine.logs[each.container] = f"2026-01-01T12:00:00.000002000Z {HOSTILE}\rover it\n"
    told = {"at": "2026-01-01T12:00:00.123456Z", "transport": "udp", "type": HOSTILE, "name": HOSTILE}
    query = {**told, "client": HOSTILE, "rcode": HOSTILE, "answers": [HOSTILE], "fault": HOSTILE}
    monkeypatch.setattr(fake.dns, "history", lambda **_: [query])
    monkeypatch.setattr(fake.dns, "zones", lambda: [{"origin": HOSTILE, "owner": HOSTILE, "records": 1}])
    monkeypatch.setattr(fake.dns, "zone", lambda _: HOSTILE)
    fake.dns.refusal = LabError(HOSTILE, hint=HOSTILE)
    fake.dns.in_force = [{"id": "f1", "owner": "cli", "fault": "", "met": 0, "kind": HOSTILE}]
    fake.faults = fake.dns.in_force
    monkeypatch.setattr(in_force, "at_hosts", lambda _: [in_force.Entry(None, "mx1", {"rcpt": HOSTILE}, None, HOSTILE)])
    found = lookup.Found(HOSTILE, 1, "MX", HOSTILE)
    asked = lookup.ask

    def ask(port: int, name: str, type_: str) -> lookup.Answer:
        return lookup.Answer("NOERROR", "qr", (found,)) if name == "dest.test" else asked(port, name, type_)

    monkeypatch.setattr(lookup, "ask", ask)
    states["main"] = make_status(problems={Door("mx1", 25): HOSTILE})
    states[f"b{STEERING}"] = make_status(f"b{STEERING}")
    lost = Recipient(hostile_route(), Fate("lost", HOSTILE))
    account = Account(seed=1, faults=[HOSTILE], unsent=[HOSTILE], recipients=[lost])
    monkeypatch.setattr("lab.soak.soak", lambda *_: account)
    monkeypatch.setattr(up, "_up", lambda _, report: (report(HOSTILE), (states["main"], True))[1])
    return run


@pytest.mark.parametrize(
    ("command", "words"),
    [*VARIANTS, *((command, ("--json", *words)) for command, words in VARIANTS if command in WITH_JSON)],
)
def test_nothing_that_a_stranger_wrote_steers_the_terminal(hostile: Run, command: str, words: Sequence[str]) -> None:
    given = "@ MX 10 a\n" if command == "dns set" else None
    split = command.split() if command in COMMANDS else [command]
    result = hostile(*split, *words, input=given)
    assert_safe(result.output)
    assert "mistake in the lab itself" not in result.output
    if (command, tuple(words)) in SHOWING.items():
        assert VISIBLE[:20] in result.stdout


def assert_safe(text: str) -> None:
    unsafe = {each for each in text if not each.isprintable() and each != "\n"}
    assert not unsafe, f"{unsafe} reach the terminal"


def test_every_command_is_tried() -> None:
    names = set()
    for name, command in typer.main.get_group(app).commands.items():
        inner = getattr(command, "commands", None)
        names |= {f"{name} {each}" for each in inner} if inner else {name}
    assert names == set(COMMANDS) | UNTRIED


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (("logs", "mx1"), lambda lines: json.loads(lines)["text"].startswith(HOSTILE)),
        (("dns", "show", "dest.test"), lambda text: json.loads(text)["text"] == HOSTILE),
        (("mailbox", "bia"), lambda text: HOSTILE in json.loads(text)["mailboxes"]),
    ],
)
def test_json_has_the_text_itself_in_its_own_escapes(
    hostile: Run, words: tuple[str, ...], found: Callable[[str], bool]
) -> None:
    assert found(hostile(*words, "--json").stdout)


def test_what_rich_would_read_as_markup_is_printed_as_it_is(hostile: Run) -> None:
    assert MARKUP in hostile("logs", "mx1").stdout
    assert MARKUP in hostile("dns", "show", "dest.test").stdout


def test_an_error_shows_what_was_there(hostile: Run, fake: FakeLab, monkeypatch: pytest.MonkeyPatch) -> None:
    def explain(*_: object, **__: object) -> None:
        raise ValueError(HOSTILE)

    assert VISIBLE in hostile("dns", "set", "a.test", "-", input="@ A\n").stderr
    monkeypatch.setattr(fake, "explain", explain)
    assert_safe(hostile("explain", "a@b.test").stderr)


def test_a_run_tells_hostile_reasons_and_names_safely(hostile: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def run_all(scenarios: Sequence[Any], _: object, __: object, told: Callable[..., None]) -> list[Any]:
        found = [outcome.Result(each, "error", 0.1, reason=HOSTILE, story=HOSTILE) for each in scenarios]
        for each in found:
            told(each.scenario, None)
            told(each.scenario, each)
        return found

    monkeypatch.setattr(batch, "run_all", run_all)
    monkeypatch.setattr(attach, "world", lambda _: SimpleNamespace(hosts=lambda: {"mx1": 1}))
    Path(FILE).write_text(GOOD)
    result = hostile("run", FILE)
    assert_safe(result.output)
    assert VISIBLE in result.stdout


def test_bytes_of_a_message_are_as_they_are_in_a_pipe(hostile: Run) -> None:
    result = hostile("mailbox", "bia", "--raw", "7")
    assert f"\r{HOSTILE}".encode() in result.stdout_bytes


def test_bytes_of_a_message_are_safe_on_a_terminal(monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("NO_COLOR", "1")
    console.unchanged(f"Subject: {HOSTILE}\r\n\r\nx\r\n".encode())
    assert capsys.readouterr().out == f"Subject: {VISIBLE}\n\nx\n"


@pytest.mark.parametrize("text", ["plain", "naïve señor 漢字 😀", "two\nlines\tand a tab", r"a \x1b that was typed"])
def test_what_shows_itself_is_left_alone(text: str) -> None:
    assert printable(text) == text


def test_every_character_is_printable_or_escaped() -> None:
    every = "".join(map(chr, range(0x110000)))
    shown = printable(every)
    assert all(each.isprintable() or each in "\n\t" for each in shown)
    assert printable("\x00\x1b\r\x9b\u202e\ud800") == r"\x00\x1b\x0d\x9b\u202e\ud800"
    assert printable(shown) == shown


def test_nothing_is_printed_past_the_console() -> None:
    ways = {"print", "echo", "secho", "Console", "Live"}
    for path in Path(lab.cli.__file__).parent.glob("*.py"):
        if path.name == "console.py":
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            name = getattr(node, "id", None) or getattr(node, "attr", None)
            where = f"{path.name}:{getattr(node, 'lineno', 0)}"
            assert not (
                isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) in ways
            ), where
            assert not (name == "write" and "std" in ast.unparse(node)), where
