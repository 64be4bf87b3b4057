"""fault add, list, clear: what is said, what stands, and that mistakes do nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import Result

from lab.cli import codes, complete, in_force, key_values
from lab.errors import LabError
from lab.faults import kinds, standing
from lab.state.lease import Lease
from lab.world import ready

from .conftest import FakeLab

Run = Callable[..., Result]
SERVFAIL = ("kind=rcode", "name=shop.test", "type=MX", "rcode=SERVFAIL")


class Kind:
    """A kind of fault that notes what is done at which host."""

    def __init__(self, name: str, done: list[tuple[str, ...]]) -> None:
        self.name, self.done = name, done

    def apply(self, site: Any, *_: object) -> None:
        self.done.append(("apply", self.name, site.host.name))

    def heal(self, site: Any) -> None:
        self.done.append(("heal", self.name, site.host.name))


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """Return what is done at hosts, in order: applied, healed, waited for."""
    found: list[tuple[str, ...]] = []

    for name, kind in kinds.KINDS.items():
        fake = Kind(name, found)
        monkeypatch.setattr(kind, "apply", lambda _, site, fake=fake: fake.apply(site))
        monkeypatch.setattr(kind, "heal", staticmethod(fake.heal))
    monkeypatch.setattr("lab.faults.heal.site", lambda _, hosts, name, __: SimpleNamespace(host=hosts[name]))

    def wait(doors: dict[Any, int], *_: object) -> dict[Any, str]:
        found.append(("wait", *sorted({door.host for door in doors})))
        return {}

    monkeypatch.setattr(ready, "wait", wait)
    return found


def test_host_fault_from_adding_to_clearing(run: Run, done: list[tuple[str, ...]]) -> None:
    added = run("fault", "add", "mx1", "connect=refuse")
    assert added.stdout == "h1  mx1  connect=refuse\n`lab fault clear h1` takes this back.\n"
    since = standing.read("main")[0].since
    assert run("fault", "list").stdout.splitlines() == [
        "ID  WHERE  SINCE (UTC)     BY            WHAT",
        f"h1  mx1    {since[5:10]} {since[11:19]}  command line  connect=refuse",
    ]
    assert done == [("apply", "refuse", "mx1")]
    assert run("fault", "clear", "h1").stdout == "h1  mx1  connect=refuse  healed\n"
    assert done[1:] == [("heal", "refuse", "mx1"), ("wait", "mx1")]
    assert run("fault", "list").stdout == "Nothing is wrong on purpose in the lab main.\n"


@pytest.mark.usefixtures("done")
def test_who_is_banned_is_listed_with_the_time_that_is_left(run: Run, fake: FakeLab) -> None:
    run("fault", "add", "mx1", "scan_ban={}")
    run("fault", "add", "mx2", "host=paused")
    fake.bans = {"direct": 42}
    assert run("fault", "list").stdout.splitlines()[3:] == ["mx1 bans direct for 42 s more"]
    banned, other = json.loads(run("fault", "list", "--json").stdout)
    assert (banned["banned"], "banned" in other) == ({"direct": 42}, False)


def test_dns_fault(run: Run, fake: FakeLab) -> None:
    added = run("fault", "add", "dns", *SERVFAIL, "first=2", "client=direct")
    said = "kind=rcode name=shop.test type=MX rcode=SERVFAIL first=2 client=198.18.77.22"
    assert added.stdout.splitlines()[0] == f"f1  dns  {said.replace('77', '0')}"
    assert fake.dns.in_force[0]["first"] == 2
    assert json.loads(run("fault", "list", "--json").stdout)[0]["what"]["rcode"] == "SERVFAIL"
    assert run("fault", "clear", "--all").exit_code == codes.OK
    assert fake.dns.in_force == []
    assert standing.read("main") == []


def test_the_host_of_the_dns_can_be_stopped_too(run: Run, done: list[tuple[str, ...]]) -> None:
    assert run("fault", "add", "dns", "host=stopped").stdout.startswith("h1  dns  host=stopped\n")
    assert done == [("apply", "stopped", "dns")]


def test_replies_of_an_exchanger(run: Run, fake: FakeLab) -> None:
    rule = '{"reply": "550 5.1.1 no", "recipient": "bia@*", "first": 2}'
    added = run("fault", "add", "mx2", f'rcpt=[{rule}, "450 4.2.0 later"]', "end_of_data=451 4.3.0 no")
    assert added.stdout.splitlines() == [
        f"P1  mx2  rcpt='{rule}'",
        "P2  mx2  rcpt='450 4.2.0 later'",
        "P3  mx2  end-of-data='451 4.3.0 no'",
        "`lab fault clear P1 P2 P3` takes this back.",
    ]
    first, second, third = fake.scripted.standing
    assert (first["host"], first["state"], first["recipient"], first["first"]) == (("198.18.0.12",), "RCPT", "bia@*", 2)
    assert "recipient" not in second
    assert third["state"] == "END-OF-MESSAGE"
    assert [each["what"] for each in json.loads(run("fault", "list", "--json").stdout)][:1] == [
        {"rcpt": json.loads(rule)}
    ]
    assert run("fault", "clear", "P2", "P1").exit_code == codes.OK
    assert fake.scripted.standing == [third]


def test_a_part_that_fails_takes_the_rest_back(run: Run, fake: FakeLab, done: list[tuple[str, ...]]) -> None:
    fake.scripted.most = 1
    result = run("fault", "add", "mx1", "connect=refuse", 'rcpt=["450 4.2.0 a", "450 4.2.0 b"]')
    assert (result.exit_code, result.stderr) == (codes.USAGE, "lab: no more rules\n")
    assert [what for what, *_ in done] == ["apply", "heal"]
    assert fake.scripted.standing == []
    assert standing.read("main") == []


def test_all_mistakes_at_a_host_are_told_and_nothing_is_done(run: Run, done: list[tuple[str, ...]]) -> None:
    result = run(
        *("fault", "add", "mx1", "conect=refuse", "connect=close", "host=stopped", "host=cut", "word", "scan_ban={"),
        *('rcpt={"replyy": "450 4.2.0 x"}', "data=450", "end_of_data=999 no"),
    )
    assert result.exit_code == codes.USAGE
    for part in (
        "conect: cannot be made wrong at a host (did you mean connect?)",
        "connect: must be one of drop, refuse, unreachable, not 'close'",
        "host is given twice",
        "'word' is not KEY=VALUE",
        "scan_ban: must be JSON, not '{'",
        "has connect and host and scan_ban (a host has one of these at a time)",
        "rcpt.replyy: unknown key replyy (did you mean reply?)",
        "data: must be a reply, such as '450 4.2.0 later', or a rule, such as {reply = ...}, not 450",
        'end-of-data: "999" is not an action',
    ):
        assert part in result.stderr
    assert done == []
    assert standing.read("main") == []


def test_all_mistakes_in_a_dns_fault_are_told_and_nothing_is_done(run: Run, fake: FakeLab) -> None:
    result = run("fault", "add", "dns", "kind=rcode", "rcode=SERVFAI", "typ=MX", "owner=world", "word")
    assert result.exit_code == codes.USAGE
    for part in ("did you mean SERVFAIL?", "unknown key typ", "owner: unknown key", "'word' is not KEY=VALUE"):
        assert part in result.stderr
    assert fake.dns.in_force == []


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("mx9", "connect=refuse"), "this lab has no host 'mx9'"),
        (("direct", "rcpt=450 4.2.0 x"), "rcpt: only an MX can be told what to answer"),
        (("mx1", "scan_ban=5"), "scan_ban: must be a table, not 5"),
    ],
)
def test_what_cannot_be_done_is_told(run: Run, arguments: tuple[str, ...], told: str) -> None:
    result = run("fault", "add", *arguments)
    assert result.exit_code == codes.USAGE
    assert told in result.stderr


def test_one_thing_at_a_time_is_wrong_at_a_host(run: Run, fake: FakeLab, done: list[tuple[str, ...]]) -> None:
    run("fault", "add", "mx1", "connect=refuse")
    again = run("fault", "add", "mx1", "host=paused")
    assert again.stderr == "lab: mx1 has connect=refuse already\n  `lab fault clear h1` takes it back\n"
    lease = Lease("main")
    try:
        lease.note({"kind": "paused", "host": "mx2", "wrong": {"host": "paused"}})
        held = run("fault", "add", "mx2", "connect=drop")
    finally:
        lease.close()
    assert held.stderr.startswith(f"lab: mx2 has host=paused already, by {lease.owner}\n")
    fake.hosts["mx3"] = replace(fake.hosts["mx3"], state="exited")
    assert run("fault", "add", "mx3", "connect=drop").stderr.startswith("lab: mx3 is exited\n")
    assert done == [("apply", "refuse", "mx1")]


def test_what_processes_have_in_force_is_listed_as_theirs_and_what_they_left_is_cleared(
    run: Run, fake: FakeLab
) -> None:
    lease = Lease("main")
    drop = {"kind": "drop", "name": "x.test."}
    fake.dns.in_force.append({"id": "f7", "owner": lease.owner, **drop, "fault": "", "met": 3})
    fake.dns.in_force.append({"id": "f8", "owner": "by-hand", **drop, "fault": "", "met": 0})
    policy = {"state": "RCPT", "recipient": "*@x.test", "action": "450 4.2.0 x", "first": None}
    hosts = ["198.18.0.11", "2001:2::11"]
    fake.scripted.standing.append({"id": "P4", "owner": "vm-1-gone", "host": hosts, **policy})
    try:
        lease.note({"kind": "loss", "host": "mx1", "wrong": {"connect": {"loss": 0.3}}})
        found = json.loads(run("fault", "list", "--json").stdout)
        shown = run("fault", "list").stdout
        refused = run("fault", "clear", "f7", "h9")
        cleared = run("fault", "clear", "--all")
        left = json.loads(run("fault", "list", "--json").stdout)
    finally:
        lease.close()
    assert [(each["where"], each["owner"], each["what"], each["held"]) for each in found] == [
        ("mx1", lease.owner, {"connect": {"loss": 0.3}}, True),
        ("mx1", "vm-1-gone", {"rcpt": {"reply": "450 4.2.0 x", "recipient": "*@x.test"}}, False),
        ("dns", lease.owner, drop, True),
        ("dns", "by-hand", drop, False),
    ]
    assert [line.split()[0] for line in shown.splitlines()] == ["ID", "-", "P4", "-", "f8"]
    assert refused.exit_code == codes.USAGE
    assert f"there is no fault h9\n  f7 belongs to {lease.owner}, which takes it back itself\n" in refused.stderr
    assert cleared.stdout.splitlines()[:2] == [
        'P4  mx1  rcpt=\'{"reply": "450 4.2.0 x", "recipient": "*@x.test"}\'  healed',
        "f8  dns  kind=drop name=x.test.  healed",
    ]
    assert cleared.stdout.count(f"stays: {lease.owner} runs, and takes it back itself") == 2
    assert [each["held"] for each in left] == [True, True]


def test_clear_wants_ids_or_all(run: Run) -> None:
    for arguments in ((), ("h1", "--all")):
        result = run("fault", "clear", *arguments)
        assert result.exit_code == codes.USAGE
        assert "give ids of faults, or --all" in result.stderr


def test_hosts_are_all_healed_before_any_is_waited_for(run: Run, fake: FakeLab, done: list[tuple[str, ...]]) -> None:
    for host in ("mx1", "gateway"):
        run("fault", "add", host, "host=stopped")
    run("fault", "add", "dns", *SERVFAIL)
    done.clear()
    assert run("fault", "clear", "--all").exit_code == codes.OK
    assert [what for what, *_ in done] == ["heal", "heal", "wait"]
    assert fake.dns.in_force == []


def test_a_server_that_does_not_answer_hides_no_other_fault(
    run: Run, done: list[tuple[str, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(*_: object) -> Any:
        raise LabError("the dns host does not answer: timed out")

    run("fault", "add", "dns", "host=paused")
    monkeypatch.setattr(in_force, "dns", silent)
    listed = run("fault", "list")
    assert "h1  dns " in listed.stdout
    assert listed.stderr == "lab: the dns host does not answer: timed out\n"
    cleared = run("fault", "clear", "--all")
    assert done[-1][0] == "wait"
    assert (cleared.exit_code, cleared.stdout) == (codes.MACHINE, "h1  dns  host=paused  healed\n")


def test_clearing_everything_reaches_a_server_that_was_in_the_way_of_itself(
    run: Run, fake: FakeLab, done: list[tuple[str, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def frozen(*_: object) -> Any:
        if done[-1][0] == "apply":
            raise LabError("the dns host does not answer: timed out")
        return nullcontext(fake.dns)

    run("fault", "add", "dns", *SERVFAIL)
    run("fault", "add", "dns", "host=paused")
    monkeypatch.setattr(in_force, "dns", frozen)
    cleared = run("fault", "clear", "--all")
    assert (cleared.exit_code, cleared.stdout.count(" healed\n")) == (codes.OK, 2)
    assert fake.dns.in_force == []


@pytest.mark.usefixtures("done")
def test_status_shows_faults_at_hosts(run: Run) -> None:
    run("fault", "add", "mx1", "connect=refuse", "rcpt=450 4.2.0 later")
    assert run("status").stdout.endswith(
        "\nFaults at hosts in force:\n"
        "  mx1  connect=refuse  (h1)\n"
        "  mx1  rcpt='450 4.2.0 later'  (P1)\n"
        "`lab fault clear --all` takes back what nobody else will.\n"
    )
    found = json.loads(run("status", "--json").stdout)["faults_at_hosts"]
    assert [(each["id"], each["where"]) for each in found] == [("h1", "mx1"), ("P1", "mx1")]


def test_help_lists_what_can_be_made_wrong_and_completion_offers_it(run: Run) -> None:
    listed = run("fault", "add", "--help").output
    context = SimpleNamespace(params={"name": "mx1"})
    offered = complete.faults(context, "")  # type: ignore[arg-type]  # what it reads of a context
    assert "fail2ban" not in listed, "nobody hands it a log"
    for name, kind in kinds.KINDS.items():
        assert kind.help[:20] in listed or not kind.standing
        assert f"{kind.key}={name}" in offered or not isinstance(kind.example, str)
    assert complete.faults(context, "host=p") == ["host=paused"]  # type: ignore[arg-type]
    context.params["name"] = "dns"
    assert complete.faults(context, "kind=r") == ["kind=rcode"]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("a=5", 5),
        ("a=0.5", 0.5),
        ("a=true", True),
        ('a={"b": [1]}', {"b": [1]}),
        ('a="5"', "5"),
        ("a=null", "null"),
        ("a=NaN", "NaN"),
        ("a=450 4.2.0 x=y", "450 4.2.0 x=y"),
        ("a=", ""),
    ],
)
def test_values_are_read_as_json_where_they_are_json(word: str, value: object) -> None:
    assert key_values.read([word]) == ({"a": value}, [])


def test_words_are_written_as_a_shell_takes_them() -> None:
    assert key_values.write({"rcpt": "450 it's", "first": 2}) == "rcpt='450 it'\"'\"'s' first=2"
