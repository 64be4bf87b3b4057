"""The walk of one message through its queue files: from the host of submission to every end it came to.

One :class:`Walk` answers one question: which routes there are, which events they rest on, and what is still
awaited before they are complete. It reads the history and changes nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from lab.route import events
from lab.route.commands import put_back
from lab.route.ends import End, refused_route, route_to
from lab.route.events import Delivery, Event, NotificationSent, Rejected, Submitted
from lab.route.model import GREETED, UNKNOWN, Attempt, Notification, Route
from lab.route.queuefile import QueueFile

if TYPE_CHECKING:
    from lab.route.history import History

Key = tuple[str, str | None]  # recipient, and the recipient before aliases where it differs
UNREAD = "unknown"  # kind of a notice of success that has not been read
ANSWERS = {"reject": "rejected", "vacation": "auto-replied"}  # what a script does to what kind of notification


class _Parts:
    """What the log of one queue file says of each of its recipients."""

    def __init__(self, file: QueueFile, tried: dict[Key, list[Attempt]]) -> None:
        self.deliveries = file.deliveries()
        self.tried = tried
        self.unread = file.unread()
        self.notices = list(file.of(NotificationSent))
        self.position = {id(event): index for index, event in enumerate(file.events)}
        self.kept = any(tries[-1].status == "deferred" for tries in self.deliveries.values())
        self._keys: dict[str, list[Key]] = {}  # by the name under which the message was handed over
        for recipient, original in self.deliveries:
            self._keys.setdefault((original or recipient).casefold(), []).append((recipient, original))
        self._together: dict[tuple[int, str | None, str], set[str]] = {}
        for (recipient, _), tries in self.deliveries.items():
            self._together.setdefault(_transaction(tries[-1]), set()).add(recipient.casefold())

    def together(self, last: Delivery) -> set[str]:
        """Return the names of all recipients whose mail was handed over with that of *last*, in lower case."""
        return self._together[_transaction(last)]

    def of(self, recipient: str | None, beside: Collection[str]) -> list[Key]:
        """Return the recipients that the host before called *recipient*; all of them for None.

        *beside*: all that it handed over at a time, in lower case.
        """
        if recipient is None:
            return list(self.deliveries)
        if len(self._keys) == 1:  # even under another name: canonical_maps, masquerade_domains, a milter
            return list(self.deliveries)
        found = self._keys.get(recipient.casefold(), [])
        if not found and [name for name in beside if name not in self._keys] == [recipient.casefold()]:
            found = [key for name, keys in self._keys.items() if name not in beside for key in keys]
        return found


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
        self._read: dict[tuple[str, str], _Parts] = {}

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
        if whole is not None and not self._parts(root).deliveries and self.history.requeued(root) is None:
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

    def _file(
        self, file: QueueFile, recipient: str | None, beside: Collection[str] = frozenset()
    ) -> dict[Key, list[End]]:
        """Return each recipient's ends, or those of the one that the host before called *recipient*.

        *beside*: see :meth:`_Parts.of`.
        """
        place = (file.host, file.queue_id)
        if place in self._path:  # only a damaged log goes round in circles
            return {}
        self._path.add(place)
        self.files[place] = file
        parts = self._parts(file)
        if parts.deliveries and not parts.kept and file.removed is None:
            # A notice is written before the queue file goes.
            self.awaited.append(f"{file.host} is done with {file.queue_id}, but has not removed it yet")
        found = {
            key: self._recipient(file, parts.deliveries[key], parts.tried.get(key, []))
            for key in parts.of(recipient, beside)
        }
        found = found or self._undelivered(file, recipient)
        self._path.discard(place)
        return found

    def _parts(self, file: QueueFile) -> _Parts:
        """Return what the file's log says of each recipient, read once however many recipients there are."""
        place = (file.host, file.queue_id)
        if place not in self._read:
            tried = file.tried(lambda address, logged: self.history.name(address, logged, file.host))
            staged = {
                key: [self._taken_as(file, key[0], self._staged(file, each), made) for each in made]
                for key, made in tried.items()
            }
            self._read[place] = _Parts(file, staged)
        return self._read[place]

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

    def _ends(self, file: QueueFile, recipient: str | None, beside: Collection[str] = frozenset()) -> list[End]:
        return [end for ends in self._file(file, recipient, beside).values() for end in ends]

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
        notices = self._notices(file, tries)
        if last.status == "sent":
            ends = self._sent(file, last, attempts)
        elif last.status == "bounced":
            ends = [End(last.recipient, "bounced", last.dsn, last.text)]
            if file.sender and file.removed is None and not any(each.kind == "failed" for each in notices):
                self.awaited.append(f"{file.host} bounced {last.recipient}; its notice is not written yet")
        else:
            ends = self._kept(file, last)
        ends[0].copies += self._unanswered(file, last, attempts)
        return [end.after(tried, notices, self._parts(file).unread) for end in ends]

    def _kept(self, file: QueueFile, last: Delivery) -> list[End]:
        """Return the end of a recipient whose mail stayed in the queue."""
        successor = self.history.requeued(file)
        if successor is not None and (ends := self._ends(successor, last.original or last.recipient)):
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
            if child and (ends := self._ends(child, None)):
                return ends
            self.awaited.append(f"{file.host} forwarded it as {last.forwarded_as}; no delivery line of that yet")
            return [End(last.recipient)]
        if last.agent == "smtp" and attempts:
            return self._handed_over(file, last, attempts[-1])
        if last.agent == "lmtp":
            return self._mail_delivery(last)
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
            beside = self._parts(file).together(last)
            ends = self._ends(following, last.recipient, beside) or [End(last.recipient)]
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
        beside = self._parts(file).together(last)
        for each in put_back(self.history, file, last, self._path):
            if isinstance(each, events.Stored):
                self.evidence.append(each)
                end = End(last.recipient, "delivered", last.dsn, last.text, copies=1)
                ends.append(replace(end, hops=[self.history.name(each.server, each.server, file.host)]))
            else:
                # The command may have given it to somebody else.
                on = self._ends(each, last.recipient, beside) or (self._ends(each, None) if len(beside) == 1 else [])
                ends += [replace(end, hops=[each.host, *end.hops]) for end in on]
        if ends:
            return ends
        self.commands.append((file.host, file.queue_id))
        reason = f"{last.text}; what the command did with it is not known"
        return [End(last.recipient, "delivered", last.dsn, reason, copies=1)]

    def _mail_delivery(self, last: Delivery) -> list[End]:
        """Return what the mail delivery agent behind LMTP (RFC 2033) did: Dovecot says it in its own log."""
        end = End(last.recipient, "delivered", last.dsn, last.text)
        if last.session is None:
            return [replace(end, copies=1)]
        done = self.history.saved(last.session)
        self.evidence += done
        if not any(isinstance(event, events.Finished) for event in done):
            self.awaited.append(f"Dovecot took it (LMTP session {last.session}), and is not done with it yet")
        ends, answers, submitted = list[End](), list[Notification](), None
        saved = [event for event in done if isinstance(event, events.Saved)]
        if saved:
            ends.append(replace(end, mailbox=saved[0].mailbox, mailstore=saved[0].host, copies=len(saved)))
        for event in done:
            if isinstance(event, events.Submitted):
                submitted = event
            elif isinstance(event, events.Sieved):
                ends += self._sieved(end, event, submitted)
                if submitted is not None and event.action in ANSWERS:
                    answers.append(self._answer(submitted, ANSWERS[event.action]))
                submitted = None
        discarded = [event for event in done if isinstance(event, events.Sieved) and event.action == "discard"]
        if discarded and not ends:  # RFC 5228 4.4: beside another action it means nothing
            ends = [replace(end, outcome="discarded", reason=discarded[0].text)]
        ends = ends or [End(last.recipient)]
        return [replace(each, notifications=[*answers, *each.notifications]) for each in ends]

    def _sieved(self, end: End, event: events.Sieved, submitted: Submitted | None) -> list[End]:
        """Return the ends of a message with which a script did something else than storing it (RFC 5228)."""
        if event.action == "reject":  # RFC 5429
            return [replace(end, outcome="bounced", reason=event.text)]
        if event.action != "redirect":
            return []
        child = self._taken(submitted)
        if child is not None and (ends := self._ends(child, None)):
            return [replace(each, hops=[child.host, *each.hops]) for each in ends]
        copy = self.history.stored(submitted.address, submitted.queue_id) if submitted else None
        if submitted is not None and copy is not None:
            self.evidence.append(copy)
            target = self.history.name(submitted.address, submitted.relay, submitted.host)
            return [replace(end, recipient=copy.recipients[0], copies=1, hops=[target])]
        self.awaited.append(f"a Sieve script redirects it ({event.text}); no host has it yet")
        return [End(end.recipient)]

    def _taken(self, submitted: Submitted | None) -> QueueFile | None:
        """Return the message that a host took from a mail store, when that host says so too."""
        if submitted is None:
            return None
        host = self.history.name(submitted.address, submitted.relay, submitted.host)
        child = self.history.file(host, submitted.queue_id)
        return child if child is not None and child.received is not None else None

    def _answer(self, submitted: Submitted, kind: str) -> Notification:
        """Return what a script sent to the sender."""
        copy = self.history.stored(submitted.address, submitted.queue_id)
        if copy is not None:  # at the scripted host, where its way ends
            self.evidence.append(copy)
            return Notification(kind, submitted.queue_id, submitted.host, None)
        return self._notification(kind, submitted.queue_id, submitted.host, self._taken(submitted))

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
                    count += sum(end.copies for end in self._ends(other, last.recipient))
        return count

    def _notices(self, file: QueueFile, tries: list[Delivery]) -> list[Notification]:
        """Return the notifications of *file* that are about the recipient of these tries."""
        parts = self._parts(file)
        position = parts.position
        found: list[Notification] = []
        told: set[tuple[str, int]] = set()  # one notice of a kind for each delivery line
        for sent in parts.notices:
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
                found.append(self._notice(file, sent, last))
        return found

    def _notice(self, file: QueueFile, sent: NotificationSent, last: Delivery) -> Notification:
        child = self.history.file(file.host, sent.notification)
        kind = None if sent.kind == "success" else sent.kind
        return self._notification(kind, sent.notification, file.host, child, last)

    def _notification(
        self, kind: str | None, queue_id: str, host: str, child: QueueFile | None, last: Delivery | None = None
    ) -> Notification:
        """Return a notification that *host* wrote, with the route of its queue file.

        One whose kind nobody has logged is read where it has arrived, for the recipient of *last*.
        """
        route = None
        walk = Walk(self.history, self._path)
        if child is None or child.message_id is None:
            self.awaited.append(f"{host} wrote notice {queue_id}; no log line of it yet")
        else:
            route = next(iter(walk.routes(child, child.message_id)), None)
            self.files.update(walk.files)
            self.evidence += walk.evidence
            self.awaited += walk.awaited  # the story ends where the notice does
        return Notification(kind or (_action(walk.evidence, last) if last else UNREAD), queue_id, host, route)


def _action(evidence: Iterable[Event], last: Delivery) -> str:
    """Return what a notice of success says of the recipient of *last* (RFC 3464 2.3.3), where it has arrived.

    Postfix's log does not tell. An alias is the one that is named (RFC 3461 5.2.7).
    """
    read = [each for event in evidence if isinstance(event, events.Reported | events.Stored) for each in event.actions]
    names = [name.casefold() for name in (last.recipient, last.original) if name]
    mine = [each for each in read if each.partition(" ")[2].casefold() in names]
    actions = {each.partition(" ")[0] for each in mine or read}
    return actions.pop() if len(actions) == 1 else UNREAD


def _transaction(delivery: Delivery) -> tuple[int, str | None, str]:
    """Return what the lines of recipients have in common that were handed over in one."""
    return delivery.pid, delivery.relay, delivery.text


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
