"""Looks at what a run has done: waits until the servers have said enough to judge by, then takes it all as values.

In: the run's stage, its submissions, an expectation. Out: :class:`lab.scenario.run.judge.Observation` values. A wait
ends when what is expected has been seen, or cannot come any more, or its time is over; never after a fixed time.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from email import message_from_bytes, policy
from typing import TYPE_CHECKING, Any

from lab.engine.hosts import MAIL_ROLES
from lab.errors import LabError
from lab.route.departures import Departure
from lab.route.model import Route, stamp
from lab.route.stretches import stretches
from lab.scenario.format.expect import Asked
from lab.scenario.format.variables import replaced
from lab.scenario.run.explained import judged, wrong
from lab.scenario.run.judge import Observation
from lab.scenario.run.logs import Logs
from lab.scenario.steps.in_queue import QUEUE_TIMEOUT
from lab.verdict import Evidence, Expectation, needed, reached

if TYPE_CHECKING:
    from lab.mail.evidence import Judge
    from lab.mail.submission import Submission
    from lab.route.history import History
    from lab.scenario.run.stage import Stage

FINAL = frozenset({"delivered", "bounced", "expired", "discarded", "rejected"})
HELD = "held"  # final too, where no step releases a message
PAUSE = 0.1  # seconds between two looks at a queue


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that was handed over, and when."""

    submission: Submission
    at: datetime


class Observer:
    """Looks for one run, which began at *began* (aware). *alone*: hosts that nobody else uses meanwhile."""

    def __init__(self, stage: Stage, sent: Mapping[str, list[Sent]], began: datetime, alone: Collection[str]) -> None:
        self._stage = stage
        self._lab = stage.lab
        self._sent = sent
        self._began = began
        self._alone = alone
        self._logs = Logs(stage.lab.recorder, stage.lab.hosts, stage.names, stage.domains.values(), began, alone)

    def observe(self, asked: Asked, timeout: float) -> list[Observation]:
        """Return what there is to judge *asked* by, one for each message and route that it is about."""
        deadline = time.monotonic() + timeout
        sent = self._sent.get(asked.message, ())
        for each in sent:
            self.wait(each.submission, _recipients(asked, each), lambda route: _enough(asked, route), deadline)
        evidence = self._evidence(asked)
        logged = [(each, self.logs(asked.judged, each.submission, deadline)) for each in sent]
        return [
            self._observation(asked, replace(evidence, logs=logs), number, each, route)
            for number, (each, logs) in enumerate(logged)
            for route in _routes(each.submission, _recipients(asked, each))
        ]

    def logs(
        self, expected: Expectation | None, message: Submission | None, deadline: float
    ) -> Mapping[str, Sequence[str]] | None:
        """Return what the hosts have logged about a message, or, without one, about the run."""
        return self._logs.of(
            expected, [each.submission for each in self._all()], message, deadline, lambda: self._ended(message)
        )

    def wait(
        self,
        submission: Submission,
        recipients: Collection[str],
        enough: Callable[[Route], bool],
        deadline: float,
    ) -> bool:
        """Wait until all *recipients* have a route that is *enough*, or at its end; False when time is over.

        *enough* is asked of each route at the moment at which the wait ends.
        """
        origin = submission.origin
        taken = [each for each in recipients if each not in submission.receipt.refused]
        if origin is None or not taken:  # the reply at submission was the end
            return True
        wanted = {recipient.casefold() for recipient in taken}

        def ready(history: History) -> bool:
            if not history.settled(origin, taken):
                return False
            routes = [route for route in history.routes(origin, taken) if route.recipient.casefold() in wanted]
            return all(enough(route) or self._over(route) for route in routes)

        return self._lab.watch.wait(origin, ready, max(0.0, deadline - time.monotonic()))

    def _ended(self, message: Submission | None) -> bool:
        """Return whether nothing more becomes of a message; a run without one has ended with its steps."""
        return message is None or all(self._over(route) for route in message.known())

    def _over(self, route: Route) -> bool:
        released = any(step.moves for step in self._stage.scenario.steps)
        return route.outcome in FINAL or (route.outcome == HELD and not released)

    def _evidence(self, asked: Asked) -> Evidence:
        """Return what is the same for each of several such messages: looked for once, however many they are."""
        looks: Mapping[str, Callable[[], Any]] = {
            "contacted": self._contacted,
            "questions": self._questions,
            "tls_logged": self._tls_logged,
        }
        return replace(Evidence(), **_looked_for(asked, looks))

    def _observation(self, asked: Asked, evidence: Evidence, number: int, sent: Sent, route: Route) -> Observation:
        queues = (asked.judged and asked.judged.queue) or {}
        looks: Mapping[str, Callable[[], Any]] = {
            "queues": lambda: self._queues(sent.submission, queues),
            "elapsed": lambda: (route.attempts[-1].at - sent.at).total_seconds() if route.attempts else None,
            "refusal": lambda: str(sent.submission.receipt.refused.get(route.recipient) or ""),
            "stored": lambda: tuple(self._copies(route)),
            "notices": lambda: tuple(self._notices(route)),
        }
        found = replace(evidence, **_looked_for(asked, looks))
        return Observation(number, self._stage.names.route(route), found)

    def departures(self, sent: Sent) -> Iterator[tuple[Departure, bool]]:
        """Yield each departure of a message's routes from their plans, and whether a fault explains it."""
        names, judge = self._stage.names, self.judge()
        for route in sent.submission.known():
            for plan, part in stretches(route):
                for departure, explained in judge(plan, part):
                    yield names.departure(departure), explained

    def unplanned(self, sent: Sent) -> Iterator[str]:
        """Yield the hosts of which a message's plans say that they leave off there."""
        plans = [plan for route in sent.submission.known() for plan, _ in stretches(route)]
        for part in (part for plan in plans for part in plan.walk() if part.unplanned):
            yield self._stage.names.shown(part.host)

    def judge(self) -> Judge:
        """Return what says of a route where it departs from a plan, and whether a fault of the scenario explains it."""
        stage = self._stage
        values = stage.values
        what = wrong(
            tuple(stage.ever.values()),
            lambda text: replaced(text, values),
            self._lab_name,
            lambda client: self._lab.names.get(client, stage.names.real(client)),
            stage.behind,
        )
        return lambda plan, route: judged(plan, route, what)

    def _tls_logged(self) -> frozenset[str]:
        return frozenset(self._stage.names.shown(name) for name in self._lab.logs_tls())

    def _contacted(self) -> frozenset[str]:
        """Return the hosts to which a host connected for this run: those of connections that name its messages."""
        files = {
            (event.host, getattr(event, "queue_id", None)) for each in self._all() for event in each.submission.events()
        }
        domains = tuple(f"@{domain}" for domain in self._stage.domains.values())
        own = {*self._stage.names.own.values(), *self._alone}
        senders = self._senders()
        found: set[str] = set()
        for contact in self._lab.recorder.read(lambda history: history.contacts(self._began)):
            if contact.client not in senders:
                continue
            if contact.server is not None:  # an address that was leased to this run is nobody else's
                found |= self._stage.labels(contact.server)
            elif (
                contact.host in own
                or any((contact.host, queue_id) in files for queue_id in contact.queue_ids)
                or any(address.lower().endswith(domains) for address in contact.named)
            ):
                found.add(self._stage.names.shown(contact.host))
        return frozenset(found)

    def _questions(self) -> tuple[str, ...]:
        """Return what MTAs asked about the run's names, and whatever its own hosts asked."""
        own = {address for address, name in self._lab.names.items() if name in self._stage.names.own.values()}
        senders = self._senders()
        domains = (*self._stage.domains.values(), *(name.rstrip(".") for name in self._stage.scenario.fixed))
        entries = self._lab.dns.history(since=stamp(self._began))
        return tuple(
            f"{entry['type']} {entry['name']}"
            for entry in entries
            if entry["client"] in own or (entry["client"] in senders and _below(entry["name"], domains))
        )

    def _queues(self, submission: Submission, expected: Mapping[str, str]) -> dict[str, str]:
        """Return in which queue the message lies on each host; looked at until it is as expected, or time is over."""
        deadline = time.monotonic() + QUEUE_TIMEOUT
        pause = threading.Event()
        while True:
            found = {host: self._queue(submission, host) for host in expected}
            if found == dict(expected) or time.monotonic() >= deadline:
                return found
            pause.wait(PAUSE)

    def _queue(self, submission: Submission, host: str) -> str:
        real = self._stage.names.real(host)
        ids = {getattr(event, "queue_id", None) for event in submission.events() if event.host == real}
        lying = (message.queue for message in self._lab.queue(real).list() if message.queue_id in ids)
        return next(lying, "none")

    def _copies(self, route: Route) -> Iterator[bytes]:
        yield from self._read(route.final_recipient or route.recipient, route.message_id)

    def _notices(self, route: Route) -> Iterator[bytes]:
        for each in route.notifications:
            if each.route is not None:
                yield from self._read(each.route.final_recipient or each.route.recipient, each.route.message_id)

    def _read(self, address: str, message_id: str) -> Iterator[bytes]:
        """Yield every copy of a message: at scripted addresses of the run, and in the mail stores."""
        for place in self._lab.domains.places():
            yield from (raw for raw in self._lab.scripted.messages(place.address) if _id(raw) == message_id)
        for store in self._lab.mailstores:
            with suppress(LabError):  # a user that the mail store does not have
                yield from (message.raw for message in self._lab.mailbox(address, store).find(message_id))

    def _lab_name(self, name: str) -> str:
        """Return what a plan calls the host that the scenario calls *name*."""
        apexes = {shown: first for first, shown in self._stage.names.apexes.items()}
        return apexes.get(name, self._stage.names.real(name))

    def _senders(self) -> frozenset[str]:
        """Return the addresses of all hosts that send mail."""
        hosts = (host for host in self._lab.hosts.values() if host.role in MAIL_ROLES)
        return frozenset(address for host in hosts for address in host.addresses)

    def _all(self) -> list[Sent]:
        return [each for listed in self._sent.values() for each in listed]


def _enough(asked: Asked, route: Route) -> bool:
    """Return whether a route that may go on has got as far as is expected."""
    return asked.judged is None or reached(asked.judged, route)


def _looked_for(asked: Asked, looks: Mapping[str, Callable[[], Any]]) -> dict[str, Any]:
    """Return what each of *looks* finds that the expectation is judged by."""
    needs = needed(asked.judged) if asked.judged else frozenset[str]()
    return {name: look() for name, look in looks.items() if name in needs}


def _recipients(asked: Asked, sent: Sent) -> tuple[str, ...]:
    return sent.submission.recipients if asked.to is None else (asked.to,)


def _routes(submission: Submission, recipients: Collection[str]) -> Iterator[Route]:
    wanted = {recipient.casefold() for recipient in recipients}
    return (route for route in submission.known() if route.recipient.casefold() in wanted)


def _below(name: str, domains: tuple[str, ...]) -> bool:
    plain = name.rstrip(".").lower()
    return any(plain == domain or plain.endswith(f".{domain}") for domain in domains)


def _id(raw: bytes) -> str | None:
    value = message_from_bytes(raw, policy=policy.compat32)["Message-ID"]
    return str(value).strip() if value else None
