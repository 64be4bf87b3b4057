"""Where a route departs from the plan.

In: a plan and a route. Out: a :class:`Departure` for each difference, none when the plan allows the route.
Whether a declared fault explains a departure is for the caller to say; ``kind`` is there for that.

A message may be tried several times. Each try begins at the plan's top and ends with a final answer or with
nothing left to try. Inside a try the attempts go group by group; ``Try`` keeps the place. An attempt that may
be the first one of another try is taken for that: where the order is random, one try too long looks like two.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from lab.plan.attempts import Kind, Try, tries
from lab.plan.model import Plan, Site
from lab.route import Attempt, Route

UNACCEPTED = frozenset({"deferred", "expired", "bounced"})


@dataclass(frozen=True, slots=True)
class Departure:
    """One difference between plan and route, at one host. ``target`` is None where it concerns no attempt."""

    kind: Kind
    host: str
    target: str | None
    expected: str
    observed: str

    def __str__(self) -> str:
        """Return it as a line of a report."""
        return f"{self.host}: {self.kind}: expected {self.expected}; observed {self.observed}"


def compare(plan: Plan, route: Route) -> list[Departure]:
    """Return the departures of *route* from *plan* and the plans behind it, ``plan.then``, hop by hop."""
    departures: list[Departure] = []
    judged: set[str] = set()
    for part in plan.walk():
        attempts = [attempt for attempt in route.attempts if attempt.host == part.host]
        reached = part is plan or attempts or part.host in route.hops
        if reached and part.host not in judged:
            judged.add(part.host)
            departures += _compare_host(part, attempts, route)
    return departures


def _compare_host(plan: Plan, attempts: Sequence[Attempt], route: Route) -> list[Departure]:
    """Judge each stay of the message at the host, by queue id: a message that comes back is tried anew."""
    if not attempts:
        return _unattempted(plan, route)
    departures: list[Departure] = []
    for queue_id in dict.fromkeys(attempt.queue_id for attempt in attempts):
        follower = _Follower(plan)
        for attempt in attempts:
            if attempt.queue_id == queue_id:
                follower.take(attempt)
        follower.end(route)
        departures += follower.departures
    return departures


def _unattempted(plan: Plan, route: Route) -> list[Departure]:
    """Judge a host that tried nobody, where the message's end is this host's doing."""
    if plan.host in route.hops[:-1] or route.outcome == "unknown":
        return []
    if any(site.groups for site in plan.sites):
        if route.outcome not in UNACCEPTED:
            return []
        return [Departure("not-attempted", plan.host, None, f"attempts at {_names(plan.sites)}", _end(route))]
    if plan.outcome == "delivered":  # what the delivery agent answers is in no zone
        return []
    # A message that is deferred for long enough expires.
    right = route.outcome == plan.outcome or (plan.outcome, route.outcome) == ("deferred", "expired")
    if right and (plan.status is None or route.status in (plan.status, None)):
        return []
    expected = " ".join(filter(None, (plan.outcome, plan.status)))
    return [Departure("outcome", plan.host, None, expected, _end(route))]


@dataclass(slots=True)
class _Follower:
    """Follows the attempts of one queue file through the plan."""

    plan: Plan
    departures: list[Departure] = field(default_factory=list)
    current: Try | None = None

    def take(self, attempt: Attempt) -> None:
        """Take the next attempt: it goes on with the try, or begins another one."""
        if not any(tries(target, attempt) for target in self.plan.targets):
            self._unplanned(attempt)
            return
        if self.current is None:
            self.current = Try(self.plan)
        elif self.current.final:
            kind: Kind = "continued-after-" + self.current.final  # type: ignore[assignment]  # one of the two
            self._note(kind, attempt, f"nothing after the {self.current.final}")
            self.current = Try(self.plan)
            self.current.accept(attempt)
            return
        if self.current.accept(attempt):
            return
        again = Try(self.plan)
        if self.current.last and again.accept(attempt):
            if not self.current.over:
                self._stopped(self.current)
            self.current = again
            return
        self._note(self.current.why_not(attempt), attempt, self.current.expected())
        self.current.jump(attempt)

    def end(self, route: Route) -> None:
        """Judge how the last try ended, where the message's end is this host's doing."""
        current = self.current
        if current is None or route.outcome not in UNACCEPTED or self.plan.host in route.hops[:-1]:
            return
        if current.final is None and not current.over:
            self._stopped(current)
        elif current.final is None and route.outcome == "bounced":
            self.departures.append(Departure("outcome", self.plan.host, None, "deferred", _end(route)))
        elif current.final == "rejection" and route.outcome != "bounced":
            self.departures.append(Departure("outcome", self.plan.host, None, "bounced", _end(route)))

    def _unplanned(self, attempt: Attempt) -> None:
        excluded = [each for site in self.plan.sites for each in site.excluded]
        hit = next((each for each in excluded if tries(each, attempt)), None)
        if hit is None:
            self._note("unplanned-target", attempt, _names(self.plan.sites) or "no attempt")
        else:
            self._note("excluded-target", attempt, f"no attempt at {hit.host}: {hit.why} ({hit.rule})")

    def _stopped(self, current: Try) -> None:
        last = current.last.host if current.last else None
        departure = Departure("stopped-early", self.plan.host, last, current.expected(), f"nothing after {last}")
        self.departures.append(departure)

    def _note(self, kind: Kind, attempt: Attempt, expected: str) -> None:
        observed = " ".join(filter(None, (attempt.target, attempt.address, attempt.reply or attempt.reason)))
        self.departures.append(Departure(kind, self.plan.host, attempt.target, expected, observed))


def _names(sites: tuple[Site, ...]) -> str:
    return ", ".join(dict.fromkeys(target.host for site in sites for target in site.targets))


def _end(route: Route) -> str:
    return " ".join(filter(None, (route.outcome, route.status)))
