"""Waits until a message has an outcome."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from lab.scenario.format.problem import Notes
from lab.scenario.format.variables import replaced
from lab.scenario.steps.step import MESSAGE, Step, meant
from lab.values import TEXT, Key, Number, Text
from lab.verdict.notice import OUTCOMES
from lab.verdict.seconds import LONGEST

if TYPE_CHECKING:
    from lab.route.model import Route
    from lab.scenario.run.running import Running
    from lab.scenario.steps.order import Order


@dataclass(frozen=True, slots=True)
class Until(Step):
    """An outcome, of a message: None where the scenario does not say which, which is noted.

    ``to``: the recipient; None: each. ``timeout``: seconds; None: those of the scenario.
    """

    outcome: str
    message: str | None
    to: str | None = None
    timeout: float | None = None

    action = "until"
    keys: ClassVar[Mapping[str, Key]] = {
        "until": Key(
            Text(OUTCOMES), "Go on when the message (`message`, `to`) has this outcome, at the latest after `timeout`."
        ),
        "message": MESSAGE,
        "to": Key(TEXT, "The recipient meant by until; default: each."),
        "timeout": Key(Number(LONGEST), "Seconds."),
    }
    example: ClassVar[Mapping[str, object]] = {"until": "deferred", "timeout": 30}

    @classmethod
    def read(cls, place: str, table: Mapping[str, Any], messages: Collection[str], notes: Notes) -> Until:
        """Return it."""
        del notes
        return cls(place, table["until"], meant(table, messages), table.get("to"), table.get("timeout"))

    def check(self, order: Order) -> None:
        """The message is on its way, and to this recipient."""
        name = order.on_its_way(self.place, self.message)
        if name is not None and self.to is not None and self.to not in order.scenario.message(name).to:
            order.notes.note(f"{self.place}.to", f"{self.to!r} is no recipient of {name}")

    def texts(self) -> Iterator[tuple[str, str]]:
        """Yield the recipient."""
        yield f"{self.place}.to", self.to or ""

    def run(self, running: Running) -> None:
        """Wait for each such message; what ends otherwise, or takes longer, is a difference."""
        timeout = running.scenario.timeout if self.timeout is None else self.timeout
        deadline = time.monotonic() + timeout
        for sent in running.sent[str(self.message)]:
            recipients = (replaced(self.to, running.values),) if self.to else sent.submission.recipients
            stood: dict[str, str] = {}  # how each stood when the wait was over: a moment later it may have gone on

            def here(route: Route, stood: dict[str, str] = stood) -> bool:
                stood[route.recipient] = route.outcome
                return route.outcome == self.outcome

            running.observer.wait(sent.submission, recipients, here, deadline)
            for route in sent.submission.known():
                outcome = stood.get(route.recipient, route.outcome)
                if route.recipient in recipients and outcome != self.outcome:
                    running.differs(f"{self.place}.until", self.outcome, outcome)
