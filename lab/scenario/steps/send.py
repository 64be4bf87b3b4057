"""Sends messages."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from lab.scenario.format.model import Message
from lab.scenario.format.problem import Notes
from lab.scenario.format.variables import replaced
from lab.scenario.steps.content import content
from lab.scenario.steps.step import Step, names
from lab.values import ONE_OR_MORE, Key

if TYPE_CHECKING:
    from lab.mail.submission import Submission
    from lab.scenario.run.running import Running
    from lab.scenario.steps.order import Order


@dataclass(frozen=True, slots=True)
class Send(Step):
    """The messages with these names, each as often as it says."""

    messages: tuple[str, ...]

    action = "send"
    keys: ClassVar[Mapping[str, Key]] = {
        "send": Key(ONE_OR_MORE, "Names of messages to send. What becomes of them, until or expect waits for.")
    }
    example: ClassVar[Mapping[str, object]] = {"send": "message"}

    @classmethod
    def read(cls, place: str, table: Mapping[str, Any], messages: Collection[str], notes: Notes) -> Send:
        """Return it."""
        del messages, notes
        return cls(place, names(table["send"]))

    def check(self, order: Order) -> None:
        """A message is sent once."""
        known = {message.name for message in order.scenario.messages}
        for name in order.known(f"{self.place}.send", self.messages, known, "message"):
            if name in order.sent:
                order.notes.note(f"{self.place}.send", f"{name} has been sent already", "write another [[message]]")
            order.sent.add(name)

    def run(self, running: Running) -> None:
        """Hand them over one after the other."""
        for name in self.messages:
            message = running.scenario.message(name)
            for _ in range(message.count):
                at = datetime.now(UTC)
                running.sends(name, _handed_over(message, running), at)


def _handed_over(message: Message, running: Running) -> Submission:
    values = running.values
    to = [replaced(each, values) for each in message.to]
    sender = replaced(message.sender, values)
    return running.lab.send(
        to=to,
        via=running.via(message.via),
        sender=sender,
        message=content(message, sender, to, values, Path(running.scenario.path).parent),
        login=message.login,
        dsn=replace(
            message.dsn,
            envid=message.dsn.envid and replaced(message.dsn.envid, values),
            orcpt=message.dsn.orcpt and replaced(message.dsn.orcpt, values),
        ),
    )
