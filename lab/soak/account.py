"""What became of each recipient of a soak, by evidence from two sides: the route, and where the message lies now.

In: routes, what mailboxes and the scripted host hold, what queues hold. Out: an :class:`Account`. Pure.

A recipient is lost when nobody has the message and nobody was told: a route that ends in a mailbox which does not
have it, one that is deferred at a host whose queue does not have it, one that was returned without a notice. What the
logs do not tell is unknown, and neither is excused.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lab.route.model import Route

DELIVERED, RETURNED, REFUSED, DISCARDED, QUEUED = "delivered", "returned", "refused", "discarded", "queued"
LOST, UNKNOWN = "lost", "unknown"
ORDER = (DELIVERED, RETURNED, REFUSED, DISCARDED, QUEUED, UNKNOWN, LOST)


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of a message for one recipient: one of ORDER, and how, where, or by which rule."""

    kind: str
    how: str

    @property
    def fine(self) -> bool:
        """Whether the message is where it is said to be, or somebody was told."""
        return self.kind not in (LOST, UNKNOWN)


@dataclass(frozen=True, slots=True)
class Recipient:
    """One recipient's fate, and the route that tells the rest."""

    route: Route
    fate: Fate


@dataclass(slots=True)
class Account:
    """All recipients; what was sent, and what was wrong meanwhile."""

    seed: int
    messages: int = 0
    seconds: float = 0.0
    faults: list[str] = field(default_factory=list)  # that were applied, in their order
    unsent: list[str] = field(default_factory=list)  # messages that nobody took, and why
    recipients: list[Recipient] = field(default_factory=list)

    @property
    def fine(self) -> bool:
        """Whether everybody is accounted for."""
        return all(each.fate.fine for each in self.recipients)

    @property
    def bad(self) -> list[Recipient]:
        """Those who are lost or unknown."""
        return [each for each in self.recipients if not each.fate.fine]

    def table(self) -> list[tuple[str, str, int]]:
        """Return how many recipients have which fate, as (kind, how, count)."""
        counts = Counter((each.fate.kind, each.fate.how) for each in self.recipients)
        return sorted(((kind, how, count) for (kind, how), count in counts.items()), key=_order)

    def to_json(self) -> dict[str, Any]:
        """Return the account as plain JSON values."""
        return {
            "schema": 1,
            "seed": self.seed,
            "fine": self.fine,
            "messages": self.messages,
            "unsent": self.unsent,
            "recipients": len(self.recipients),
            "seconds": round(self.seconds, 3),
            "faults": self.faults,
            "fates": [{"fate": kind, "how": how, "recipients": count} for kind, how, count in self.table()],
            "bad": [{"fate": each.fate.kind, "how": each.fate.how, "route": each.route.to_json()} for each in self.bad],
        }


def fate(route: Route, stored: int, queued: Collection[str]) -> Fate:
    """Return what became of a recipient.

    *stored*: how many copies there are, in the mailbox and at the scripted host. *queued*: the hosts in whose queues
    the message lies for this recipient.
    """
    at = ", ".join(sorted(queued))
    match route.outcome:
        case "delivered":
            found = _delivered(route, stored)
        case "bounced" | "expired":
            found = _returned(route)
        case "rejected":
            found = Fate(REFUSED, "at submission")
        case "discarded":
            found = Fate(DISCARDED, f"by a rule: {route.reason or 'the logs do not say which'}")
        case _ if at:  # a log that does not tell its end yet is no loss either
            found = Fate(QUEUED, f"at {at}")
        case "deferred" | "held":
            found = Fate(LOST, f"{route.outcome}, and in no queue")
        case _:
            found = Fate(UNKNOWN, "no log tells its end")
    return found


def balance(routes: Iterable[Route], stored: Stored, queued: Queued) -> list[Recipient]:
    """Return each route with its fate."""
    return [
        Recipient(
            each,
            fate(
                each,
                stored.get((each.message_id, address(each)), 0),
                queued.get((each.message_id, each.final_recipient or each.recipient), ()),
            ),
        )
        for each in routes
    ]


Stored = Mapping[tuple[str, str], int]
"""(Message-ID, address) to how many copies there are."""
Queued = Mapping[tuple[str, str], Collection[str]]
"""(Message-ID, final recipient) to the hosts in whose queues it lies."""


def address(route: Route) -> str:
    """Return the address whose mailbox a route ends in."""
    return mailbox_of(route.final_recipient or route.recipient)


def mailbox_of(recipient: str) -> str:
    """Return whose mailbox is a recipient's: user+detail is user (recipient_delimiter)."""
    local, _, domain = recipient.lower().rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"


def _delivered(route: Route, stored: int) -> Fate:
    if stored != route.copies:
        return Fate(LOST if stored < route.copies else UNKNOWN, f"{route.copies} stored by the log, and {stored} there")
    where = "to a mailbox" if route.mailstore else f"to {route.accepted_by} (scripted)"
    return Fate(DELIVERED, f"once, {where}" if stored == 1 else f"{stored} times, at last {where}")


def _returned(route: Route) -> Fate:
    told = [each for each in route.notifications if each.kind in ("failed", "rejected")]
    if not told:
        if route.sender:
            return Fate(LOST, f"{route.outcome}, without a notice")
        return Fate(RETURNED, "with no notice, for the sender is null (RFC 5321 4.5.5)")
    ended = {each.route.outcome if each.route else "unknown" for each in told}
    return Fate(RETURNED, f"with a notice, {' and '.join(sorted(ended))}")


def _order(row: tuple[str, str, int]) -> tuple[int, str]:
    return ORDER.index(row[0]), row[1]
