"""What steps have in common that do something to a message in a queue, with Postfix's own commands."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

from dnszone.problem import did_you_mean
from lab.scenario.format.problem import Notes, joined
from lab.scenario.steps.step import Step, meant

if TYPE_CHECKING:
    from lab.scenario.run.running import Running
    from lab.scenario.steps.order import Order
    from lab.servers.queue import Queue

QUEUE_TIMEOUT = 5.0  # seconds; a deferred message is in the active queue for less while it is tried again


@dataclass(frozen=True, slots=True)
class InQueue(Step):
    """An MTA, and the message in its queue; None where the scenario does not say which, which is noted."""

    host: str
    message: str | None

    moves = True
    left: ClassVar[bool] = False  # whether there is nothing more to do to a message that has left the queue meanwhile

    @classmethod
    def read(cls, place: str, table: Mapping[str, Any], messages: Collection[str], notes: Notes) -> Self:
        """Return it."""
        del notes
        return cls(place, table[cls.action], meant(table, messages))

    @abstractmethod
    def do(self, queue: Queue, queue_id: str) -> None:
        """Do it to one message."""

    def check(self, order: Order) -> None:
        """An MTA has a queue, a mail store has none."""
        place, scenario = f"{self.place}.{self.action}", order.scenario
        if self.host in scenario.stores:
            order.notes.note(place, f"{self.host} is a mail store and has no queue", joined(scenario.mtas))
        elif self.host not in scenario.mtas:
            hint = did_you_mean(self.host, scenario.mtas) or joined(scenario.mtas)
            order.notes.note(place, f"no MTA is called {self.host!r}", hint)
        order.on_its_way(self.place, self.message)

    def uses(self) -> Collection[str]:
        """Return the MTA."""
        return (self.host,)

    def run(self, running: Running) -> None:
        """Do it to each such message that lies there."""
        host = running.real(self.host)
        queue = running.lab.queue(host)
        ids = {
            queue_id
            for sent in running.sent[str(self.message)]
            for event in sent.submission.events()
            if event.host == host and (queue_id := getattr(event, "queue_id", None)) is not None
        }
        lying = queue.found(ids, QUEUE_TIMEOUT)
        if not lying and not (self.left and ids):
            running.differs(self.place, f"{self.message} in the queue of {self.host}", "it is not there")
        for message in lying:
            self.do(queue, message.queue_id)
