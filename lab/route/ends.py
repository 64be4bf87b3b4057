"""Where a message's way ended, seen from any host on it, and the route that this makes at the first one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from lab.route.model import Attempt, Handover, Notification, Route
from lab.route.queuefile import QueueFile


@dataclass(slots=True)
class End:
    """One final recipient of a message: a route in the making, seen from some host on its way."""

    recipient: str
    outcome: str = "unknown"
    status: str | None = None
    reason: str | None = None
    mailbox: str | None = None
    mailstore: str | None = None
    copies: int = 0
    hops: list[str] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)
    notifications: list[Notification] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    handovers: list[Handover] = field(default_factory=list)
    suspended: bool = False

    def after(self, tried: Iterable[Attempt], notifications: Iterable[Notification], unread: Iterable[str] = ()) -> End:
        """Return the same end with what came before it. *tried*: attempts and hand-overs."""
        attempts: list[Attempt] = []
        handovers: list[Handover] = []
        for each in tried:
            if each.agent == "smtp":
                attempts.append(each)
            else:
                handovers.append(Handover(len(attempts), each))
        later = [replace(each, after=each.after + len(attempts)) for each in self.handovers]
        return replace(
            self,
            attempts=[*attempts, *self.attempts],
            handovers=[*handovers, *later],
            notifications=[*notifications, *self.notifications],
            unread=[*unread, *self.unread],
        )


def route_to(root: QueueFile, message_id: str, recipient: str, end: End) -> Route:
    """Return the route of a message that came into the lab as *root* and ended at *end*."""
    accepted = [attempt.target for attempt in end.attempts if attempt.outcome == "accepted"]
    # Nobody was asked, because the host of submission delivered it itself: it took the message over SMTP.
    direct = root.host if end.outcome == "delivered" and not end.attempts else None
    return Route(
        message_id=message_id,
        sender=root.sender,
        recipient=recipient,
        outcome=end.outcome,
        status=end.status or (end.attempts[-1].dsn if end.attempts else None),
        reason=end.reason,
        accepted_by=accepted[-1] if accepted else direct,
        mailbox=end.mailbox,
        hops=[root.host, *end.hops],
        attempts=tuple(end.attempts),
        notifications=tuple(end.notifications),
        copies=end.copies,
        final_recipient=end.recipient,
        mailstore=end.mailstore,
        unread=tuple(end.unread),
        handovers=tuple(end.handovers),
        suspended=end.suspended,
    )


def refused_route(message_id: str, sender: str, recipient: str, reply: str | None, status: str | None) -> Route:
    """Return the route of a recipient that the host of submission refused with *reply*, and *status* in it."""
    return Route(
        message_id=message_id,
        sender=sender,
        recipient=recipient,
        outcome="rejected",
        status=status,
        reason=reply,
        accepted_by=None,
        mailbox=None,
        hops=[],
        attempts=(),
        notifications=(),
        copies=0,
        final_recipient=recipient,
    )
