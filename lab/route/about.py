"""Which lines of a host's log are about one message of a run. Pure: values in, values out.

A line that has the message's queue id at that host, or its Message-ID, is about it; one that has another message's of
the run is not. Of the other lines those count that name a domain of the run, which nobody else has, and at a host that
nobody else uses all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from lab.route import events
from lab.route.events import Event

QueueId = Callable[[str], str | None]
"""What says which queue id a log line has: the host's software knows (:mod:`lab.servers`)."""


@dataclass(frozen=True, slots=True)
class Marks:
    """By what a message and its notices are known in the log of one host. ``queue_id`` reads its lines."""

    queue_id: QueueId = lambda _: None
    queue_ids: frozenset[str] = frozenset()
    message_ids: frozenset[str] = frozenset()  # Dovecot's sessions too

    def on(self, line: str) -> bool:
        """Return whether *line* has one of them."""
        return self.queue_id(line) in self.queue_ids or any(each in line for each in self.message_ids)


def marks(host: str, said: Iterable[Event], queue_id: QueueId) -> Marks:
    """Return the marks at *host* of the message whose events *said* are. *queue_id*: as in :class:`Marks`."""
    queue_ids, message_ids = set(), set()
    for event in said:
        if event.host == host and (found := getattr(event, "queue_id", None)):
            queue_ids.add(found)
        if isinstance(event, events.MessageId) and "@" in event.message_id:  # "<>" is nobody's own
            message_ids.add(event.message_id)
        if event.host == host and isinstance(event, events.Saved | events.Submitted | events.Sieved | events.Finished):
            message_ids.add(event.session)  # of LMTP: long, and never used twice
    return Marks(queue_id, frozenset(queue_ids), frozenset(message_ids))


def about(
    lines: Iterable[str], own: Marks, others: Iterable[Marks], domains: Iterable[str], *, alone: bool
) -> Iterator[str]:
    """Return those of *lines* that are about the message with the marks *own*.

    *others*: those of the run's other messages; *domains*: the run's own; *alone*: nobody else uses the host.
    """
    return filter(counting(own, others, domains, alone=alone), lines)


def counting(own: Marks, others: Iterable[Marks], domains: Iterable[str], *, alone: bool) -> Callable[[str], bool]:
    """Return what says of a line whether it is about the message, as in :func:`about`."""
    others, domains = tuple(others), tuple(domains)

    def counts(line: str) -> bool:
        if own.on(line):
            return True
        of_another = any(other.on(line) for other in others)
        return not of_another and (alone or any(domain in line.lower() for domain in domains))

    return counts
