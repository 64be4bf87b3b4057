"""The walk of one message through its queue files: from the host of submission to every end it came to.

One :class:`Walk` answers one question: which routes there are, which events they rest on, and what is still
awaited before they are complete. It reads the history and changes nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from lab.route import events, mda, notices
from lab.route.commands import put_back
from lab.route.ends import End, refused_route, route_to
from lab.route.events import Delivery, Event, Rejected
from lab.route.model import GREETED, UNKNOWN, Attempt, Route
from lab.route.queuefile import QueueFile
from lab.route.recipients import Key, Recipients

if TYPE_CHECKING:
    from lab.route.history import History


class Walk:
    """Follows a message through *history*. ``files``, ``evidence`` and ``awaited`` say what it met."""

    def __init__(self, history: History, path: Iterable[tuple[str, str]] = ()) -> None:
        """*path* are files that must not be entered again."""
        self.history = history
        self.files: dict[tuple[str, str], QueueFile] = {}
        self.evidence: list[Event] = []  # events of no queue file
        self.awaited: list[str] = []
        self.commands: list[tuple[str, str]] = []  # host and queue id of what a command took; what it did is not known
        self.named: set[str] = set()  # recipients that have a route, in lower case
        self._refused: Rejected | None = None  # why the host of submission did not take the message at all
        self._whole: tuple[QueueFile, End] | None = None  # the end of all of it at the host of submission
        self._path = set(path)
        self._read: dict[tuple[str, str], Recipients] = {}

    def routes(self, root: QueueFile, message_id: str) -> list[Route]:
        """Return the routes of the message that came into the lab as *root*."""
        sender = root.sender if root.active else None  # unknown until the queue manager names it
        refused = [event for event in root.of(Rejected) if sender in (None, event.sender)]
        routes = [
            refused_route(message_id, event.sender or "", event.recipient, event.reply, event.dsn)
            for event in refused
            if event.recipient
        ]
        if refused and root.removed == "canceled":  # the whole message, for every recipient
            self._refused = refused[-1]
        whole = _whole(root)
        if whole is not None and not self.recipients(root).deliveries and self.history.requeued(root) is None:
            self._whole = (root, whole)
        for (recipient, original), found in self._file(root, None).items():
            routes += [route_to(root, message_id, original or recipient, end) for end in found]
        self.named |= {route.recipient.casefold() for route in routes}
        return routes

    def unnamed(self, message_id: str, recipient: str) -> Route | None:
        """Return the route of a recipient whom no log line names: it ended as the whole message did, if that did."""
        if self._refused is not None:
            refused = self._refused
            return refused_route(message_id, refused.sender or "", recipient, refused.reply, refused.dsn)
        if self._whole is not None:
            root, end = self._whole
            return route_to(root, message_id, recipient, replace(end, recipient=recipient))
        return None

    def ends(self, file: QueueFile, recipient: str | None, beside: Collection[str] = frozenset()) -> list[End]:
        """Return every end of the message in *file*, or those of the recipient that the host before called *recipient*.

        *beside*: see :meth:`Recipients.of`.
        """
        return [end for ends in self._file(file, recipient, beside).values() for end in ends]

    def recipients(self, file: QueueFile) -> Recipients:
        """Return what the file's log says of each recipient, read once however many recipients there are."""
        place = (file.host, file.queue_id)
        if place not in self._read:
            tried = file.tried(lambda address, logged: self.history.name(address, logged, file.host))
            staged = {
                key: [self._taken_as(file, key[0], self._staged(file, each), made) for each in made]
                for key, made in tried.items()
            }
            self._read[place] = Recipients(file, staged)
        return self._read[place]

    def apart(self) -> Walk:
        """Return a walk of its own for another message, which does not enter where this one is."""
        return Walk(self.history, self._path)

    def _file(
        self, file: QueueFile, recipient: str | None, beside: Collection[str] = frozenset()
    ) -> dict[Key, list[End]]:
        """Return each recipient's ends, or those of the one that the host before called *recipient*.

        *beside*: see :meth:`Recipients.of`.
        """
        place = (file.host, file.queue_id)
        if place in self._path:  # only a damaged log goes round in circles
            return {}
        self._path.add(place)
        self.files[place] = file
        said = self.recipients(file)
        if said.deliveries and not said.kept and file.removed is None:
            # A notice is written before the queue file goes.
            self.awaited.append(f"{file.host} is done with {file.queue_id}, but has not removed it yet")
        found = {
            key: self._recipient(file, said.deliveries[key], said.tried.get(key, []))
            for key in said.of(recipient, beside)
        }
        found = found or self._undelivered(file, recipient)
        self._path.discard(place)
        return found

    def _staged(self, file: QueueFile, attempt: Attempt) -> Attempt:
        """Tell a refusal at EHLO from one in the greeting, which have one sentence, and what a cut line hides.

        The host that refused knows. A 5xx that bounced was no greeting's (smtp_skip_5xx_greeting).
        """
        if attempt.stage not in (*GREETED, UNKNOWN) or attempt.reply is None:
            return attempt
        refusal = self.history.refusal(attempt, file.host)
        if refusal is None:
            if attempt.stage == UNKNOWN and attempt.address in self.history.scripted:
                self.awaited.append(f"{attempt.target} refused; its own log does not say at which stage yet")
            return attempt
        self.evidence.append(refusal)
        stage = "ehlo" if isinstance(refusal, Rejected) or refusal.stage == "helo" else refusal.stage
        return replace(attempt, stage=stage or attempt.stage)

    def _taken_as(self, file: QueueFile, recipient: str, attempt: Attempt, made: Iterable[Attempt]) -> Attempt:
        """Give an accepted attempt the queue id that the scripted host has; its reply may name another one, or none.

        *made*: all of the recipient's. Where a connection was lost after the final dot, the copy of that try is another
        one (RFC 1047): then it counts what the scripted host has said once it had the copy.
        """
        if attempt.outcome != "accepted" or self.history.stored(attempt.address, attempt.next_queue_id):
            return attempt
        copies = self.history.stored_as(file.message_id, attempt.address, recipient)
        if any(each.address == attempt.address and _unanswered(each) for each in made):
            copies = [copy for copy in copies if self.history.answered(copy, attempt.reply)]
        if not copies:
            return attempt
        return replace(attempt, next_queue_id=min(copies, key=lambda copy: abs(copy.at - attempt.at)).queue_id)

    def _undelivered(self, file: QueueFile, recipient: str | None) -> dict[Key, list[End]]:
        """Return the ends when no delivery agent has said anything."""
        successor = self.history.requeued(file)
        if successor is not None:
            return self._file(successor, recipient)
        end = _whole(file)
        if end is None and file.removed is None:
            told = "".join(f"; a line nobody understood: {text}" for text in file.unread())
            self.awaited.append(f"{file.host} has it as {file.queue_id}; no delivery line yet{told}")
            end = End("")
        known = recipient or (end.recipient if end else "")
        return {(known, None): [replace(end, recipient=known)]} if end and known else {}

    def _recipient(self, file: QueueFile, tries: list[Delivery], tried: list[Attempt]) -> list[End]:
        """Return where one recipient's mail ended, given the delivery line of each try."""
        last = tries[-1]
        attempts = [each for each in tried if each.agent == "smtp"]
        notifications = notices.about(self, file, tries)
        if last.status == "sent":
            ends = self._sent(file, last, attempts)
        elif last.status == "bounced":
            ends = [End(last.recipient, "bounced", last.dsn, last.text)]
            if file.sender and file.removed is None and not any(each.kind == "failed" for each in notifications):
                self.awaited.append(f"{file.host} bounced {last.recipient}; its notice is not written yet")
        else:
            ends = self._kept(file, last)
        ends[0].copies += self._unanswered(file, last, attempts)
        return [end.after(tried, notifications, self.recipients(file).unread) for end in ends]

    def _kept(self, file: QueueFile, last: Delivery) -> list[End]:
        """Return the end of a recipient whose mail stayed in the queue."""
        successor = self.history.requeued(file)
        if successor is not None and (ends := self.ends(successor, last.original or last.recipient)):
            return ends
        end = End(last.recipient, "deferred", last.dsn, last.text, suspended=last.suspended)
        if file.expired is not None and file.expired >= last.at:
            end.outcome = "expired"
            if file.removed is None:  # its notice comes before that
                self.awaited.append(f"{file.host} returns {file.queue_id}, which has expired; it is not gone yet")
        elif file.removed == "deleted":
            end.outcome, end.reason = "discarded", "deleted from the queue (postsuper -d)"
        elif file.held is not None:
            end.outcome, end.reason = "held", file.held.reason
        elif file.active is not None and file.active > last.at:
            self.awaited.append(f"{file.host} tries {file.queue_id} again")
        return [end]

    def _sent(self, file: QueueFile, last: Delivery, attempts: list[Attempt]) -> list[End]:
        """Return what became of mail that an agent handed over: status=sent alone proves nothing."""
        if last.forwarded_as:
            child = self.history.file(file.host, last.forwarded_as)
            if child and (ends := self.ends(child, None)):
                return ends
            self.awaited.append(f"{file.host} forwarded it as {last.forwarded_as}; no delivery line of that yet")
            return [End(last.recipient)]
        if last.agent == "smtp" and attempts:
            return self._handed_over(file, last, attempts[-1])
        if last.agent == "lmtp":
            return mda.ends(self, last)
        if last.how == "command":
            return self._commanded(file, last)
        outcome, copies = ("discarded", 0) if last.how == "discarded" else ("delivered", 1)
        return [End(last.recipient, outcome, last.dsn, last.text, copies=copies)]

    def _handed_over(self, file: QueueFile, last: Delivery, attempt: Attempt) -> list[End]:
        """Return what the next host made of it. Both sides must say that it has the message."""
        following = self.history.file(attempt.target, attempt.next_queue_id)
        if attempt.next_queue_id is None:  # a long reply is cut (MSG_LOGGER_RECLEN), and so is its queue id
            passed = self.history.handed_over(file.message_id, file.host)
            following = next((each for each in passed if each.host == attempt.target), None)
        if following is not None and following.received is not None:
            beside = self.recipients(file).together(last)
            ends = self.ends(following, last.recipient, beside) or [End(last.recipient)]
            return [replace(end, hops=[attempt.target, *end.hops]) for end in ends]
        copy = self.history.stored(attempt.address, attempt.next_queue_id)
        if copy is not None:
            self.evidence.append(copy)
            end = End(last.recipient, "delivered", last.dsn, last.text, copies=1, hops=[attempt.target])
            return [end]
        known = f"as {attempt.next_queue_id}" if attempt.next_queue_id else f"with {attempt.reply!r}"
        self.awaited.append(
            f"{attempt.target} took it {known}, says {file.host}; {attempt.target}'s own log does not yet"
        )
        return [End(last.recipient)]

    def _commanded(self, file: QueueFile, last: Delivery) -> list[End]:
        """Return what became of mail that a command took: where it has put the message in again, as far as is known."""
        ends = []
        beside = self.recipients(file).together(last)
        for each in put_back(self.history, file, last, self._path):
            if isinstance(each, events.Stored):
                self.evidence.append(each)
                end = End(last.recipient, "delivered", last.dsn, last.text, copies=1)
                ends.append(replace(end, hops=[self.history.name(each.server, each.server, file.host)]))
            else:
                # The command may have given it to somebody else.
                on = self.ends(each, last.recipient, beside) or (self.ends(each, None) if len(beside) == 1 else [])
                ends += [replace(end, hops=[each.host, *end.hops]) for end in on]
        if ends:
            return ends
        self.commands.append((file.host, file.queue_id))
        reason = f"{last.text}; what the command did with it is not known"
        return [End(last.recipient, "delivered", last.dsn, reason, copies=1)]

    def _unanswered(self, file: QueueFile, last: Delivery, attempts: list[Attempt]) -> int:
        """Count the copies at hosts that took the message and lost the connection before they could say so.

        RFC 1047; such a host delivers its copy, and the sender goes on to another one.
        """
        lost = {(attempt.target, attempt.address) for attempt in attempts if _unanswered(attempt)}
        accepted = {attempt.next_queue_id for attempt in attempts if attempt.next_queue_id}
        count = 0
        for target, address in lost:
            copies = self.history.stored_as(file.message_id, address, last.recipient)
            mine = [copy for copy in copies if copy.queue_id not in accepted]
            self.evidence += mine
            count += len(mine)
            for other in self.history.handed_over(file.message_id, file.host):
                if other.host == target and other.queue_id not in accepted:
                    count += sum(end.copies for end in self.ends(other, last.recipient))
        return count


def _whole(file: QueueFile) -> End | None:
    """Return the end of a message that no delivery agent has seen; its recipient is the one that a log line names."""
    if file.removed == "deleted":
        return End("", "discarded", reason="deleted from the queue (postsuper -d)")
    if file.removed == "discarded":
        rule = next(file.of(events.Discarded), None)
        return End((rule and rule.recipient) or "", "discarded", reason=rule.reason if rule else None)
    if file.held is not None and file.removed is None:
        return End(file.held.recipient or "", "held", reason=file.held.reason)
    return None


def _unanswered(attempt: Attempt) -> bool:
    """Whether the connection was lost after the final dot: the server may have the message all the same."""
    return attempt.stage == "end-of-data" and attempt.reply is None
