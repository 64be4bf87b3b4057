"""The values a plan is made of. All are frozen, compare by value and survive a trip through JSON.

A plan has sites: next-hop destinations, tried one after the other. A site has groups: addresses, tried group
by group, in any order inside a group. Everything that the plan says carries ``why``, one sentence, and
``rule``, the section of the standard or the Postfix parameter behind it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Question:
    """One DNS question, in the order in which Postfix asks, and what the zones answer."""

    name: str
    type: str
    answer: str  # "10 mx1.dest.test, 20 mx2.dest.test", "no data", "no such name", "SERVFAIL"
    why: str
    rule: str


@dataclass(frozen=True, slots=True)
class Target:
    """One address that may be tried. ``preference`` is None where no MX record stands behind it."""

    host: str  # lab name, else the first label of the name, else the address
    name: str  # as Postfix logs it: the name in the MX record
    address: str
    port: int
    preference: int | None


@dataclass(frozen=True, slots=True)
class Group:
    """Targets of which any may come first. ``at_most`` of them fit into smtp_mx_address_limit."""

    targets: tuple[Target, ...]
    at_most: int
    why: str
    rule: str


@dataclass(frozen=True, slots=True)
class Exclusion:
    """A host that a reader of the zone might expect to be tried, and that is not.

    ``address`` is None when it has none.
    """

    host: str
    name: str
    address: str | None
    why: str
    rule: str


@dataclass(frozen=True, slots=True)
class Site:
    """One destination as relayhost, transport_maps or the recipient's domain names it, resolved.

    ``status`` and ``reason`` say why there is nothing to try; both are None when there are groups. Limits of
    0 are none. ``tls`` is the level that the settings want there (smtp_tls_security_level).
    """

    nexthop: str
    role: str  # "domain", "relayhost", "transport", "fallback"
    groups: tuple[Group, ...]
    excluded: tuple[Exclusion, ...]
    address_limit: int
    session_limit: int
    status: str | None
    reason: str | None
    why: str
    rule: str
    tls: str = "none"

    @property
    def targets(self) -> tuple[Target, ...]:
        """Every address that may be tried, in an allowed order."""
        return tuple(target for group in self.groups for target in group.targets)


@dataclass(frozen=True, slots=True)
class Consequence:
    """What one kind of answer leads to."""

    answer: str
    leads_to: str
    rule: str


By = Literal["virtual_alias_maps", "alias_maps", "sieve"]  # who puts another recipient in the place of one


@dataclass(frozen=True, slots=True)
class Branch:
    """A recipient that comes out of another one, and the host at which the message goes on for it.

    ``certain`` is False where the message decides. ``plan`` is what that host does then; None where the host's
    settings are not known, or the plan has it already: on another branch, or further up, which is a circle.
    """

    recipient: str
    host: str
    by: By
    certain: bool
    why: str
    rule: str
    plan: Plan | None = None
    port: int = 25  # at which that host gets it, where it comes over SMTP


@dataclass(frozen=True, slots=True)
class Unplanned:
    """Where a plan leaves off: from ``setting`` on ("content_filter = smtp:[127.0.0.1]:10026") nothing is planned."""

    setting: str
    why: str
    rule: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What one host will do with a message for one recipient, as far as zone and settings decide it.

    ``outcome`` (with ``status`` and ``reason``) is the end when no attempt is made at all: delivered (handed
    to the mail delivery agent), bounced, deferred, discarded or rejected; None when the answers of the sites'
    hosts decide. ``branches`` has the recipients that come out of this one; with a ``transport`` they come
    out of its delivery, without one they take the recipient's place before anything else happens. ``then`` has
    the plans of the hosts that may take the message over, where their settings are known. ``delivery`` has the
    addresses of the delivery agent that the message is handed to over LMTP: what it answers is in no zone.

    ``unplanned``: what the host does for this recipient depends on something that the plan does not know. Nothing
    that it does is a departure then; what the plan has nevertheless, questions and sites, holds but for that.
    """

    recipient: str
    host: str
    transport: str
    nexthop: str
    why: str
    rule: str
    questions: tuple[Question, ...] = ()
    sites: tuple[Site, ...] = ()
    outcome: str | None = None
    status: str | None = None
    reason: str | None = None
    consequences: tuple[Consequence, ...] = ()
    notes: tuple[str, ...] = ()
    skip_5xx_greeting: bool = True
    soft_bounce: bool = False
    auth_soft_bounce: bool = True
    branches: tuple[Branch, ...] = ()
    then: tuple[Plan, ...] = ()
    unplanned: Unplanned | None = None
    delivery: tuple[Target, ...] = ()

    @property
    def replaced(self) -> bool:
        """Whether other recipients take the place of this one before anything is routed."""
        return bool(self.branches) and not self.transport

    @property
    def targets(self) -> tuple[Target, ...]:
        """Every address that may be tried, in an allowed order."""
        return tuple(target for site in self.sites for target in site.targets)

    def is_itself(self, target: Target) -> bool:
        """Return whether a target is this very host, at an address that it does not know for its own.

        Its greeting tells it so, on port 25 (SMTP_MISC_FLAG_LOOP_DETECT), and it goes on to the next address with
        a warning that names no message; only where no address is left does the log have the attempt.
        """
        return target.host == self.host and target.port == 25

    @property
    def order(self) -> list[str | list[str]]:
        """Lab names in the order of the attempts, a list where it is random: ``["mx1", ["mx2", "mx3"]]``."""
        groups = [group for site in self.sites for group in site.groups]
        return [_names(group) if len(group.targets) > 1 else group.targets[0].host for group in groups]

    def walk(self) -> Iterator[Plan]:
        """Yield this plan, those of its branches, and those of the hosts behind it."""
        yield self
        for branch in self.branches:
            if branch.plan is not None:
                yield from branch.plan.walk()
        for plan in self.then:
            yield from plan.walk()

    def to_json(self) -> dict[str, Any]:
        """Return the plan as plain JSON values; :meth:`from_json` reads them."""
        plain = _lists(asdict(self))
        assert isinstance(plain, dict)  # noqa: S101  # asdict of a dataclass; for the type checker
        return plain

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Plan:
        """Return the plan that :meth:`to_json` wrote."""
        return cls(
            **{
                **data,
                "questions": tuple(Question(**question) for question in data["questions"]),
                "sites": tuple(_site(site) for site in data["sites"]),
                "consequences": tuple(Consequence(**consequence) for consequence in data["consequences"]),
                "notes": tuple(data["notes"]),
                "branches": tuple(
                    Branch(**{**branch, "plan": branch["plan"] and cls.from_json(branch["plan"])})
                    for branch in data.get("branches", ())  # a key that was added
                ),
                "then": tuple(cls.from_json(plan) for plan in data["then"]),
                "delivery": tuple(Target(**target) for target in data.get("delivery", ())),
                "unplanned": data.get("unplanned") and Unplanned(**data["unplanned"]),
            }
        )


def _names(group: Group) -> list[str]:
    return [target.host for target in group.targets]


def _site(data: Mapping[str, Any]) -> Site:
    groups = tuple(
        Group(**{**group, "targets": tuple(Target(**target) for target in group["targets"])})
        for group in data["groups"]
    )
    return Site(**{**data, "groups": groups, "excluded": tuple(Exclusion(**each) for each in data["excluded"])})


def _lists(value: object) -> object:
    """Return *value* with lists for tuples, as JSON has them."""
    if isinstance(value, dict):
        return {key: _lists(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_lists(item) for item in value]
    return value
