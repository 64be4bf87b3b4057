"""The runner, with a lab that only pretends: what it does, in what order, and what it makes of what it sees."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from lab.engine.protocol import Ran
from lab.errors import LabError, UnsupportedError
from lab.mail.dsn import Dsn
from lab.mail.submit import Reply
from lab.route.model import Route
from lab.route.plan import Group, Plan, Question, Site, Target
from lab.scenario.run.result import Result
from lab.scenario.run.run import run
from lab.state import claims
from tests.unit.scenario.conftest import GOOD, FakeLab, attempt, notice, route, scenario

HEAD = 'title = "t"\nteaches = "t"\n'
MESSAGE = '[[message]]\nto = "bia@$DOMAIN"\nvia = "direct"\n'
ZONE = 'zone = "@ MX 10 mx-a\\nmx-a A $SCRIPTED_1"\n'


def told(*stages: Route) -> Callable[[str], list[list[Route]]]:
    """Return what the servers tell of a message to whomever: one stage after the other."""
    return lambda to: [[replace(stage, recipient=to)] for stage in stages]


RIGHT = told(route(attempt("mx-a", "Connection refused"), attempt("mx1")))


def result(text: str, lab: FakeLab) -> Result:
    return run(scenario(text), lab)  # type: ignore[arg-type]  # as much of a Lab as it needs


def test_the_whole_run_in_order() -> None:
    lab = FakeLab(RIGHT)
    found = result(GOOD, lab)
    assert (found.outcome, found.lines()) == ("pass", [])
    assert [each.outcome for each in found.routes] == ["delivered"]
    assert lab.did == [
        "zone d1.test",
        "script 198.18.0.130 {'connect': 'refuse'}",
        "send ana@home.test to bia@d1.test via direct",
        "script 198.18.0.130 {}",
        "reset",
    ]


def test_what_differs_fails() -> None:
    found = result(GOOD, FakeLab(told(route(attempt("mx1")))))
    assert found.outcome == "fail"
    assert found.lines() == [
        "expect (message to bia@d1.test): fail",
        "  attempts[0]: expected mx-a refused, observed nothing",
    ]


def test_it_is_waited_until_what_is_expected_is_there() -> None:
    lab = FakeLab(told(route(attempt("mx-a", "450 4.2.0 later"), outcome="deferred"), route(attempt("mx1"))))
    assert result(HEAD + MESSAGE + '[expect]\ndelivered = "INBOX"\n', lab).outcome == "pass"


def test_until_does_not_wait_for_what_a_held_message_will_not_do() -> None:
    lab = FakeLab(told(route(outcome="held"), route(attempt("mx1"))))
    steps = "[[step]]\nsend = 'message'\n[[step]]\nuntil = 'delivered'\n"
    found = result(HEAD + MESSAGE + steps + '[expect]\noutcome = "held"\n', lab)
    assert found.lines() == ["step[1].until: expected delivered, observed held"]


def test_a_held_message_is_waited_for_where_a_step_releases_it() -> None:
    lab = FakeLab(told(route(outcome="held"), route(attempt("mx1"))))
    steps = "[[step]]\nsend = 'message'\n[[step]]\nrun = 'direct'\ncommand = ['postsuper', '-H', 'ALL']\n"
    lab.engine = Commands("")  # type: ignore[attr-defined]  # no other test has one
    found = result(HEAD + MESSAGE + steps + '[expect]\noutcome = "delivered"\n', lab)
    assert found.outcome == "pass"


WAITING = attempt("mx1", "450 4.2.0 later")


@pytest.mark.parametrize(
    ("first", "then", "expected"),
    [
        ({}, {"attempts": (WAITING, WAITING)}, 'attempts = ["mx1 450", "mx1 450"]'),
        ({}, {"attempts": (WAITING, attempt("mx1", "450 4.2.0 later", seconds=4))}, "intervals = [[3, 5]]"),
        ({}, {"notifications": (notice("delayed"),)}, 'notifications = ["delayed"]'),
        ({"copies": 1}, {"copies": 2}, "copies = 2"),
    ],
)
def test_everything_that_is_counted_is_waited_for(first: dict[str, Any], then: dict[str, Any], expected: str) -> None:
    now = route(WAITING, outcome="deferred", **{"copies": 0, **first})
    later = replace(now, **then)
    text = HEAD + MESSAGE + f'[expect]\noutcome = "deferred"\n{expected}\n'
    assert result(text, FakeLab(told(now, later))).lines() == []
    assert result(text, FakeLab(told(now))).outcome == "fail"


def test_what_has_ended_is_not_waited_for() -> None:
    ended, never = route(attempt("mx1", "550 5.1.1 no"), outcome="bounced"), route(attempt("mx1"))
    found = result(HEAD + MESSAGE + '[expect]\ndelivered = "INBOX"\n', FakeLab(told(ended, never)))
    assert [each.outcome for each in found.routes] == ["bounced"]


def test_when_time_is_over_what_is_there_is_judged() -> None:
    waiting = route(attempt("mx-a", "450 4.2.0 later"), outcome="deferred")
    found = result(HEAD + MESSAGE + '[expect]\ndelivered = "INBOX"\n', FakeLab(told(waiting)))
    assert found.lines()[1:] == ["  delivered: expected INBOX, observed nothing (deferred)"]


def test_nothing_known_is_unknown_and_no_pass() -> None:
    found = result(HEAD + MESSAGE + '[expect]\ndelivered = "INBOX"\n', FakeLab(told(route(outcome="unknown"))))
    assert (found.outcome, found.good) == ("unknown", False)


def test_steps_are_taken_in_their_order() -> None:
    text = (
        HEAD
        + ZONE
        + '[faults.mx-a]\nrcpt = "450 4.2.0 no"\nlater = true\n'
        + '[[faults.dns]]\nid = "d"\nkind = "drop"\nname = "$DOMAIN"\n'
        + MESSAGE
        + "[[step]]\nheal = 'd'\n[[step]]\napply = 'mx-a'\n[[step]]\nsend = 'message'\n[[step]]\nuntil = 'deferred'\n"
        + "[[step]]\nheal = 'mx-a'\n[[step]]\nzone = '@ A $SCRIPTED_2'\n[expect]\noutcome = 'deferred'\n"
    )
    lab = FakeLab(told(route(attempt("mx-a", "450 4.2.0 no"), outcome="deferred")))
    assert result(text, lab).outcome == "pass"
    assert lab.did == [
        "zone d1.test",
        "dns drop d1.test",
        "dns heal f1",
        "script 198.18.0.130 {'rcpt': '450 4.2.0 no'}",
        "send ana@home.test to bia@d1.test via direct",
        "script 198.18.0.130 {}",
        "zone d1.test",
        "plan bia@d1.test via direct",
        "reset",
    ]


def test_a_step_that_waits_in_vain_ends_the_run() -> None:
    text = (
        HEAD + MESSAGE + "[[step]]\nsend = 'message'\n[[step]]\nuntil = 'deferred'\n[expect]\noutcome = 'delivered'\n"
    )
    found = result(text, FakeLab(told(route(attempt("mx1")))))
    assert (found.outcome, found.judged) == ("fail", ())
    assert found.lines() == ["step[1].until: expected deferred, observed delivered"]


def test_hosts_of_its_own_have_their_own_names_in_the_lab_and_the_scenarios_in_what_is_judged() -> None:
    text = (
        HEAD
        + 'zone = "@ MX 10 own\\nown A $OWN"\n[hosts.own]\nlike = "mx1"\n[faults.own]\nhost = "stopped"\n'
        + MESSAGE.replace("direct", "own")
        + '[expect]\nattempts = ["own 250", "@ 250"]\nhops = ["direct", "own", "@"]\n'
    )
    lab = FakeLab(lambda _: [])

    def tells(to: str) -> list[list[Route]]:
        (own,) = (name for name in lab.hosts if name.startswith("own-"))
        return [[route(attempt(own), attempt("d1"), to=to)]]

    lab.tells = tells
    found = result(text, lab)
    assert found.lines() == []
    assert [each.target for each in found.routes[0].attempts] == ["own", "@"]
    assert lab.did[0] == "host mx1"
    assert [each.split("-")[0] for each in lab.did if "own" in each] == [
        "host=stopped own",
        "send ana@home.test to bia@d1.test via own",
        "heal own",
    ]


def test_a_refusal_at_submission() -> None:
    text = HEAD + MESSAGE + '[expect]\nrefused = "554 5.7.1"\n'
    lab = FakeLab(told(route(outcome="rejected")), refuses=Reply(554, "5.7.1 no"))
    assert result(text, lab).outcome == "pass"
    assert result(text, FakeLab(told(route(attempt("mx1"))))).outcome == "fail"


def test_several_messages_are_each_judged() -> None:
    text = HEAD + MESSAGE + "count = 3\n[expect]\naccepted_by = {mx1 = [3, 3]}\n"
    lab = FakeLab(told(route(attempt("mx1"))))
    assert result(text, lab).outcome == "pass"
    assert len([each for each in lab.did if each.startswith("send")]) == 3


def test_what_is_the_same_for_all_of_several_messages_is_looked_at_once() -> None:
    text = HEAD + MESSAGE + 'count = 5\n[expect]\noutcome = "delivered"\nuntouched = ["mx2"]\nasked = ["MX $DOMAIN"]\n'
    lab = FakeLab(told(route(attempt("mx1"))))
    found = result(text, lab)
    assert (found.outcome, len(found.judged)) == ("pass", 5)
    assert sorted(lab.history.looks) == ["contacts", "questions"]


def test_what_a_message_asks_of_notices() -> None:
    asked = 'notify = "never"\nret = "hdrs"\nenvid = "for $DOMAIN"\norcpt = "rfc822;team@$DOMAIN"\n'
    lab = FakeLab(told(route(attempt("mx1"))))
    assert result(HEAD + MESSAGE + asked + '[expect]\noutcome = "delivered"\n', lab).outcome == "pass"
    assert lab.asked == [Dsn(("never",), "hdrs", "for d1.test", "rfc822;team@d1.test")]


TARGET = Target("mx1", "mx1.dest.test", "198.18.0.22", 25, 10)
PLANNED = Plan(
    "bia@d1.test",
    "direct",
    "smtp",
    "d1.test",
    "",
    "",
    questions=(Question("d1.test", "MX", "", "", ""),),
    sites=(Site("d1.test", "domain", (Group((TARGET,), 1, "", ""),), (), 5, 2, None, None, "", ""),),
)
DEPARTS = "[[departs_from_plan]]\nkind = 'unplanned-target'\nwhy = 'so it is'\n"


@pytest.mark.parametrize(
    ("more", "at", "expected"),
    [
        ("", "mx1", []),
        (
            "",
            "mx9",
            ["the route departs from the plan: direct: unplanned-target: expected mx1; observed mx9 250 2.0.0 Ok"],
        ),
        ("[[faults.dns]]\nkind = 'view'\nclient = 'direct'\ntext = '@ MX 10 mx2.dest.test.'\n", "mx9", []),
        (
            "[[faults.dns]]\nkind = 'drop'\nname = '$DOMAIN'\n",  # a missing answer names no other host
            "mx9",
            ["the route departs from the plan: direct: unplanned-target: expected mx1; observed mx9 250 2.0.0 Ok"],
        ),
        (DEPARTS, "mx9", []),
        (DEPARTS, "mx1", []),
        (
            DEPARTS.replace("unplanned-target", "out-of-order"),
            "mx9",
            ["the route departs from the plan: direct: unplanned-target: expected mx1; observed mx9 250 2.0.0 Ok"],
        ),
    ],
)
def test_a_departure_from_the_plan_needs_a_reason(more: str, at: str, expected: list[str]) -> None:
    text = HEAD + MESSAGE + '[expect]\noutcome = "delivered"\n' + more
    found = result(text, FakeLab(told(route(attempt(at), plan=PLANNED))))
    assert found.lines() == expected
    assert found.outcome == ("fail" if expected else "pass")


@pytest.mark.parametrize(
    ("at", "notes"),
    [("mx9", []), ("mx1", ["departs_from_plan[0] (unplanned-target at a host: so it is) was not needed"])],
)
def test_a_reason_without_its_departure_is_noted(at: str, notes: list[str]) -> None:
    text = HEAD + MESSAGE + '[expect]\noutcome = "delivered"\n' + DEPARTS
    found = result(text, FakeLab(told(route(attempt(at), plan=PLANNED))))
    assert list(found.notes) == notes == found.to_json()["notes"]


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (("mx1", "mx9"), ["attempts[1]: expected nothing, observed mx9 accepted end-of-data: 250 2.0.0 Ok"]),
        (("mx9",), ["attempts[0]: expected mx1 250, observed mx9 accepted end-of-data: 250 2.0.0 Ok"]),
    ],
)
def test_attempts_are_judged_on_the_attempts_alone(made: tuple[str, ...], expected: list[str]) -> None:
    """No fault excuses an attempt that was not expected, nor does one that is planned differently."""
    fault = "[[faults.dns]]\nkind = 'view'\nclient = 'direct'\ntext = '@ MX 10 mx2.dest.test.'\n"
    text = HEAD + MESSAGE + "[expect]\nattempts = ['mx1 250']\n" + fault
    found = result(text, FakeLab(told(route(*map(attempt, made), plan=PLANNED))))
    assert found.outcome == "fail"
    assert [line.strip() for line in found.lines() if "attempts[" in line] == expected


def test_a_reply_of_a_real_exchanger_is_in_force_during_the_run() -> None:
    text = HEAD + "[faults.mx1]\nrcpt = {reply = '450 4.2.0 no', first = 1}\n" + MESSAGE
    lab = FakeLab(RIGHT)
    assert result(text + '[expect]\noutcome = "delivered"\n', lab).outcome == "pass"
    assert [each for each in lab.did if "zone" not in each and "send" not in each] == [
        "rcpt={'reply': '450 4.2.0 no', 'first': 1} mx1",
        "heal mx1",
        "reset",
    ]


BREAKS = HEAD + "[faults.mx1]\nconnect = 'refuse'\n" + MESSAGE + '[expect]\noutcome = "delivered"\n'


@pytest.mark.parametrize(
    ("broken", "outcome", "reason"),
    [
        (UnsupportedError("no NET_ADMIN"), "skipped", "no NET_ADMIN"),
        (LabError("gone", hint="look"), "error", "gone\n  look"),
    ],
)
def test_what_goes_wrong_becomes_a_result(broken: Exception, outcome: str, reason: str) -> None:
    lab = FakeLab(RIGHT, broken=broken)
    found = result(BREAKS, lab)
    assert (found.outcome, found.reason) == (outcome, reason)
    assert lab.did == ["zone d1.test", "reset"]


def test_what_needs_ipv6_is_skipped_in_a_lab_without() -> None:
    lab = FakeLab(RIGHT)
    zone = ZONE.replace("A $SCRIPTED_1", "AAAA $SCRIPTED_1_V6")
    found = result(HEAD + zone + MESSAGE + '[expect]\noutcome = "delivered"\n', lab)
    assert found.outcome == "skipped"
    assert found.reason == "this lab has no IPv6, and so no $SCRIPTED_1_V6"
    assert lab.did == ["reset"]


def test_whoever_breaks_a_host_has_it_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    with claims.claim("fake", ["mx1"]):
        limited: Any = claims.claim
        monkeypatch.setattr("lab.state.claims.claim", lambda *hosts: limited(*hosts, timeout=0))
        found = result(BREAKS, FakeLab(RIGHT))
    assert found.outcome == "error"
    assert "another run has had the host mx1" in str(found.reason)


def test_a_zone_whose_name_is_written_is_served_under_it() -> None:
    lab = FakeLab(RIGHT)
    assert result(GOOD + "[zones]\n'localhost.' = '@ A 127.0.0.1'\n", lab).outcome == "pass"
    assert lab.did[:2] == ["zone d1.test", "zone localhost"]


def test_an_error_has_the_scenarios_name_of_a_host() -> None:
    class Dead(FakeLab):
        def host(self, name: str, **_: Any) -> None:
            raise LabError(f"{name} ended with exit code 1", hint=f"look at {name}")

    found = result(HEAD + "[hosts.relay]\n" + MESSAGE + '[expect]\noutcome = "delivered"\n', Dead(RIGHT))
    assert (found.outcome, found.reason) == ("error", "relay ended with exit code 1\n  look at relay")


class Commands:
    """An engine on which every command prints the same."""

    def __init__(self, printed: str, exit_code: int = 0) -> None:
        self.result = Ran(exit_code, printed)
        self.ran: list[list[str]] = []

    def execute(self, _: object, command: Sequence[str]) -> Ran:
        self.ran.append([*command])
        return self.result


COMMAND = HEAD + "[[step]]\nrun = 'direct'\ncommand = ['say', '$DOMAIN']\n"


@pytest.mark.parametrize(
    ("rest", "printed", "exit_code", "line"),
    [
        ("", "no", 0, None),
        ("", "no", 1, "step[0]: expected exit code 0, observed 1: no"),
        ("output = '^d1.test$'", "d1.test", 1, None),
        ("output = '^$DOMAIN$'", "d1.test", 0, None),
        ("output = '^$DOMAIN$'", "d1xtest", 0, r"step[0]: expected ^d1\.test$, observed d1xtest"),
    ],
)
def test_a_scenario_of_steps_alone(rest: str, printed: str, exit_code: int, line: str | None) -> None:
    commands, lab = Commands(printed, exit_code), FakeLab(RIGHT)
    lab.engine = commands  # type: ignore[attr-defined]
    found = result(COMMAND + rest, lab)
    assert (found.outcome, found.lines()) == (("fail", [line]) if line else ("pass", []))
    assert commands.ran == [["say", "d1.test"]]
