"""One message handed to the lab: what its first hop answered and, once the servers' logs say so, its route."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from lab.errors import LabError
from lab.mail.submit import Receipt
from lab.route.ends import refused_route
from lab.route.history import Origin
from lab.route.model import Route
from lab.route.timeline import summary

if TYPE_CHECKING:
    from lab.mail.watch import Watch
    from lab.route.events import Event
    from lab.route.plan import Plan

Planning = Callable[[Sequence[str], str, str | None], Mapping[str, "Plan"]]
"""From recipients, the host to which their message is handed, and its sender, to the plan for each recipient."""

TIMEOUT = 60.0  # seconds; the longest path of the lab, with every timer of timers.cf running out, is shorter


class RouteTimeoutError(LabError):
    """A route did not become complete in time: says what is awaited, what was seen, and what is in the queues."""


@dataclass(frozen=True, slots=True, eq=False)
class Submission:
    """A message on its way. ``receipt`` has the replies of the host to which it was submitted (``via``)."""

    watch: Watch = field(repr=False)
    planning: Planning = field(repr=False)
    via: str
    receipt: Receipt
    plans: Mapping[str, Plan]  # recipient to what zone and settings foretold at that time
    port: int = 25  # of ``via``, at which it was submitted
    later: list[tuple[datetime, Mapping[str, Plan]]] = field(default_factory=list)  # made anew: from when on, and plans

    @property
    def message_id(self) -> str | None:
        """The Message-ID, None for raw bytes that have none."""
        return self.receipt.message_id

    @property
    def origin(self) -> Origin | None:
        """By what the lab follows it; None when the host did not take it."""
        return Origin(self.via, self.receipt.queue_id) if self.receipt.queue_id else None

    @property
    def recipients(self) -> tuple[str, ...]:
        """The recipients of the envelope."""
        return self.receipt.recipients

    def route(self, recipient: str | None = None, *, timeout: float = TIMEOUT, until: str | None = None) -> Route:
        """Return the route to *recipient* (default: the only one), as soon as the servers' logs have it all.

        *until*: an outcome to wait for, such as "delivered" when a deferred message is tried again. Raises
        RouteTimeoutError after *timeout* seconds.
        """
        if recipient is None and len(self.recipients) != 1:
            raise LabError(
                f"this message has {len(self.recipients)} recipients",
                hint="say which: route(recipient), or routes()",
            )
        wanted = recipient or self.recipients[0]
        found = self._routes((wanted,), timeout, until)
        return next(route for route in found if route.recipient.casefold() == wanted.casefold())

    def routes(self, *, timeout: float = TIMEOUT, until: str | None = None) -> dict[str, Route]:
        """Return the route of every recipient. An alias may have several final recipients: the last one counts here."""
        return {route.recipient: route for route in self._routes(self.recipients, timeout, until)}

    def known(self) -> list[Route]:
        """Return the routes as far as they are known now, without waiting; "unknown" for what is not."""
        return self._both(self.recipients, self.watch.known)

    def plan_again(self) -> None:
        """Make the plans anew, from zones and settings as they are now: they hold for the attempts from now on."""
        plans = self.planning(self.recipients, f"{self.via}:{self.port}", self.receipt.sender)
        self.later.append((datetime.now(UTC), plans))

    def events(self) -> list[Event]:
        """Return what the servers have said about the message and its notices so far, and their DNS queries."""
        return self.watch.events(self.origin) if self.origin else []

    def timeline(self) -> str:
        """Return what has happened so far, for a person to read."""
        if self.origin is None:
            return "\n\n".join("\n".join(summary(route)) for route in self.known())
        return self.watch.timeline(self.origin, self.recipients)

    def _routes(self, recipients: Sequence[str], timeout: float, until: str | None) -> list[Route]:
        return self._both(recipients, lambda origin, taken: self.watch.routes(origin, taken, timeout, until))

    def _both(self, recipients: Sequence[str], ask: Callable[[Origin, Sequence[str]], list[Route]]) -> list[Route]:
        """Return the routes of refused recipients, of whom the MUA knows, and of the others, of whom the logs do."""
        taken = [each for each in recipients if self.origin and each not in self.receipt.refused]
        found = [self._refused(each) for each in recipients if each not in taken]
        found += ask(self.origin, taken) if self.origin and taken else []
        return [self._planned(route) for route in found]

    def _planned(self, route: Route) -> Route:
        to = route.recipient
        later = tuple((at, plans[to]) for at, plans in self.later if to in plans)
        return replace(route, plan=self.plans.get(to), replanned=later)

    def _refused(self, recipient: str) -> Route:
        reply = self.receipt.refused.get(recipient) or self.receipt.final
        text, status = (str(reply), reply.status) if reply else (None, None)
        return refused_route(self.receipt.message_id or "", self.receipt.sender, recipient, text, status)
