"""The steps of a scenario as values, and what they may import."""

from __future__ import annotations

import subprocess
import sys

from lab.scenario.steps.flush import Flush
from lab.scenario.steps.order import listed
from lab.scenario.steps.run import Run
from lab.scenario.steps.send import Send
from lab.scenario.steps.until import Until
from lab.scenario.steps.zone import Zone
from tests.unit.scenario.conftest import GOOD, scenario

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
