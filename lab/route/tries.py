"""One try of a plan: which attempt may come next, and what an answer decides.

After smtp_connect(3) and smtp_trouble(3).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from lab.route.model import Attempt
from lab.route.plan import Exclusion, Plan, Site, Target

Kind = Literal[
    "unplanned-target",  # an attempt at an address that the plan does not know
    "excluded-target",  # an attempt at a host that the plan rules out
    "out-of-order",  # an attempt before its turn, or a second one in the same try
    "too-many-addresses",  # more than smtp_mx_address_limit
    "too-many-sessions",  # more than smtp_mx_session_limit
    "continued-after-acceptance",
    "continued-after-rejection",
    "stopped-early",  # no final answer, and addresses left
    "not-attempted",  # a try was planned and none was made
    "outcome",  # not the end that zone and settings, or the answers, lead to
]
Hidden = Callable[[Plan, Target], bool]
"""Whether the host of a plan may not have been told an address that the plan has."""
SESSION_STAGES = frozenset({"mail", "rcpt", "data", "end-of-data"})  # past EHLO, STARTTLS and AUTH


@dataclass(slots=True)
class Try:
    """One try of all sites, from the top.

    ``left`` is what may be tried now, ``room`` how much of it fits the limit.
    """

    plan: Plan
    hidden: Hidden = lambda _plan, _target: False
    site: int = 0
    group: int = 0
    left: list[Target] = field(default_factory=list)
    room: int = 0
    addresses: int = 0
    sessions: int = 0
    tried: list[Target] = field(default_factory=list)
    cut: tuple[Site, Kind] | None = None  # the site that a limit ended, and which limit
    final: Literal["acceptance", "rejection"] | None = None
    plaintext: bool = False  # after a failed handshake the same address may be tried without TLS

    def __post_init__(self) -> None:
        """Stand before the first group."""
        self._enter()

    @property
    def last(self) -> Target | None:
        """The address tried last."""
        return self.tried[-1] if self.tried else None

    @property
    def over(self) -> bool:
        """Whether nothing is left to try."""
        return self.site >= len(self.plan.sites)

    def finish(self) -> bool:
        """Pass what need not be tried, and return whether nothing is left then."""
        while self.passes():
            pass
        return self.over

    def accept(self, attempt: Attempt) -> bool:
        """Take the attempt if it is its turn; what a log need not show is passed."""
        if self.plaintext and self.last and tries(self.last, attempt):
            self.final, self.plaintext = final_answer(self.plan, attempt), False
            return True
        target = next((target for target in self.left if tries(target, attempt)), None)
        if target is None:
            return self.passes() and self.accept(attempt)
        self.left.remove(target)
        self.tried.append(target)
        self.room -= 1
        self.addresses += 1
        self.sessions += attempt.stage in SESSION_STAGES
        self.final, self.plaintext = final_answer(self.plan, attempt), attempt.stage == "starttls"
        self._advance()
        return True

    def passes(self) -> bool:
        """Pass an address whose turn it is and that need not be tried; False where there is none.

        The host meets itself there, or was not told of it: then it has no place in the limit.
        """
        itself = next((target for target in self.left if self.plan.is_itself(target)), None)
        hidden = next((target for target in self.left if self.hidden(self.plan, target)), None)
        passed = itself or hidden
        if passed is None:
            return False
        self.left.remove(passed)
        self.room -= itself is not None
        self.addresses += itself is not None
        self._advance()
        return True

    def jump(self, attempt: Attempt) -> None:
        """Take an attempt that is not in turn, and go on from there."""
        for number, site in enumerate(self.plan.sites):
            for position, group in enumerate(site.groups):
                if any(tries(target, attempt) for target in group.targets):
                    self.site, self.group = number, position
                    self._enter()
                    self.accept(attempt)
                    return

    def why_not(self, attempt: Attempt) -> Kind:
        """Say what is wrong with an attempt that is not in turn."""
        if self.cut and any(tries(target, attempt) for target in self.cut[0].targets if target not in self.tried):
            return self.cut[1]
        return "out-of-order"

    def expected(self) -> str:
        """Say whose turn it is."""
        return " or ".join(dict.fromkeys(target.host for target in self.left)) or "no further attempt"

    def _advance(self) -> None:
        site = self.plan.sites[self.site]
        if self.addresses == site.address_limit:  # never so when it is 0, no limit
            self.cut = (site, "too-many-addresses")
            self._next_site()
        elif self.sessions == site.session_limit:
            self.cut = (site, "too-many-sessions")
            self._next_site()
        elif not self.left or self.room == 0:
            self.group += 1
            self._enter()

    def _next_site(self) -> None:
        self.site += 1
        self.group = self.addresses = self.sessions = 0
        self._enter()

    def _enter(self) -> None:
        """Load the group whose turn it is, in this site or the next one that has any."""
        self.left, self.room = [], 0
        if self.over:
            return
        groups = self.plan.sites[self.site].groups
        if self.group < len(groups):
            self.left, self.room = list(groups[self.group].targets), groups[self.group].at_most
        else:
            self._next_site()


def final_answer(plan: Plan, attempt: Attempt) -> Literal["acceptance", "rejection"] | None:
    """Return what an answer decides, None when the next address is asked."""
    if attempt.outcome == "accepted":
        return "acceptance"
    permanent = attempt.outcome == "rejected" or (attempt.dsn or "").startswith("5")
    if not permanent or plan.soft_bounce:
        return None
    if attempt.stage == "banner":
        return None if plan.skip_5xx_greeting else "rejection"
    if attempt.stage == "auth":
        return None if plan.auth_soft_bounce else "rejection"
    return None if attempt.stage == "starttls" else "rejection"  # a handshake that fails is temporary, 4.7.5


def tries(place: Target | Exclusion, attempt: Attempt) -> bool:
    """Return whether *attempt* is one at *place*."""
    if attempt.address and place.address:
        return place.address == attempt.address
    return attempt.target in (place.host, place.name)
