"""The route of one message to one recipient: which hosts were tried, what each answered, and how it ended.

The values here are what a test asserts on, and their JSON is a contract: keys may be added, none are removed.
They are made by :mod:`lab.route.history` from the servers' own logs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lab.route.plan import Plan

SCHEMA = 1
"""Version of the JSON. It grows when a key changes its meaning."""

UNKNOWN = "unknown"
"""Stage of a failure whose sentence in the log does not tell it."""

GREETED = ("banner", "ehlo")
"""Stages for which Postfix has one sentence: the server refused to talk."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try of one MTA to hand a message to one address of the next host."""

    host: str  # lab name of the sending MTA
    queue_id: str  # its queue id of the message
    target: str  # lab name of the tried host; of a scripted address the first label of the name Postfix logged
    address: str | None
    port: int | None
    stage: str  # connect, banner, ehlo, starttls, auth, xforward, mail, rcpt, data, end-of-data; unknown
    reply: str | None  # what the server said, None when it said nothing
    dsn: str | None  # enhanced status code (RFC 3463), the server's own or Postfix's; None where no log tells it
    reason: str  # "Connection refused", or the reply
    outcome: str  # accepted, rejected (5xx), deferred (4xx), failed (no reply)
    tls: str | None  # "TLSv1.3"
    next_queue_id: str | None  # the target's queue id of the message, when it accepted
    at: datetime  # aware, UTC: when the result was logged
    trust: str | None = None  # of the TLS session: anonymous, untrusted, trusted, verified; None in the clear
    agent: str = "smtp"  # who tried; in a hand-over lmtp or pipe
    cause: str | None = None  # without a reply: refused, timeout, unreachable, lost; None for any other reason

    def to_json(self) -> dict[str, Any]:
        """Return the attempt as plain JSON values; :meth:`from_json` reads them."""
        return {**asdict(self), "at": stamp(self.at)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Attempt:
        """Return the attempt that :meth:`to_json` wrote."""
        return cls(**{**data, "at": datetime.fromisoformat(data["at"])})


@dataclass(frozen=True, slots=True)
class Handover:
    """One try to hand a message to what delivers it: a mail store over LMTP, or a command that pipe(8) runs.

    ``tried`` has it in the terms of an attempt; a command is "pipe:" and the name of the service, and its stage is
    "command".
    """

    after: int  # how many of the route's attempts came before
    tried: Attempt

    def to_json(self) -> dict[str, Any]:
        """Return the hand-over as plain JSON values; :meth:`from_json` reads them."""
        return {"after": self.after, **self.tried.to_json()}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Handover:
        """Return the hand-over that :meth:`to_json` wrote."""
        return cls(data["after"], Attempt.from_json({key: data[key] for key in data if key != "after"}))


@dataclass(frozen=True, slots=True)
class Notification:
    """A message to the sender that a message caused: a delivery status notification, or one that a user's script sent.

    The first five kinds are the actions of RFC 3464 2.3.3, of success as the notice itself says; "rejected" is a notice
    of Sieve's reject (RFC 5429 2.2), "auto-replied" an answer of Sieve's vacation (RFC 5230, RFC 3834).
    """

    kind: str  # failed, delayed, relayed, delivered, expanded, rejected, auto-replied, unknown
    queue_id: str  # of the notification, at the host that wrote it; of a mail store's, at the host that took it
    host: str
    route: Route | None  # its own way; None when that is not known

    def to_json(self) -> dict[str, Any]:
        """Return the notification as plain JSON values; :meth:`from_json` reads them."""
        return {
            "kind": self.kind,
            "queue_id": self.queue_id,
            "host": self.host,
            "route": self.route and self.route.to_json(),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Notification:
        """Return the notification that :meth:`to_json` wrote."""
        return cls(**{**data, "route": data["route"] and Route.from_json(data["route"])})


@dataclass(frozen=True, slots=True)
class Route:
    """What happened to one message for one recipient.

    ``hops`` begins with the host to which the message was submitted. The submission is no attempt, and
    neither is the hand-over to the mail delivery agent (LMTP), whose answer decides ``outcome``, ``status``
    and ``reason``: its tries are in ``handovers``.
    """

    message_id: str  # with its angle brackets
    sender: str  # "" is the null sender, RFC 5321 4.5.5
    recipient: str
    outcome: str  # delivered, bounced, deferred, expired, discarded, rejected (at submission), held, unknown
    status: str | None  # the last enhanced status code
    reason: str | None  # the text behind it
    accepted_by: str | None  # the last host that took the message over SMTP, None if none did
    mailbox: str | None  # None unless delivered
    hops: list[str] = field(hash=False)  # hosts that accepted it, in order
    attempts: tuple[Attempt, ...]
    notifications: tuple[Notification, ...]
    copies: int  # how many times it reached a mailbox: more than one is a duplicate
    plan: Plan | None = None
    final_recipient: str | None = None  # after aliases and forwarding (RFC 3464 2.3.2)
    mailstore: str | None = None  # lab name of the host that has the mailbox; None unless one says so
    replanned: tuple[tuple[datetime, Plan], ...] = ()  # plans that were made anew since, and from when on each holds
    evidence: str | None = None  # folder with events, logs, DNS history and zone of this run
    unread: tuple[str, ...] = ()  # log lines about its delivery that nobody understood: attempts may be missing
    handovers: tuple[Handover, ...] = ()  # to mail stores and commands, in order
    suspended: bool = False  # nobody was asked: its host has given up the destination for now, after other mail's fate

    def __post_init__(self) -> None:
        """Take any sequence of hops, and compare equal to a list of them."""
        object.__setattr__(self, "hops", list(self.hops))

    @property
    def attempted(self) -> list[str]:
        """Lab names of the tried hosts, in order."""
        return [attempt.target for attempt in self.attempts]

    @property
    def tried(self) -> list[Attempt]:
        """Attempts and hand-overs, in order."""
        found = [(index, 1, attempt) for index, attempt in enumerate(self.attempts)]
        found += [(each.after, 0, each.tried) for each in self.handovers]
        return [attempt for _, _, attempt in sorted(found, key=lambda each: each[:2])]

    def to_json(self) -> dict[str, Any]:
        """Return the route as plain JSON values; :meth:`from_json` reads them."""
        return {
            "schema": SCHEMA,
            "message_id": self.message_id,
            "sender": self.sender,
            "recipient": self.recipient,
            "outcome": self.outcome,
            "status": self.status,
            "reason": self.reason,
            "accepted_by": self.accepted_by,
            "mailbox": self.mailbox,
            "hops": list(self.hops),
            "attempts": [attempt.to_json() for attempt in self.attempts],
            "notifications": [notification.to_json() for notification in self.notifications],
            "copies": self.copies,
            "final_recipient": self.final_recipient,
            "mailstore": self.mailstore,
            "plan": self._plan_json(),
            "replanned": [{"from": stamp(at), **plan.to_json()} for at, plan in self.replanned],
            "evidence": self.evidence,
            "unread": list(self.unread),
            "handovers": [handover.to_json() for handover in self.handovers],
            "suspended": self.suspended,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Route:
        """Return the route that :meth:`to_json` wrote."""
        values = {key: value for key, value in data.items() if key in cls.__slots__}
        values["attempts"] = tuple(Attempt.from_json(attempt) for attempt in data["attempts"])
        values["unread"] = tuple(data.get("unread", ()))
        values["handovers"] = tuple(Handover.from_json(each) for each in data.get("handovers", ()))
        values["notifications"] = tuple(Notification.from_json(each) for each in data["notifications"])
        from lab.route.plan import Plan  # lab.plan compares routes: it imports this module

        if values.get("plan") is not None:
            plan = values["plan"]
            values["plan"] = Plan.from_json({key: plan[key] for key in plan if key != "departures"})
        values["replanned"] = tuple(
            (datetime.fromisoformat(each["from"]), Plan.from_json({key: each[key] for key in each if key != "from"}))
            for each in data.get("replanned", ())
        )
        return cls(**values)

    def walk(self) -> Iterator[Route]:
        """Yield this route and those of its notifications."""
        yield self
        for notification in self.notifications:
            if notification.route is not None:
                yield from notification.route.walk()

    def _plan_json(self) -> dict[str, Any] | None:
        """Return what was predicted, and where the route departs from it."""
        if self.plan is None:
            return None
        from lab.route.stretches import departures  # as above

        return {**self.plan.to_json(), "departures": [asdict(departure) for departure in departures(self)]}


def stamp(at: datetime) -> str:
    """Return an aware time as RFC 3339 text in UTC with microseconds: "2026-01-01T00:00:00.000000Z"."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
