"""What a mail delivery agent (RFC 5598) did with a message that it took over LMTP: it says so in its own log.

It has stored the message, or a Sieve script has done something else with it (RFC 5228).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lab.route.ends import End
from lab.route.events import Delivery, Finished, Saved, Sieved, Submitted
from lab.route.model import Notification
from lab.route.notices import notification
from lab.route.queuefile import QueueFile

if TYPE_CHECKING:
    from lab.route.walk import Walk

ANSWERS = {"reject": "rejected", "vacation": "auto-replied"}  # what a script does to what kind of notification


def ends(walk: Walk, last: Delivery) -> list[End]:
    """Return where the mail of the recipient of *last* ended, which an agent took."""
    end = End(last.recipient, "delivered", last.dsn, last.text)
    if last.session is None:
        return [replace(end, copies=1)]
    done = walk.history.saved(last.session)
    walk.evidence += done
    if not any(isinstance(event, Finished) for event in done):
        walk.awaited.append(f"Dovecot took it (LMTP session {last.session}), and is not done with it yet")
    found, answers, submitted = list[End](), list[Notification](), None
    saved = [event for event in done if isinstance(event, Saved)]
    if saved:
        found.append(replace(end, mailbox=saved[0].mailbox, mailstore=saved[0].host, copies=len(saved)))
    for event in done:
        if isinstance(event, Submitted):
            submitted = event
        elif isinstance(event, Sieved):
            found += _sieved(walk, end, event, submitted)
            if submitted is not None and event.action in ANSWERS:
                answers.append(_answer(walk, submitted, ANSWERS[event.action]))
            submitted = None
    discarded = [event for event in done if isinstance(event, Sieved) and event.action == "discard"]
    if discarded and not found:  # RFC 5228 4.4: beside another action it means nothing
        found = [replace(end, outcome="discarded", reason=discarded[0].text)]
    found = found or [End(last.recipient)]
    return [replace(each, notifications=[*answers, *each.notifications]) for each in found]


def _sieved(walk: Walk, end: End, event: Sieved, submitted: Submitted | None) -> list[End]:
    """Return the ends of a message with which a script did something else than storing it (RFC 5228)."""
    if event.action == "reject":  # RFC 5429
        return [replace(end, outcome="bounced", reason=event.text)]
    if event.action != "redirect":
        return []
    child = _taken(walk, submitted)
    if child is not None and (found := walk.ends(child, None)):
        return [replace(each, hops=[child.host, *each.hops]) for each in found]
    copy = walk.history.stored(submitted.address, submitted.queue_id) if submitted else None
    if submitted is not None and copy is not None:
        walk.evidence.append(copy)
        target = walk.history.name(submitted.address, submitted.relay, submitted.host)
        return [replace(end, recipient=copy.recipients[0], copies=1, hops=[target])]
    walk.awaited.append(f"a Sieve script redirects it ({event.text}); no host has it yet")
    return [End(end.recipient)]


def _taken(walk: Walk, submitted: Submitted | None) -> QueueFile | None:
    """Return the message that a host took from a mail store, when that host says so too."""
    if submitted is None:
        return None
    host = walk.history.name(submitted.address, submitted.relay, submitted.host)
    child = walk.history.file(host, submitted.queue_id)
    return child if child is not None and child.received is not None else None


def _answer(walk: Walk, submitted: Submitted, kind: str) -> Notification:
    """Return what a script sent to the sender."""
    copy = walk.history.stored(submitted.address, submitted.queue_id)
    if copy is not None:  # at the scripted host, where its way ends
        walk.evidence.append(copy)
        return Notification(kind, submitted.queue_id, submitted.host, None)
    return notification(walk, kind, submitted.queue_id, submitted.host, _taken(walk, submitted))
