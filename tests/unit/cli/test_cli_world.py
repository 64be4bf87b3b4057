"""up, down and status: what is said, and the picture of the world."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from typer.testing import Result

from lab.cli import codes, lookup, picture
from lab.cli.checklist import Checklist
from lab.cli.console import WIDTH
from lab.engine import connection
from lab.errors import LabError, MachineError
from lab.world import world
from lab.world.doors import Door
from lab.world.world import Status

from .conftest import FakeLab, FakeWorld, make_hosts, make_status

Run = Callable[..., Result]
States = dict[str, Status | None]

PICTURE = """\
  home.test                 isp.test                                dest.test

  client                    smarthost                               10 mx1
  198.18.0.21   ----------> 198.18.0.31   ---+            +-------> 198.18.0.11   ---+
  relays everything         587: TLS and     |            |         20 mx2           |  LMTP  mailstore
  through its smarthost     a password       +- looks up -+-------> 198.18.0.12   ---+------> 198.18.0.4
                                             |  the MX    |         30 mx3           |        Sieve, IMAP
  direct                                     |            +-------> 198.18.0.13   ---+
  198.18.0.22   -----------------------------+
  looks up the MX itself

  dns           198.18.0.2     answers for every name of the lab
  scripted      198.18.0.5     an SMTP server that answers what a test wants, at addresses leased from it
  gateway       198.18.0.3     publishes the ports below; it is the only way in, and there is no way out

  on 127.0.0.1  25001 client:25       25002 direct:25       25003 smarthost:25    25004 smarthost:587
                25005 client:587      25006 smarthost:465   25007 client:465      25011 mx1:25
                25012 mx2:25          25013 mx3:25          25020 scripted:8025   25043 mailstore:143
                25053 dns:53          25080 dns:8053
"""
PREFERENCES = {"mx1": 10, "mx2": 20, "mx3": 30}


@pytest.fixture
def up(monkeypatch: pytest.MonkeyPatch, states: States) -> Callable[[], list[str]]:
    """Let `lab up` work in memory; returns a function that makes it fail with an error."""
    wrong: list[Any] = []

    class World(FakeWorld):
        def up(self, report: Callable[[str], None], _: object) -> tuple[Status, bool]:
            if wrong:
                raise wrong[0]
            found = self.states.get(self.name)
            if found is not None:
                return found, False
            report("starting 10 hosts in 198.18.0.0/20")
            report("mx1:25 is ready")
            self.states[self.name] = made = make_status(self.name)
            return made, True

    monkeypatch.setattr(world, "World", type("World", (World,), {"states": states}))
    monkeypatch.setattr(connection, "ensure", lambda _: None)
    answer = lookup.Answer(
        "NOERROR", "", (lookup.Found("dest.test.", 5, "MX", "10 mx1.dest.test."), lookup.Found("a.", 5, "A", "x"))
    )
    monkeypatch.setattr(lookup, "ask", lambda *_: answer)
    return lambda: wrong


def test_picture() -> None:
    assert picture.draw(make_status(), PREFERENCES).startswith(PICTURE)


def test_picture_of_a_lab_that_lacks_hosts_keeps_its_shape() -> None:
    some = {name: host for name, host in make_hosts().items() if name not in ("mx2", "dns")}
    drawn = picture.draw(make_status(hosts=some), {})
    assert "mx2 is missing" in drawn
    assert "answers for every name" not in drawn
    assert drawn.splitlines()[5].index("+------>") == PICTURE.splitlines()[5].index("+------>")


def test_picture_is_plain_and_narrow_for_every_slot() -> None:
    wide = {name: replace(host, address=host.address.replace(".0.", ".240.")) for name, host in make_hosts().items()}
    drawn = picture.draw(make_status(hosts=wide), PREFERENCES)
    assert drawn.isascii()
    assert max(map(len, drawn.splitlines())) <= 110
    assert drawn.splitlines()[3].rindex("---+") == PICTURE.splitlines()[3].rindex("---+")


@pytest.mark.usefixtures("up")
def test_up_shows_the_world_and_what_to_try(run: Run, states: States) -> None:
    states.clear()
    result = run("up", "--lab", "second")
    assert result.exit_code == codes.OK
    assert "s  starting 10 hosts in 198.18.0.0/20\n" in result.stderr
    assert "s  mx1:25 is ready\n" in result.stderr
    assert result.stdout.startswith("The lab second is up: 10 hosts in 198.18.0.0/20, ready after ")
    assert "10 mx1\n" in result.stdout
    for command in ("send bia@dest.test", "explain bia@dest.test --via direct", "mailbox bia"):
        assert f"\n  lab {command} --lab second " in result.stdout


@pytest.mark.usefixtures("up")
def test_up_again_says_so_in_one_line(run: Run) -> None:
    result = run("up")
    assert result.stdout == "The lab main is up already: 10 hosts in 198.18.0.0/20. `lab status` shows them.\n"
    assert result.stderr == ""


@pytest.mark.usefixtures("up")
def test_up_after_files_have_changed_says_what_to_do(run: Run, states: States) -> None:
    old = {name: replace(host, image="mail-lab/mx:old") for name, host in make_hosts().items()}
    states["main"] = make_status(hosts=old)
    result = run("up")
    assert "have changed since it was started" in result.stdout
    assert "`lab down`, then `lab up`" in result.stdout


@pytest.mark.usefixtures("up")
def test_up_as_json(run: Run, states: States) -> None:
    states.clear()
    data = json.loads(run("up", "--json").stdout)
    assert (data["lab"], data["ready"], data["started"]) == ("main", True, True)


def test_up_interrupted_says_how_to_go_on(run: Run, up: Callable[[], list[Any]]) -> None:
    up().append(KeyboardInterrupt())
    result = run("up")
    assert result.exit_code == codes.INTERRUPTED
    assert result.stderr == ("lab: interrupted\n  `lab up` completes what has begun, `lab down` removes it\n")


def test_up_tells_what_is_wrong_from_what_is_in_the_way(run: Run, up: Callable[[], list[Any]]) -> None:
    wrong = up()
    wrong.append(MachineError("port 25011 on 127.0.0.1 is taken", hint="stop it"))
    result = run("up")
    assert (result.exit_code, result.stderr) == (
        codes.MACHINE,
        "lab: port 25011 on 127.0.0.1 is taken\n  stop it\n",
    )
    wrong[:] = [LabError("users:3: no colon in 'x'")]
    assert run("up").exit_code == codes.USAGE


@pytest.mark.usefixtures("up")
@pytest.mark.parametrize("command", ["up", "status"])
def test_a_lab_that_cannot_be_closed_is_told_loudly(run: Run, states: States, command: str) -> None:
    states["main"] = make_status(exposed="nft: Operation not supported")
    result = run(command)
    assert result.exit_code == codes.OK
    assert (
        "The lab is not closed to the outside: neighbours on the network may reach its ports, and its hosts may send "
        "to this machine.\n  nft: Operation not supported\n"
    ) in result.stdout
    data = json.loads(run(command, "--json").stdout)
    assert (data["isolated"], data["exposed"]) == (False, "nft: Operation not supported")


def test_down(run: Run, states: States) -> None:
    first, second = run("down"), run("down")
    assert first.stdout == "The lab main is down: 10 hosts, their networks and their volumes are removed.\n"
    assert second.stdout == "There is no lab main: nothing to remove.\n"
    assert (first.exit_code, second.exit_code) == (codes.OK, codes.OK)
    assert not states


def test_down_all(run: Run, states: States) -> None:
    states["second"] = make_status("second")
    assert run("down", "--all").stdout.count(" is down: ") == 2
    assert not states
    assert run("down", "--all").stdout == "There is no lab on this machine.\n"


def test_status_is_a_table_without_frames(run: Run) -> None:
    result = run("status")
    lines = result.stdout.splitlines()
    assert result.exit_code == codes.OK
    assert lines[0] == "Lab main in 198.18.0.0/20: ready."
    assert lines[1].split("  ")[0] == "HOST"
    assert "client     client     198.18.0.21  running  yes    25001 for 25, 25007 for 465, 25005 for 587" in lines
    assert all(line == line.rstrip() and line.isascii() for line in lines)


def test_status_says_what_is_wrong(run: Run, states: States) -> None:
    hosts = make_hosts()
    hosts["mx2"] = replace(hosts["mx2"], state="exited", exit_code=1)
    del hosts["scripted"]
    states["main"] = make_status(hosts=hosts, problems={Door("mx1", 25): "no greeting yet"}, missing=("scripted",))
    result = run("status")
    assert result.exit_code == codes.NO
    assert "Lab main in 198.18.0.0/20: not ready.\n" in result.stdout
    assert "\n  mx1:25: no greeting yet\n" in result.stdout
    assert "\n  mx2 ended with exit code 1\n" in result.stdout
    assert "scripted " in result.stdout
    assert "missing" in result.stdout
    assert "`lab up` starts what is missing" in result.stdout


def test_status_shows_the_faults_in_force(run: Run, fake: FakeLab) -> None:
    fake.faults = [{"id": "f1", "kind": "rcode", "name": "dest.test.", "rcode": "SERVFAIL", "client": None}]
    assert run("status").stdout.endswith("\nDNS faults in force:\n  id=f1 kind=rcode name=dest.test. rcode=SERVFAIL\n")
    assert json.loads(run("status", "--json").stdout)["faults"] == fake.faults


def test_status_as_json(run: Run) -> None:
    data = json.loads(run("status", "--json").stdout)
    assert (data["schema"], data["lab"], data["ready"], data["current"]) == (1, "main", True, True)
    client = next(host for host in data["hosts"] if host["name"] == "client")
    assert client == {
        "name": "client",
        "role": "client",
        "fqdn": "client.home.test",
        "address": "198.18.0.21",
        "address6": "",
        "state": "running",
        "ready": True,
        "problems": [],
        "published": {"25": 25001, "465": 25007, "587": 25005},
    }


def test_status_of_all_labs(run: Run, states: States) -> None:
    states["second"] = make_status("second", problems={Door("mx1", 25): "no greeting yet"})
    result = run("status", "--all")
    assert result.exit_code == codes.NO
    assert result.stdout.splitlines()[1:] == [
        "main    198.18.0.0/20  10     yes",
        "second  198.18.0.0/20  10     no",
    ]
    states.clear()
    assert run("status", "--all").stdout == "There is no lab on this machine. `lab up` brings one up.\n"


def test_checklist_shows_the_detail_of_the_step_that_goes_on(capsys: pytest.CaptureFixture[str]) -> None:
    steps = Checklist(clock=lambda: 1.0)
    steps("building 8 images")
    steps("  [mx1 2/6] RUN apt-get update" + "x" * 200)
    shown = str(steps.draw(WIDTH)).splitlines()
    assert shown[0] == " ..    0.0 s  building 8 images"
    assert shown[1].startswith("              [mx1 2/6] RUN")
    assert len(shown[1]) == 110
    steps("starting")
    assert "mx1 2/6" not in str(steps.draw(WIDTH))
    for number in range(40):
        steps(f"mx{number}:25 is ready")
    assert max(map(len, str(steps.draw(WIDTH)).splitlines())) <= 110
    assert "  [mx1 2/6] RUN" in capsys.readouterr().err


def test_checklist_counts_each_step(capsys: pytest.CaptureFixture[str]) -> None:
    now = [0.0]
    steps = Checklist(clock=lambda: now[0])
    steps("building the image a")
    now[0] = 2.0
    steps("starting")
    now[0] = 2.5
    steps("mx1:25 is ready")
    now[0] = 3.0
    steps.end()
    assert [(step.text, step.took, step.answered) for step in steps.steps] == [
        ("building the image a", 2.0, []),
        ("starting", 1.0, ["mx1:25"]),
    ]
    assert capsys.readouterr().err.splitlines() == [
        "   0.0 s  building the image a",
        "   2.0 s  starting",
        "   2.5 s  mx1:25 is ready",
    ]
    assert str(steps.draw(WIDTH)) == (
        " ok    2.0 s  building the image a\n ok    1.0 s  starting\n              ready: mx1:25"
    )
