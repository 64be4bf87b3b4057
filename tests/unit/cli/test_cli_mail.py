"""send, route, explain, queue, mailbox, logs, dns and shell, on a recorded message."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import Result

from lab.cli import codes, lookup, story
from lab.cli.logs import moment
from lab.mail.dsn import Dsn
from lab.mail.recorder import Line
from lab.mail.submit import Reply
from lab.route.history import History
from lab.servers.postfix.queueid import made_at
from lab.servers.queue import QueuedMessage
from tests.unit.route.recordings import RECORDED, WORLD, read_events

from .conftest import MAIL, FakeLab, FakeRecorder

Run = Callable[..., Result]
TIMELINE = (RECORDED.parent / "route" / "refuse2.timeline").read_text()
NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


def test_send_tells_the_whole_story(run: Run) -> None:
    result = run("send", "bia@refuse2.run.test", "--via", "direct")
    assert result.exit_code == codes.OK
    assert result.stdout.startswith(TIMELINE)
    assert result.stdout.endswith("Again: lab route '<refuse2@home.test>'\n")
    assert "\x1b" not in result.output


def test_send_gives_the_lab_what_the_user_said(run: Run, fake: FakeLab, tmp_path: Path) -> None:
    file = tmp_path / "mail.eml"
    file.write_bytes(MAIL)
    run(
        "send", "a@b.test", "c@d.test", "--via", "smarthost", "--from", "", "--login", "ana:secret", "--file", str(file)
    )
    run("send", "--login", "ana", "--body", "Hello", "--subject", "S")
    run("send", "--file", "-", input=MAIL)
    run("send", "--notify", "success,delay")
    first, second, third, fourth = fake.asked
    assert (first["to"], first["via"], first["sender"]) == (["a@b.test", "c@d.test"], "smarthost", "")
    assert (first["login"], first["message"]) == (("ana", "secret"), file)
    assert (second["to"], second["login"], second["message"]) == (["bia@dest.test"], "ana", "Hello\n")
    assert third["message"] == MAIL
    assert (third["dsn"], fourth["dsn"]) == (Dsn(), Dsn(("success", "delay")))


def test_send_as_json_is_the_contract(run: Run) -> None:
    (route,) = json.loads(run("send", "bia@refuse2.run.test", "--via", "direct", "--json").stdout)
    assert (route["schema"], route["outcome"], route["hops"]) == (1, "delivered", ["direct", "mx-b"])
    assert [attempt["target"] for attempt in route["attempts"]] == ["mx-a", "mx-b"]


def test_send_looks_at_what_is_asked_of_notices(run: Run, fake: FakeLab) -> None:
    result = run("send", "--notify", "success,latter")
    assert result.exit_code == 2
    assert "'latter' is none of success, failure, delay, never" in " ".join(result.output.split())
    assert fake.asked == []


def test_send_that_the_host_refuses(run: Run, fake: FakeLab) -> None:
    reply = Reply(550, "5.1.1 User unknown")
    fake.receipt = replace(fake.receipt, final=None, queue_id=None, refused={"bia@refuse2.run.test": reply})
    result = run("send", "--via", "direct")
    assert result.exit_code == codes.NO
    assert "bia@refuse2.run.test: rejected 5.1.1" in result.stdout
    assert "550 5.1.1 User unknown" in result.stdout


def test_send_that_does_not_come_to_its_end(run: Run, fake: FakeLab) -> None:
    fake.recorder = FakeRecorder("refuse")  # another message's logs
    result = run("send", "--via", "direct", "--timeout", "0")
    assert result.exit_code == codes.NO
    assert result.stderr.startswith("lab: after 0 s the route of 4jYhXL2v5NzDPPF at direct is not complete; awaited:")
    (route,) = json.loads(run("send", "--via", "direct", "--timeout", "0", "--json").stdout)
    assert route["outcome"] == "unknown"


def test_send_without_waiting_says_how_to_go_on(run: Run, fake: FakeLab) -> None:
    result = run("send", "--via", "direct", "--no-wait")
    assert result.stdout == (
        "direct took the message: 250 2.0.0 Ok: queued as 4jYhXL2v5NzDPPF\nits route: lab route '<refuse2@home.test>'\n"
    )
    fake.receipt = replace(fake.receipt, message_id=None)
    assert run("send", "--via", "direct", "--no-wait").stdout.endswith("lab route direct:4jYhXL2v5NzDPPF\n")
    data = json.loads(run("send", "--via", "direct", "--no-wait", "--json").stdout)
    assert data["queue_id"] == "4jYhXL2v5NzDPPF"


def test_send_takes_one_message_only(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "mail"
    file.write_bytes(MAIL)
    result = run("send", "--body", "x", "--file", str(file))
    assert result.exit_code == codes.USAGE
    assert "--body and --file cannot both be the message" in result.stderr


@pytest.mark.parametrize("message", ["<refuse2@home.test>", "refuse2@home.test", "direct:4jYhXL2v5NzDPPF"])
def test_route_of_an_earlier_message(run: Run, message: str) -> None:
    result = run("route", message)
    assert result.exit_code == codes.OK
    assert result.stdout.startswith(TIMELINE)


def test_route_reads_logs_from_when_the_message_was_sent(run: Run, fake: FakeLab) -> None:
    assert run("route", "<20260101.120000.000000.0123abcd@lab.test>").exit_code == codes.NO
    assert fake.asked[0] == {"since": NOW.timestamp() - 1}


class Growing(FakeRecorder):
    """A recording that a third of is there at first, and more each time that a command waits."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.events = read_events(name)
        self.history = History(WORLD)

    def new(self, cursor: int, _: float | None = None) -> tuple[list[Line], int]:
        for _ in range(9):
            if self.events:
                self.history.add(self.events.pop(0))
        return self.said[cursor : cursor + 9], cursor + 9


def test_a_long_queue_id_says_from_when_on_the_logs_are_read(run: Run, fake: FakeLab) -> None:
    """A million lines from before the message are not read for it."""
    run("route", "direct:4jYhXL2v5NzDPPF")
    run("route", "direct:7F3A2B1C")
    at = made_at("4jYhXL2v5NzDPPF")
    assert at is not None
    assert [each["since"] for each in fake.asked if "since" in each] == [at.timestamp() - 1, 1]


def test_route_followed_prints_each_row_once(run: Run, fake: FakeLab) -> None:
    fake.recorder = Growing("refuse2")
    told, _, summary = run("route", "<refuse2@home.test>", "--follow").stdout.partition("\n\n")
    assert len(told.splitlines()) == 9
    assert told.count("connect: Connection refused") == 1
    assert "delivered 2.0.0" in summary


def test_route_of_a_message_that_nobody_knows(run: Run) -> None:
    result = run("route", "<gone@home.test>", "--timeout", "0")
    assert result.exit_code == codes.NO
    assert result.stderr.startswith("lab: no host of the lab has said anything about <gone@home.test> within 0 s")


def test_explain(run: Run, fake: FakeLab) -> None:
    result = run("explain", "bia@refuse2.run.test", "--via", "direct")
    assert result.stdout.startswith("bia@refuse2.run.test, from direct\nnext    refuse2.run.test over smtp ")
    assert json.loads(run("explain", "bia@refuse2.run.test", "--json").stdout)["nexthop"] == "refuse2.run.test"
    assert run("explain", "bia@refuse2.run.test", "--from", "").exit_code == 0
    assert [each["sender"] for each in fake.asked] == ["ana@home.test", "ana@home.test", ""]


def test_rows_on_a_terminal_are_coloured_and_say_the_same(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    recorder = FakeRecorder("refuse2")
    story.routes(recorder.history.routes("<refuse2@home.test>"))
    coloured = capsys.readouterr().out
    assert "\x1b[31m  x direct -> mx-a" in coloured
    monkeypatch.setenv("NO_COLOR", "1")
    story.routes(recorder.history.routes("<refuse2@home.test>"))
    plain = capsys.readouterr().out
    assert "\x1b" not in plain
    assert TIMELINE.startswith(plain)


def queued(reason: str | None) -> QueuedMessage:
    return QueuedMessage("deferred", "4ABC", "", 412, int(NOW.timestamp()), {"bia@dest.test": reason})


def test_queue_lists_all_hosts_or_one(run: Run, fake: FakeLab) -> None:
    fake.queued = {"direct": [queued("Connection refused")], "mx1": [queued(None)]}
    everything = run("queue").stdout.splitlines()
    assert everything[1:] == [
        "direct  4ABC      deferred  12:00:00     412   <>    bia@dest.test: Connection refused",
        "mx1     4ABC      deferred  12:00:00     412   <>    bia@dest.test",
    ]
    assert run("queue", "mx1").stdout == run("queue", "list", "mx1").stdout
    assert "direct" not in run("queue", "mx1").stdout
    assert run("queue", "mx2").stdout == "Nothing is in the queue of mx2.\n"
    (message,) = json.loads(run("queue", "mx1", "--json").stdout)
    assert (message["host"], message["queue_id"], message["recipients"]) == ("mx1", "4ABC", {"bia@dest.test": None})


def test_a_long_reason_goes_on_below_itself(run: Run, fake: FakeLab) -> None:
    fake.queued = {"mx1": [queued("word " * 40)]}
    lines = run("queue", "mx1").stdout.splitlines()
    assert max(map(len, lines)) <= 110
    assert lines[2].index("word") == lines[3].index("word") == lines[1].index("bia@dest.test")


def test_queue_commands(run: Run, fake: FakeLab) -> None:
    fake.queued = {"mx1": [queued(None)]}
    for arguments in (("flush", "mx1"), ("flush", "mx1", "4ABC"), ("hold", "mx1", "ALL"), ("release", "mx1", "4ABC")):
        assert run("queue", *arguments).exit_code == codes.OK
    assert run("queue", "delete", "mx1", "ALL").stdout == "mx1 has deleted every message\n"
    assert fake.queue_commands == [
        ("flush", "mx1", ""),
        ("flush", "mx1", "4ABC"),
        ("hold", "mx1", "ALL"),
        ("release", "mx1", "4ABC"),
        ("delete", "mx1", "ALL"),
    ]


@pytest.mark.parametrize("verb", ["flush", "hold", "release", "expire", "delete"])
def test_a_message_that_is_not_there_is_said_to_be_missing(run: Run, fake: FakeLab, verb: str) -> None:
    """Postfix's own commands end with 0 then."""
    fake.queued = {"mx1": [queued(None)]}
    result = run("queue", verb, "mx1", "4NONE")
    assert result.exit_code == codes.NO
    assert "no message 4NONE in the queue of mx1" in result.stderr


def test_mailbox(run: Run) -> None:
    listed = run("mailbox", "bia").stdout.splitlines()
    assert listed[0] == "bia@dest.test: INBOX 1, Junk 0"
    assert listed[2].split() == ["INBOX", "7", "88", "-", "ana@home.test", "Lunch", "<1@home.test>"]
    assert run("mailbox", "bia", "--raw", "7").stdout_bytes == MAIL
    assert "Subject: Lunch\n" in run("mailbox", "bia", "--show", "7").stdout
    assert run("mailbox", "bia", "--show", "7").stdout.endswith("\n\nAt one?\n")
    assert run("mailbox", "bia", "--mailbox", "Junk", "--show", "7").exit_code == codes.NO
    data = json.loads(run("mailbox", "bia", "--json").stdout)
    assert data["mailboxes"]["INBOX"][0]["subject"] == "Lunch"
    assert data["mailboxes"]["Junk"] == []


def test_logs_are_in_order_of_time_across_hosts_and_as_they_are(run: Run) -> None:
    lines = run("logs", "mx1", "mx2").stdout.splitlines()
    assert [line.split(None, 2)[1:] for line in lines] == [
        ["mx2", "first"],
        ["mx1", "second"],
        ["mx2", "third"],
        ["mx1", "[red]fourth[/red]"],
    ]
    first = json.loads(run("logs", "--json").stdout.splitlines()[0])
    assert first == {"at": "2026-01-01T12:00:00.000001+00:00", "host": "mx2", "text": "first"}
    assert len(run("logs", "mx2", "--since", "2026-01-01T12:00:01Z").stdout.splitlines()) == 1


def test_logs_followed_until_every_host_has_stopped(run: Run, fake: FakeLab) -> None:
    at = datetime(2026, 1, 1, 12, tzinfo=UTC)
    fake.recorder.said = [Line(at, "mx2", "later"), Line(at, "mx1", "first\r"), Line(at, "gateway", "no host of these")]
    lines = run("logs", "mx1", "mx2", "--follow").stdout.splitlines()
    assert [line.split()[1:] for line in lines] == [["mx1", "first"], ["mx2", "later"]]


def test_logs_of_one_message(run: Run) -> None:
    lines = run("logs", "--mail", "<refuse2@home.test>").stdout
    assert "4jYhXL2v5NzDPPF" in lines
    assert "Connection refused" in lines
    assert run("logs", "--mail", "<gone@home.test>").exit_code == codes.NO
    assert run("logs", "--mail", "<refuse2@home.test>", "mx2").stdout == ""


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("90s", datetime(2026, 1, 1, 11, 58, 30, tzinfo=UTC)),
        ("2h", datetime(2026, 1, 1, 10, tzinfo=UTC)),
        ("2026-01-01T09:00:00Z", datetime(2026, 1, 1, 9, tzinfo=UTC)),
        ("2026-01-01 09:00", datetime(2026, 1, 1, 9, tzinfo=UTC)),
    ],
)
def test_since(text: str, meant: datetime) -> None:
    assert moment(text, NOW) == meant


def test_since_that_is_no_time() -> None:
    with pytest.raises(typer.BadParameter, match="must be a time such as 30s"):
        moment("yesterday", NOW)


def test_dns_zones(run: Run, fake: FakeLab) -> None:
    result = run("dns", "set", "Shop.test", "-", input="@ MX 10 mx-a\nmx-a A $MX2\n")
    assert result.stdout == "shop.test. is served: 3 records\n"
    _, origin, text, variables, file = fake.dns.done[0]
    assert (origin, file) == ("shop.test.", "standard input")
    assert "$MX2" in text
    assert (variables["MX2"], variables["DOMAIN"]) == ("198.18.0.12", "shop.test")
    assert run("dns", "list").stdout.splitlines()[1:] == ["dest.test.  world  9", "shop.test.  cli    3"]
    assert json.loads(run("dns", "list", "--json").stdout)[1]["owner"] == "cli"
    assert run("dns", "show", "dest.test").stdout == "; dest.test.\n@ MX 10 mx1\n"
    assert run("dns", "remove", "shop.test").stdout == "shop.test. is removed\n"
    assert fake.dns.done[-1] == ("remove", "shop.test.")


def test_dns_set_has_no_addresses_of_the_scripted_host(run: Run, fake: FakeLab) -> None:
    result = run("dns", "set", "a.test", "-", input="@ A $SCRIPTED_1\n")
    assert result.exit_code == codes.USAGE
    assert "$SCRIPTED_1 cannot be set from here" in result.stderr
    assert not fake.dns.done


@pytest.mark.parametrize("follow", [(), ("--follow",)])
def test_dns_history(run: Run, fake: FakeLab, follow: tuple[str, ...]) -> None:
    fake.names = {"198.18.0.22": "direct"}
    result = run("dns", "history", "--name", "dest.test", "--type", "mx", "--client", "direct", *follow)
    filters = {"name": "dest.test.", "type": "MX", "client": "198.18.0.22", "since": None}
    assert fake.dns.done[0][1] == (filters if follow else {**filters, "last": 1000})
    *_, known, unknown = result.stdout.splitlines()
    assert known.split() == ["12:00:00.123", "direct", "udp", "MX", "dest.test.", "NOERROR", "10", "mx1.dest.test."]
    assert "198.18.0.99" in unknown
    first, second = run("dns", "history", "--json", *follow).stdout.splitlines()
    assert (json.loads(first)["client"], json.loads(second)["answers"]) == ("198.18.0.22", [])


def test_dns_query(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    found = lookup.Answer("NOERROR", "qr aa rd ra", (lookup.Found("dest.test.", 5, "MX", "10 mx1.dest.test."),))
    monkeypatch.setattr(
        lookup, "ask", lambda port, name, type_: found if (port, name, type_) == (25053, "dest.test", "MX") else None
    )
    assert run("dns", "query", "dest.test").stdout == "NOERROR  qr aa rd ra\ndest.test.  5  MX  10 mx1.dest.test.\n"
    monkeypatch.setattr(lookup, "ask", lambda *_: lookup.Answer("NXDOMAIN", "qr aa", ()))
    result = run("dns", "query", "gone.test", "A", "--json")
    assert result.exit_code == codes.NO
    assert json.loads(result.stdout) == {"rcode": "NXDOMAIN", "flags": "qr aa", "answers": []}


def test_shell_hands_everything_behind_the_host_to_the_command(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    executed: list[Any] = []
    monkeypatch.setattr(os, "execvp", lambda _, arguments: executed.append(arguments))
    run("shell", "mx1", "postconf", "-n", "--help")
    run("shell", "mx2")
    run("shell", "mx1", "postqueue -p | tail -1")
    run("shell", "mx1", "printf", "two words")
    assert executed == [
        ["docker", "exec", "-i", "id-mx1", "postconf", "-n", "--help"],
        ["docker", "exec", "-i", "id-mx2", "bash"],
        ["docker", "exec", "-i", "id-mx1", "bash", "-c", "postqueue -p | tail -1"],
        ["docker", "exec", "-i", "id-mx1", "printf", "two words"],
    ]


def test_shell_on_a_host_that_is_stopped(run: Run, fake: FakeLab) -> None:
    fake.hosts["mx1"] = replace(fake.hosts["mx1"], state="exited")
    result = run("shell", "mx1")
    assert (result.exit_code, result.stderr) == (codes.MACHINE, "lab: mx1 is exited\n  `lab up` starts it\n")
