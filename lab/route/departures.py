"""Where a route departs from the plan.

In: a plan and a route. Out: a :class:`Departure` for each difference, none when the plan allows the route.
Whether a declared fault explains a departure is for the caller to say; ``kind`` is there for that.

Of a host where the plan leaves off (``unplanned``) nothing is judged: what is not planned is no departure.

A message may be tried several times. Each try begins at the plan's top and ends with a final answer or with
nothing left to try. Inside a try the attempts go group by group; ``Try`` keeps the place. An attempt that may
be the first one of another try is taken for that: where the order is random, one try too long looks like two.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from lab.route.model import Attempt, Route
from lab.route.plan import Plan, Site
from lab.route.tries import Hidden, Kind, Try, tries

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


def compare(plan: Plan, route: Route, hidden: Hidden = lambda _plan, _target: False) -> list[Departure]:
    """Return the departures of *route* from *plan* and the plans in it, host by host.

    Of several recipients that come out of one, the branch to the route's final recipient counts. *hidden*: which
    addresses a host may not have been told; it need not try them.
    """
    parts: dict[str, list[Plan]] = {}
    for part in _towards(plan, route.final_recipient):
        parts.setdefault(part.host, []).append(part)
    departures: list[Departure] = []
    for host, of_host in parts.items():
        attempts = [attempt for attempt in route.attempts if attempt.host == host]
        if host == plan.host or attempts or host in route.hops:
            departures += _compare_host(of_host, attempts, route, hidden)
    return departures


def _towards(plan: Plan, final: str | None) -> Iterator[Plan]:
    """Yield *plan* and what follows it on the way to the recipient *final*; everything where it leads nowhere there.

    An alias is replaced by each of its branches; what a delivery agent does with a branch it does besides.
    """
    leading = [branch for branch in plan.branches if branch.plan and _leads(branch.plan, final)]
    own = final is not None and final.casefold() == plan.recipient.casefold() and not plan.replaced
    chosen = leading or ([] if own else plan.branches)
    if not (plan.replaced and any(branch.plan for branch in chosen)):
        yield plan
    for branch in chosen:
        if branch.plan is not None:
            yield from _towards(branch.plan, final)
    for following in plan.then:
        yield from _towards(following, final)


def _leads(plan: Plan, final: str | None) -> bool:
    return final is not None and any(part.recipient.casefold() == final.casefold() for part in plan.walk())


def _compare_host(plans: Sequence[Plan], attempts: Sequence[Attempt], route: Route, hidden: Hidden) -> list[Departure]:
    """Judge each stay of the message at the host, by queue id: a message that comes back is tried anew.

    Where the host has several parts in the plan, a stay is one of them: that from which it departs least.
    """
    if not attempts:
        return _fewest(_unattempted(plan, route, hidden) for plan in plans)
    departures: list[Departure] = []
    for queue_id in dict.fromkeys(attempt.queue_id for attempt in attempts):
        stay = [attempt for attempt in attempts if attempt.queue_id == queue_id]
        departures += _fewest(_follow(plan, stay, route, hidden) for plan in plans)
    return departures


def _fewest(found: Iterable[list[Departure]]) -> list[Departure]:
    return min(found, key=len)


def _follow(plan: Plan, stay: Sequence[Attempt], route: Route, hidden: Hidden) -> list[Departure]:
    if plan.unplanned:
        return []
    follower = _Follower(plan, hidden)
    for attempt in stay:
        if not any(tries(agent, attempt) for agent in plan.delivery):
            follower.take(attempt)
    follower.end(route)
    return follower.departures


def _unattempted(plan: Plan, route: Route, hidden: Hidden) -> list[Departure]:
    """Judge a host that tried nobody, where the message's end is this host's doing."""
    open_ = plan.unplanned or route.outcome == "unknown" or route.suspended
    if open_ or plan.host in route.hops[:-1]:
        return []
    if any(site.groups for site in plan.sites):
        if route.outcome not in UNACCEPTED or all(hidden(plan, target) for target in plan.targets):
            return []
        return [Departure("not-attempted", plan.host, None, f"attempts at {_names(plan.sites)}", _end(route))]
    if plan.outcome == "delivered" or (plan.branches and not plan.replaced):
        return []  # what the delivery agent answers is in no zone
    # A message that is deferred for long enough expires.
    right = route.outcome == plan.outcome or (plan.outcome, route.outcome) == ("deferred", "expired")
    if right and (plan.status is None or route.status in (plan.status, None)):
        return []
    expected = " ".join(filter(None, (plan.outcome, plan.status))) or _becomes(plan)
    return [Departure("outcome", plan.host, None, expected, _end(route))]


@dataclass(slots=True)
class _Follower:
    """Follows the attempts of one queue file through the plan."""

    plan: Plan
    hidden: Hidden
    departures: list[Departure] = field(default_factory=list)
    current: Try | None = None

    def take(self, attempt: Attempt) -> None:
        """Take the next attempt: it goes on with the try, or begins another one."""
        if not any(tries(target, attempt) for target in self.plan.targets):
            self._unplanned(attempt)
            return
        if self.current is None:
            self.current = Try(self.plan, self.hidden)
        elif self.current.final:
            kind: Kind = "continued-after-" + self.current.final  # type: ignore[assignment]  # one of the two
            self._note(kind, attempt, f"nothing after the {self.current.final}")
            self.current = Try(self.plan, self.hidden)
            self.current.accept(attempt)
            return
        if self.current.accept(attempt):
            return
        again = Try(self.plan, self.hidden)
        if self.current.last and again.accept(attempt):
            if not self.current.finish():
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
        if current.final is None and not current.finish():
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


def _becomes(plan: Plan) -> str:
    return f"{', '.join(branch.recipient for branch in plan.branches)} in its place"


def _end(route: Route) -> str:
    return " ".join(filter(None, (route.outcome, route.status)))
