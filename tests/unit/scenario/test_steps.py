"""The steps of a scenario as values, and what they may import."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from lab.scenario.steps.delete import Delete
from lab.scenario.steps.expire import Expire
from lab.scenario.steps.flush import Flush
from lab.scenario.steps.hold import Hold
from lab.scenario.steps.in_queue import InQueue
from lab.scenario.steps.order import listed
from lab.scenario.steps.release import Release
from lab.scenario.steps.run import Run
from lab.scenario.steps.send import Send
from lab.scenario.steps.until import Until
from lab.scenario.steps.zone import Zone
from tests.unit.scenario.conftest import GOOD, attempt, route, scenario

STEPS = """
[[step]]
send = ["message"]
[[step]]
until = "deferred"
to = "bia@$DOMAIN"
timeout = 3
[[step]]
zone = "@ MX 10 mx1.dest.test."
[[step]]
flush = "direct"
[[step]]
run = "mx1"
command = ["true"]
"""


def test_a_step_is_a_value() -> None:
    assert scenario(GOOD + STEPS).steps == (
        Send("step[0]", ("message",)),
        Until("step[1]", "deferred", "message", "bia@$DOMAIN", 3),
        Zone("step[2]", "@ MX 10 mx1.dest.test."),
        Flush("step[3]", "direct", "message"),
        Run("step[4]", "mx1", ("true",)),
    )


def test_without_steps_all_messages_are_sent() -> None:
    assert listed(scenario(GOOD)) == (Send("message", ("message",)),)


def test_a_scenario_is_read_without_the_engines_client() -> None:
    program = "import lab.scenario.steps, lab.scenario.format.read, sys; sys.exit('docker' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


@dataclass
class Lying:
    """A queue in which these messages lie."""

    ids: set[str]
    did: list[str] = field(default_factory=list)

    def found(self, ids: Collection[str], timeout: float) -> list[Any]:
        del timeout
        return [SimpleNamespace(queue_id=each) for each in sorted(self.ids & set(ids))]

    def __getattr__(self, action: str) -> Callable[[str], None]:
        return lambda queue_id: self.did.append(f"{action} {queue_id}")


def running(queue: Lying, *known: str) -> Any:
    """Return a run in which the message has these queue ids at the host."""
    events = [SimpleNamespace(host="direct", queue_id=each) for each in known]
    differences: list[str] = []
    return SimpleNamespace(
        real=lambda host: host,
        lab=SimpleNamespace(queue=lambda _: queue),
        sent={
            "message": [
                SimpleNamespace(submission=SimpleNamespace(events=lambda: [*events, SimpleNamespace(host="x")]))
            ]
        },
        differs=lambda *what: differences.append(": ".join(what)),
        differences=differences,
    )


QUEUE_STEPS = (Delete, Expire, Flush, Hold, Release)
MISSING = "step[1]: message in the queue of direct: it is not there"


@pytest.mark.parametrize("action", QUEUE_STEPS)
def test_it_is_done_to_the_message_and_to_no_other(action: type[InQueue]) -> None:
    queue = Lying({"Q1", "Q2"})
    run = running(queue, "Q1")
    action("step[1]", "direct", "message").run(run)
    assert (queue.did, run.differences) == ([f"{action.action} Q1"], [])


@pytest.mark.parametrize("action", QUEUE_STEPS)
def test_a_message_that_was_never_there_is_a_difference(action: type[InQueue]) -> None:
    run = running(Lying({"Q2"}))
    action("step[1]", "direct", "message").run(run)
    assert run.differences == [MISSING]


@pytest.mark.parametrize("action", QUEUE_STEPS)
def test_of_a_message_that_has_left_only_flush_wants_nothing_more(action: type[InQueue]) -> None:
    """Postfix may have tried it by itself before the step comes, and there is nothing left to try."""
    run = running(Lying(set()), "Q1")
    action("step[1]", "direct", "message").run(run)
    assert run.differences == ([] if action is Flush else [MISSING])


@pytest.mark.parametrize(("outcome", "expected"), [("deferred", []), ("held", ["step[1].until: held: deferred"])])
def test_until_takes_what_the_wait_has_seen_and_not_what_came_of_it_since(outcome: str, expected: list[str]) -> None:
    run = running(Lying(set()))
    run.scenario = SimpleNamespace(timeout=1)
    waited = route(attempt("mx1", "450 4.2.0 later"), outcome="deferred")
    run.observer = SimpleNamespace(wait=lambda _message, _recipients, enough, _deadline: enough(waited))
    submission = SimpleNamespace(recipients=("bia@a.test",), known=lambda: [route(attempt("mx1"))])
    run.sent = {"message": [SimpleNamespace(submission=submission)]}
    Until("step[1]", outcome, "message").run(run)
    assert run.differences == expected
