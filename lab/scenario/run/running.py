"""A run in progress: what its steps act on, and what has come of them so far."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from lab.scenario.format.expect import ready
from lab.scenario.format.model import RUN, Expected
from lab.scenario.run.judge import Judged, judged, judged_run
from lab.scenario.run.observe import Observer, Sent
from lab.scenario.run.stage import Stage
from lab.verdict import Difference

if TYPE_CHECKING:
    from lab.engine.protocol import Ran
    from lab.mail.submission import Submission


class Running:
    """A scenario that runs on its *stage*, from now on. *alone*: hosts that nobody else uses meanwhile.

    ``sent`` has the messages that were handed over, by name; ``judged`` the verdicts, ``differences`` those that no
    expectation has.
    """

    def __init__(self, stage: Stage, alone: frozenset[str]) -> None:
        """The stage is set."""
        self.stage = stage
        self.scenario = stage.scenario
        self.lab = stage.lab
        self.began = datetime.now(UTC)
        self.sent: dict[str, list[Sent]] = {}
        self.observer = Observer(stage, self.sent, self.began, alone)
        self.judged: list[Judged] = []
        self.differences: list[Difference] = []

    @property
    def values(self) -> dict[str, str]:
        """The scenario's variables."""
        return self.stage.values

    @property
    def submissions(self) -> list[Submission]:
        """All that was handed over."""
        return [sent.submission for several in self.sent.values() for sent in several]

    def real(self, host: str) -> str:
        """Return what the lab calls the scenario's *host*."""
        return self.stage.names.real(host)

    def via(self, where: str) -> str:
        """Return what the lab calls "HOST" or "HOST:PORT"."""
        host, colon, port = where.partition(":")
        return f"{self.real(host)}{colon}{port}"

    def sends(self, name: str, submission: Submission, at: datetime) -> None:
        """Note that the message called *name* was handed over, *at* this time (aware)."""
        self.sent.setdefault(name, []).append(Sent(submission, at))

    def execute(self, host: str, command: Sequence[str]) -> Ran:
        """Run a command on the scenario's *host*; where it has changed settings, plans are made anew."""
        real = self.lab.hosts[self.real(host)]
        ran = self.lab.engine.execute(real.container, command)
        if self.lab.reread(real.name):
            self.plan_again()
        return ran

    def plan_again(self) -> None:
        """Make the plans of all messages anew, from the zones and settings as they are now."""
        for each in self.submissions:
            each.plan_again()

    def differs(self, place: str, expected: str, observed: str) -> None:
        """Note what a step has found otherwise; the run ends with it."""
        self.differences.append(Difference(place, expected, observed))

    def expect(self, expected: Sequence[Expected]) -> None:
        """Wait until there is enough to judge by, and judge."""
        for each in expected:
            asked = ready(each, self.values)
            if asked.message == RUN:
                deadline = time.monotonic() + self.scenario.timeout
                self.judged.append(judged_run(asked, self.observer.logs(asked.judged, None, deadline)))
            else:
                self.judged += judged(asked, self.observer.observe(asked, self.scenario.timeout))
