"""Every kind of fault on real hosts: applied, seen by a real message, healed; from Python and from the command line."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lab import Lab
from lab.control.grammar import STATES
from lab.engine.hosts import find
from lab.faults.heal import site
from lab.faults.kinds import KINDS

from .story import answers
from .test_log_ban import ask_for_relay, await_ban
from .test_scan import probe

AWAY = ("No route to host", "Connection timed out")  # which of them depends on what the neighbour still knows
LOST = ("lost connection while receiving the initial server greeting",)
SEEN: dict[str, tuple[dict[str, Any], str, tuple[str, ...]]] = {
    "close_after_accept": ({"connect": {"close_after_accept": True}}, "failed banner", LOST),
    "cut": ({"host": "cut"}, "failed connect", AWAY),
    "delay": ({"connect": {"delay": 5}}, "failed banner", ("timed out while receiving the initial server greeting",)),
    "disk-full": ({"host": "disk-full"}, "deferred mail", ("452 4.3.1 Insufficient system storage",)),
    "drop": ({"connect": "drop"}, "failed connect", ("Connection timed out",)),
    "fail2ban": ({"fail2ban": {"maxretry": 3}}, "failed connect", ("Connection refused",)),
    "killed": ({"host": "killed"}, "failed connect", AWAY),
    "limit": ({"connect": {"limit": 0}}, "failed connect", ("Connection refused",)),
    "loss": ({"connect": {"loss": 1}}, "failed connect", ("Connection timed out",)),
    "paused": ({"host": "paused"}, "failed banner", ("timed out while receiving the initial server greeting",)),
    "refuse": ({"connect": "refuse"}, "failed connect", ("Connection refused",)),
    "scan_ban": ({"scan_ban": {"after": 1, "for": 60}}, "failed connect", ("Connection refused",)),
    "stopped": ({"host": "stopped"}, "failed connect", AWAY),
    "unreachable": ({"connect": "unreachable"}, "failed connect", ("No route to host",)),
}
"""Kind: how it is set, what an attempt at mx1 comes to, and its reasons, of which one must be given."""


@contextmanager
def standing(lab: Lab, *words: str) -> Iterator[list[str]]:
    """Have a fault of the command line stand at mx1, which nobody else uses meanwhile; yields its ids."""
    assert lab.holding is not None
    with lab.holding.alone("mx1"):
        said = command(lab, "fault", "add", *words, "--json")
        ids = [each["id"] for each in json.loads(said.stdout)]
        try:
            yield ids
        finally:
            left = {each["id"] for each in listed(lab) if each["owner"] == "cli"} & set(ids)
            if left:
                command(lab, "fault", "clear", *sorted(left))


def command(lab: Lab, *words: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "lab", "--lab", lab.name, *words], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done


def listed(lab: Lab) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(command(lab, "fault", "list", "--json").stdout)
    return found


def delivered_by(lab: Lab) -> list[str]:
    return answers(lab.send(to=f"bia@{lab.domain}", via="direct").route())


def test_every_kind_is_tried_here() -> None:
    assert SEEN.keys() == KINDS.keys()


def is_seen(lab: Lab, kind: str, domain: str, address: str) -> None:
    """Send a message while something is wrong at mx1, the first exchanger of *domain*, which has *address*."""
    wrong, seen, reasons = SEEN[kind]
    with lab.fault("mx1", **wrong):
        if kind == "scan_ban":
            probe(lab, "direct", address, "1 2 3")
        if kind == "fail2ban":
            ask_for_relay(lab, "direct", address, 3)
            await_ban(lab, "mx1", "direct")
        route = lab.send(to=f"bia@{domain}", via="direct").route()
        assert answers(route) == [f"mx1 {seen}", "mx2 accepted end-of-data"]
        assert route.attempts[0].reason.startswith(reasons)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_kind_is_seen_by_a_message_and_heals(lab: Lab, kind: str) -> None:
    is_seen(lab, kind, lab.domain, lab.hosts["mx1"].address)
    KINDS[kind].heal(site(lab.engine, lab.hosts, "mx1", lambda _: None))  # once more does no harm
    assert find(lab.engine, lab.name)["mx1"].state == "running"
    assert delivered_by(lab) == ["mx1 accepted end-of-data"]


def test_one_connection_more_than_the_limit_is_refused(lab: Lab) -> None:
    with lab.fault("mx1", connect={"limit": 1}):
        assert delivered_by(lab) == ["mx1 accepted end-of-data"]
    with lab.fault("mx1", connect={"limit": 1}), lab.connect("mx1") as held:
        assert held.recv(4) == b"220 "
        route = lab.send(to=f"bia@{lab.domain}", via="direct").route()
        assert answers(route) == ["mx1 failed connect", "mx2 accepted end-of-data"]
        assert route.attempts[0].reason == "Connection refused"


def test_greeting_that_comes_late_is_waited_for(lab: Lab) -> None:
    """All that is said for 1 s is lost, and TCP says it again; smtp_helo_timeout is 3 s (timers.cf)."""
    with lab.fault("mx1", connect={"delay": 1}):
        began = datetime.now(UTC)
        route = lab.send(to=f"bia@{lab.domain}", via="direct").route()
        assert answers(route) == ["mx1 accepted end-of-data"]
        assert route.attempts[0].at - began >= timedelta(seconds=1)


def test_lossy_line_of_the_command_line(lab: Lab) -> None:
    with standing(lab, "mx1", 'connect={"loss": 1}') as (id_,):
        assert delivered_by(lab) == ["mx1 failed connect", "mx2 accepted end-of-data"]
        assert {"connect": {"loss": 1}} in [each["what"] for each in listed(lab) if each["id"] == id_]
        assert command(lab, "fault", "clear", id_).stdout == f"{id_}  mx1  connect='{{\"loss\": 1}}'  healed\n"
        assert delivered_by(lab) == ["mx1 accepted end-of-data"]


@pytest.mark.parametrize("stage", STATES)
def test_exchanger_answers_what_it_is_told_at_every_stage(lab: Lab, stage: str) -> None:
    recipient = f"bia@{lab.domain}"  # the domain is there before the fault, which is for its recipients only
    key: dict[str, Any] = {stage.replace("-", "_"): "451 4.3.0 Not now"}
    with lab.fault("mx1", **key):
        route = lab.send(to=recipient, via="direct").route()
    assert answers(route) == [f"mx1 deferred {stage}", "mx2 accepted end-of-data"]
    assert str(route.attempts[0].reply).startswith("451 4.3.0 ")
    assert str(route.attempts[0].reply).endswith("Not now")
    assert delivered_by(lab) == ["mx1 accepted end-of-data"]


def test_host_fault_of_the_command_line_stands_until_it_is_cleared(lab: Lab) -> None:
    with standing(lab, "mx1", "connect=refuse") as (id_,):
        assert delivered_by(lab) == ["mx1 failed connect", "mx2 accepted end-of-data"]
        lab.heal()  # what the next command does: this is nobody's leftover
        assert delivered_by(lab) == ["mx1 failed connect", "mx2 accepted end-of-data"]
        own = next(each for each in listed(lab) if each["id"] == id_)
        assert (own["where"], own["what"], own["owner"]) == ("mx1", {"connect": "refuse"}, "cli")
        status = subprocess.run(
            [sys.executable, "-m", "lab", "--lab", lab.name, "status"], capture_output=True, text=True, check=False
        )
        assert f"  mx1  connect=refuse  ({id_})\n" in status.stdout
        assert command(lab, "fault", "clear", id_).stdout == f"{id_}  mx1  connect=refuse  healed\n"
        assert delivered_by(lab) == ["mx1 accepted end-of-data"]


def test_replies_of_the_command_line_are_for_whom_the_rule_names(lab: Lab) -> None:
    rule = {"reply": "450 4.2.0 later", "recipient": f"bia@{lab.domain}"}
    with standing(lab, "mx1", f"rcpt={json.dumps(rule)}") as (id_,):
        assert delivered_by(lab) == ["mx1 deferred rcpt", "mx2 accepted end-of-data"]
        other = lab.send(to=f"cai@{lab.domain}", via="direct").route()
        assert answers(other) == ["mx1 accepted end-of-data"]
        assert {"rcpt": rule} in [each["what"] for each in listed(lab) if each["id"] == id_]
        command(lab, "fault", "clear", id_)
        assert delivered_by(lab) == ["mx1 accepted end-of-data"]


def test_dns_fault_of_the_command_line(lab: Lab) -> None:
    words = ("dns", "kind=rcode", f"name={lab.domain}", "type=MX", "rcode=SERVFAIL")
    with standing(lab, *words) as (id_,):
        sent = lab.send(to=f"bia@{lab.domain}", via="direct")
        route = sent.route()
        assert (route.outcome, route.attempted) == ("deferred", [])
        assert lab.domain in str([each["what"] for each in listed(lab) if each["id"] == id_])
        command(lab, "fault", "clear", id_)
    lab.queue("direct").flush(sent.receipt.queue_id)
    assert sent.route(until="delivered").accepted_by == "mx1"


def test_faults_of_a_process_are_listed_and_are_its_own_to_heal(lab: Lab) -> None:
    with lab.fault("mx1", connect="refuse"):
        found = [each for each in listed(lab) if each["where"] == "mx1" and each["what"] == {"connect": "refuse"}]
        assert [(each["id"], each["owner"] != "cli") for each in found] == [(None, True)]
        refused = subprocess.run(
            [sys.executable, "-m", "lab", "--lab", lab.name, "fault", "add", "mx1", "host=stopped"],
            capture_output=True,
            text=True,
            check=False,
        )
        assert refused.returncode == 2
        assert "mx1 has connect=refuse already" in refused.stderr
    assert delivered_by(lab) == ["mx1 accepted end-of-data"]


def test_lab_up_heals_a_host_that_the_command_line_has_stopped(lab: Lab) -> None:
    with standing(lab, "mx1", "host=stopped") as (id_,):
        said = command(lab, "up")
        assert f"healing mx1, where {id_} of `lab fault add` stands (stopped)" in said.stderr
        assert id_ not in [each["id"] for each in listed(lab)]
        assert delivered_by(lab) == ["mx1 accepted end-of-data"]
