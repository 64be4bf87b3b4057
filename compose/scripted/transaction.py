"""Mail transactions of one session (RFC 5321 3.3): MAIL, RCPT, then DATA or BDAT (RFC 3030).

In BDAT's case the rule "data" is asked for chunks before the last one, "end-of-data" for the last one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial

from scripted.dialogue import Dialogue
from scripted.envelope import read_path, refuse
from scripted.read import LARGEST
from scripted.reply import Reply
from scripted.script import Rule
from scripted.wire import Meanwhile

NEED_MAIL = Reply.of("503 5.5.1 Error: need MAIL command")
NO_RECIPIENTS = Reply.of("554 5.5.1 Error: no valid recipients")  # RFC 5321 3.3
TOO_MANY = Reply.of("452 4.5.3 Error: too many recipients")
TOO_BIG = Reply.of("552 5.3.4 Message size exceeds fixed limit")  # RFC 1870 6.1
NOT_IMPLEMENTED = Reply.of("502 5.5.1 Error: command not implemented")
RECIPIENTS = 1000  # of one message, as Postfix's default smtpd_recipient_limit; RFC 5321 4.5.3.1.8 wants 100


@dataclass(slots=True)
class Transaction:
    """What MAIL, RCPT and BDAT have said so far."""

    sender: str
    utf8: bool
    recipients: list[str] = field(default_factory=list)
    chunks: bytearray | None = None  # None before the first BDAT
    body: Rule | None = None  # the body's rule, from the first BDAT on
    early: Reply | None = None  # the answer, where the body's rule gives it before the end


class Transactions:
    """Carries out the commands of transactions; ``current`` is the open one."""

    def __init__(self, dialogue: Dialogue) -> None:
        """Start without a transaction."""
        self._dialogue = dialogue
        self.current: Transaction | None = None

    async def mail(self, argument: str) -> None:
        """Open a transaction."""
        say, extensions = self._dialogue.say, self._dialogue.extensions
        path = read_path("MAIL", argument)
        if self.current is not None:
            await say("mail", Reply.of("503 5.5.1 Error: nested MAIL command"))
        elif path is None:
            await say("mail", Reply.of("501 5.5.4 Syntax: MAIL FROM:<address>"))
        elif refusal := refuse("MAIL", path, extensions.keywords, utf8="SMTPUTF8" in path.parameters):
            await say("mail", refusal)
        else:
            normal = TOO_BIG if path.size > self._limit else Reply.of("250 2.1.0 Ok")
            code = await self._dialogue.answer("mail", normal, self._dialogue.rule("mail", path.mailbox))
            if code // 100 == 2:
                self.current = Transaction(path.mailbox, utf8="SMTPUTF8" in path.parameters)

    async def rcpt(self, argument: str) -> None:
        """Add a recipient."""
        say, current = self._dialogue.say, self.current
        path = read_path("RCPT", argument)
        if current is None or current.chunks is not None:
            await say("rcpt", NEED_MAIL)
        elif path is None:
            await say("rcpt", Reply.of("501 5.5.4 Syntax: RCPT TO:<address>"))
        elif refusal := refuse("RCPT", path, self._dialogue.extensions.keywords, utf8=current.utf8):
            await say("rcpt", refusal)
        elif len(current.recipients) >= RECIPIENTS:
            await say("rcpt", TOO_MANY)
        else:
            rule = self._dialogue.rule("rcpt", current.sender, (path.mailbox,))
            if await self._dialogue.answer("rcpt", Reply.of("250 2.1.5 Ok"), rule) // 100 == 2:
                current.recipients.append(path.mailbox)

    async def data(self, argument: str) -> None:
        """Take a message that ends with a dot."""
        current = self.current
        if current is None or current.chunks is not None:
            await self._dialogue.say("data", NEED_MAIL)
        elif not current.recipients:
            await self._dialogue.say("data", NO_RECIPIENTS)
        elif argument:
            await self._dialogue.say("data", Reply.of("501 5.5.4 Syntax: DATA"))
        elif await self._dialogue.answer("data", Reply.of("354 go"), self._rule("data", current)) // 100 == 3:
            current.body = self._rule("body", current)
            raw = await self._dialogue.wire.data(self._limit, await self._meanwhile(current, 0))
            await self._finish(current, raw, "Ok: queued as")

    async def bdat(self, argument: str) -> None:
        """Take one chunk of a message. It comes whatever the answer will be (RFC 3030 2)."""
        say, current = self._dialogue.say, self.current
        size, *rest = argument.upper().split() or [""]
        if "CHUNKING" not in self._dialogue.extensions.keywords:
            await say("data", NOT_IMPLEMENTED)
        elif not (size.isascii() and size.isdigit() and len(size) < 12 and rest in ([], ["LAST"])):
            await say("data", Reply.of("501 5.5.4 Syntax: BDAT count [LAST]"))
        elif current is None or not current.recipients:
            await self._dialogue.wire.chunk(int(size), 0, None)
            await say("data", NEED_MAIL if current is None else NO_RECIPIENTS)
        else:
            await self._chunk(current, int(size), last=bool(rest))

    async def _chunk(self, current: Transaction, size: int, *, last: bool) -> None:
        if current.chunks is None:
            current.chunks = bytearray()
            current.body = self._rule("body", current)
        have = len(current.chunks)
        chunk = await self._dialogue.wire.chunk(size, self._limit - have, await self._meanwhile(current, have))
        current.chunks += chunk or b""
        if last:
            raw = None if chunk is None else bytes(current.chunks)
            await self._finish(current, raw, f"Ok: {have + size} bytes queued as")
            return
        normal = TOO_BIG if chunk is None else Reply.of(f"250 2.0.0 Ok: {size} bytes")
        if current.early is not None:
            code, current.early = current.early.code, None
        else:
            code = await self._dialogue.answer("data", normal, self._rule("data", current))
        if code // 100 != 2:
            self.current = None

    async def _finish(self, current: Transaction, raw: bytes | None, accepted: str) -> None:
        """Answer the end of the message. None for *raw*: it was too big."""
        queue_id = self._dialogue.store.next_queue_id()
        normal = TOO_BIG if raw is None else Reply.of(f"250 2.0.0 {accepted} {queue_id}")
        rule = None if current.early else self._rule("end-of-data", current)
        self.current = None
        told = current.early or (rule.reply if rule else None) or normal
        # A client that is told nothing has handed over nothing, except where the host vanishes with the message.
        lost = rule is not None and not rule.vanish and (rule.silent or bool(rule.garbage and not rule.reply))
        if raw is not None and told.code // 100 == 2 and not lost:
            self._dialogue.store.accept(self._dialogue.transcript, queue_id, current.sender, current.recipients, raw)
        if current.early is None:
            await self._dialogue.answer("end-of-data", normal, rule)

    @property
    def _limit(self) -> int:
        """Bytes that a message may have."""
        extensions = self._dialogue.extensions
        return (extensions.size if "SIZE" in extensions.keywords else 0) or LARGEST

    def _rule(self, stage: str, current: Transaction) -> Rule | None:
        return self._dialogue.rule(stage, current.sender, tuple(current.recipients))

    async def _meanwhile(self, current: Transaction, have: int) -> Meanwhile | None:
        """Wait as the body's rule says, and return what it does while the rest comes; *have*: bytes that are there."""
        rule = current.body
        if rule is None:
            return None
        if rule.delay:
            await self._dialogue.wire.pause(rule.delay)
        if rule.ending is None and rule.reply is None and rule.garbage is None:
            return None
        return Meanwhile(max(0, rule.after_bytes - have), partial(self._interrupt, current, rule))

    async def _interrupt(self, current: Transaction, rule: Rule) -> None:
        current.early, current.body = rule.reply, None
        await self._dialogue.interrupt(rule)
