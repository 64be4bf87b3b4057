"""The notifications that a message caused: who wrote them, of which kind they are, and their own way (RFC 3464).

In: the walk of the message, which learns from them what it rests on and what is still awaited.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from lab.route.events import Delivery, Event, Reported, Stored
from lab.route.model import Notification
from lab.route.queuefile import QueueFile

if TYPE_CHECKING:
    from lab.route.walk import Walk

UNREAD = "unknown"  # kind of a notice of success that has not been read


def about(walk: Walk, file: QueueFile, tries: list[Delivery]) -> list[Notification]:
    """Return the notifications of *file* that are about the recipient of these tries."""
    said = walk.recipients(file)
    position = said.position
    found: list[Notification] = []
    told: set[tuple[str, int]] = set()  # one notice of a kind for each delivery line
    for sent in said.notices:
        before = [each for each in tries if position[id(each)] < position[id(sent)]]
        if not before:
            continue
        last = before[-1]
        expired = file.expired is not None and file.expired >= last.at
        concerns = {
            "failed": last.status == "bounced" or expired,
            "delayed": last.status == "deferred",
            "success": last.status == "sent",
        }[sent.kind]
        if concerns and (sent.kind, id(last)) not in told:
            told.add((sent.kind, id(last)))
            child = walk.history.file(file.host, sent.notification)
            found.append(notification(walk, sent.kind, sent.notification, file.host, child, last))
    return found


def notification(
    walk: Walk, kind: str, queue_id: str, host: str, child: QueueFile | None, last: Delivery | None = None
) -> Notification:
    """Return a notification that *host* wrote, with the route of its queue file, *child*.

    One of success is read where it has arrived, for the recipient of *last*.
    """
    route = None
    own = walk.apart()
    if child is None or child.message_id is None:
        walk.awaited.append(f"{host} wrote notice {queue_id}; no log line of it yet")
    else:
        route = next(iter(own.routes(child, child.message_id)), None)
        walk.files.update(own.files)
        walk.evidence += own.evidence
        walk.awaited += own.awaited  # the story ends where the notice does
    if kind == "success" and last is not None:
        kind = _action(own.evidence, last)
    return Notification(kind, queue_id, host, route)


def _action(evidence: Iterable[Event], last: Delivery) -> str:
    """Return what a notice of success says of the recipient of *last* (RFC 3464 2.3.3), where it has arrived.

    Postfix's log does not tell. An alias is the one that is named (RFC 3461 5.2.7).
    """
    read = [each for event in evidence if isinstance(event, Reported | Stored) for each in event.actions]
    names = [name.casefold() for name in (last.recipient, last.original) if name]
    mine = [each for each in read if each.partition(" ")[2].casefold() in names]
    actions = {each.partition(" ")[0] for each in mine or read}
    return actions.pop() if len(actions) == 1 else UNREAD
