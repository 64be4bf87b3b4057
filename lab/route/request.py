"""One delivery request of smtp(8) or lmtp(8): its sessions, and the attempts that each recipient made in them. Pure.

A log line about a failed attempt names no recipient, and not always a server. What belongs together follows from how
smtp(8) works (smtp_connect.c, smtp_rcpt.c): one process serves one request at a time and goes through its servers in
order; in each session every recipient that is left ends, or is refused alone, or fails together with all others.
"""

from __future__ import annotations

import re
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from lab.route.events import AttemptFailed, Delivery, ServerNamed, TlsEstablished
from lab.route.model import UNKNOWN, Attempt

Server = tuple[str | None, str | None]  # name and address as Postfix logged them; twice None is relay=none
Line = AttemptFailed | Delivery | ServerNamed | TlsEstablished  # what smtp(8) logs of a request
Namer = Callable[[str | None, str], str]  # address and logged name to lab name
OUTCOMES = {"4": "deferred", "5": "rejected"}
CODE = re.compile(r"[2-5]\d\d(?=[ -]|$)", re.ASCII)  # of a reply (RFC 5321 4.2)
BEFORE_MAIL = ("ehlo", "starttls")  # nobody has been refused, or has ended, in a session that fails there


@dataclass(slots=True)
class Session:
    """One session with a server, or one try to have one. ``left``: how many recipients it may concern at most."""

    server: Server
    left: int
    port: int | None = None
    tls: TlsEstablished | None = None
    refused: list[AttemptFailed] = field(default_factory=list)  # one recipient each
    lost: AttemptFailed | None = None  # what all that were left failed with
    ended: int = 0  # recipients that came to an end here

    def failures(self) -> list[AttemptFailed]:
        """Return everything that has failed here."""
        return [*self.refused, *([self.lost] if self.lost else [])]

    @property
    def untouched(self) -> bool:
        """Whether nobody has failed or ended here yet."""
        return not self.refused and self.lost is None and not self.ended

    @property
    def open(self) -> bool:
        """Whether there is a recipient to whom something may still happen here."""
        return self.lost is None and self.ended + len(self.refused) < self.left


class _Shares:
    """Who has failed with what in a session: a reply that names a recipient of the request is that recipient's."""

    def __init__(self, session: Session, recipients: set[str]) -> None:
        self._lost = session.lost
        self._named: defaultdict[str, deque[AttemptFailed]] = defaultdict(deque)
        self._others: deque[AttemptFailed] = deque()
        for failed in session.refused:
            names = recipients.intersection(failed.named)
            (self._named[names.pop()] if len(names) == 1 else self._others).append(failed)

    def of(self, recipient: str) -> AttemptFailed | None:
        """Return, and take away, the failure of a recipient that was left after the session."""
        mine = self._named.get(recipient.casefold()) or self._others
        if mine:
            return mine.popleft()
        if self._lost is not None:
            return self._lost
        left = next((each for each in self._named.values() if each), None)
        return left.popleft() if left else None


class Request:
    """A delivery request of *lines*, for at most *recipients* in all. *over*: no further line will come."""

    def __init__(self, lines: Iterable[Line], recipients: int, *, over: bool) -> None:
        self.unplaced: list[AttemptFailed] = []  # no line says at which server, or for whom
        self._recipients = recipients
        self._sessions: list[Session] = []
        self._ends: list[tuple[Delivery, int]] = []  # with the number of sessions before
        for line in lines:
            self._take(line)
        if over and not self._ends:  # the process was killed
            self.unplaced += [failed for session in self._sessions for failed in session.failures()]

    def attempts(self, queue_id: str, name: Namer) -> Iterator[tuple[Delivery, list[Attempt]]]:
        """Yield each recipient's end with the attempts that led to it."""
        recipients = {end.recipient.casefold() for end, _ in self._ends}
        shares = [_Shares(session, recipients) for session in self._sessions]
        for end, before in self._ends:
            made = []
            for session, share in zip(self._sessions[:before], shares, strict=False):
                failed = share.of(end.recipient)
                if failed is not None:
                    made.append(self._failed(session, failed, queue_id, name))
            own = self._own(end, before, queue_id, name)
            yield end, [*made, *([own] if own else [])]

    def _take(self, line: Line) -> None:
        server = (line.relay, line.address)
        match line:
            case ServerNamed() | TlsEstablished():
                session = self._begun(server, line)
                session.port = line.port
                session.tls = line if isinstance(line, TlsEstablished) else session.tls
            case AttemptFailed():
                self._fail(line, server)
            case Delivery():
                if line.relay is None:
                    self._ends.append((line, len(self._sessions)))
                    return
                session = self._at(server)
                session.port = line.port or session.port
                session.ended += 1
                self._ends.append((line, self._sessions.index(session)))

    def _fail(self, line: AttemptFailed, server: Server) -> None:
        if line.address is None:  # the sentence names no server, or its name alone
            session = self._sessions[-1] if self._sessions else None
            named = line.relay is None or (session is not None and session.server[0] == line.relay)
            if session is None or not session.open or not named:
                if line.relay is None:
                    self.unplaced.append(line)
                    return
                session = self._new(server)
            elif line.stage in BEFORE_MAIL and not session.untouched:
                self.unplaced.append(line)
                return
        else:
            session = self._new(server) if line.stage == "connect" else self._at(server)
        session.port = line.port or session.port
        if line.alone:
            session.refused.append(line)
        else:
            session.lost = line

    def _new(self, server: Server) -> Session:
        last = self._sessions[-1] if self._sessions else None
        left = last.left - last.ended if last else self._recipients
        self._sessions.append(Session(server, left))
        return self._sessions[-1]

    def _at(self, server: Server) -> Session:
        """Return the session with *server* that goes on, else the next one."""
        last = self._sessions[-1] if self._sessions else None
        return last if last and last.server == server and last.open else self._new(server)

    def _begun(self, server: Server, line: ServerNamed | TlsEstablished) -> Session:
        """Return the session with *server* that has only begun, else the next one."""
        last = self._sessions[-1] if self._sessions else None
        again = isinstance(line, TlsEstablished) and last is not None and last.tls is not None
        return last if last and last.server == server and last.untouched and not again else self._new(server)

    def _port(self, known: int | None) -> int | None:
        """Return a port; not every line says it, and one destination mostly has one."""
        ports = {session.port for session in self._sessions if session.port}
        return known or (ports.pop() if len(ports) == 1 else None)

    def _failed(self, session: Session, failed: AttemptFailed, queue_id: str, name: Namer) -> Attempt:
        relay, address = session.server
        return Attempt(
            host=failed.host,
            queue_id=queue_id,
            target=name(address, relay or ""),
            address=address,
            port=self._port(failed.port or session.port),
            stage=failed.stage,
            reply=failed.reply,
            dsn=failed.dsn,
            reason=failed.reason,
            outcome=OUTCOMES.get((failed.reply or "")[:1], "failed"),
            tls=session.tls.protocol if session.tls else None,
            next_queue_id=None,
            at=failed.at,
            trust=session.tls.trust if session.tls else None,
            agent=failed.agent,
            cause=failed.cause,
        )

    def _own(self, end: Delivery, before: int, queue_id: str, name: Namer) -> Attempt | None:
        """Return the attempt that the delivery line itself tells, None where it tells of none."""
        accepted = end.status == "sent"
        if end.relay is not None:
            session: Session | None = self._sessions[before]
            relay, address, port = end.relay, end.address, end.port
        elif not accepted and end.tried is not None and not self._told(end, before):
            session, (relay, address, port) = None, end.tried
        else:  # what a line before has told, or no attempt at all
            return None
        tls = session.tls if session else None
        return Attempt(
            host=end.host,
            queue_id=queue_id,
            target=name(address, relay),
            address=address,
            port=self._port(port),
            stage="end-of-data" if accepted else end.stage or UNKNOWN,
            reply=end.reply,
            dsn=end.dsn,
            reason=end.reason,
            outcome="accepted" if accepted else OUTCOMES.get(_class(end), "failed"),
            tls=tls.protocol if tls else None,
            next_queue_id=end.next_queue_id,
            at=end.at,
            trust=tls.trust if tls else None,
            agent=end.agent,
            cause=end.cause,
        )

    def _told(self, end: Delivery, before: int) -> bool:
        """Whether the last words about a recipient, without a session, repeat what a line has told (smtp_connect.c)."""
        return any(
            each.relay == (end.tried or (None,))[0] and each.reason == end.reason
            for session in self._sessions[:before]
            for each in session.failures()
        )


def split(lines: Iterable[Line]) -> Iterator[list[Line]]:
    """Split what one process has said about one message into its delivery requests.

    The next one begins with another session, when somebody came to an end in the last one and nobody failed there.
    """
    request: list[Line] = []
    failed: set[Server] = set()
    done: Server | None = None
    server: Server = (None, None)
    for line in lines:
        of_before = isinstance(line, AttemptFailed) and line.relay is None
        server = server if of_before else (line.relay, line.address)
        begins = server != done or isinstance(line, ServerNamed | TlsEstablished)
        if done is not None and done not in failed and begins:
            yield request
            request, failed, done = [], set(), None
        request.append(line)
        if isinstance(line, AttemptFailed):
            failed.add(server)
        elif isinstance(line, Delivery):
            done = server
    if request:
        yield request


def _class(end: Delivery) -> str:
    """Return the first digit of a refusal; where the reply's is hidden, the sender's own status has it."""
    if not end.reply:
        return ""
    return end.reply[0] if CODE.match(end.reply) else end.dsn[0]
