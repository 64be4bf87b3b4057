"""What is said in one session: replies as the script wants them, and every way in which a session ends.

OverError: the server ends it. GoneError (:mod:`scripted.wire`): the client did.
"""

from __future__ import annotations

from collections.abc import Callable

from scripted.reply import Reply
from scripted.script import Extensions, Playbook, Rule
from scripted.store import Store, Transcript
from scripted.wire import GoneError, Wire


class OverError(Exception):
    """The session is over; the text says why."""

    def __init__(self, why: str, *, stage: str | None = None, fault: str | None = None, reset: bool = False) -> None:
        """*fault* is the stage of the rule that did it; *reset*: with RST."""
        super().__init__(why)
        self.stage = stage
        self.fault = fault
        self.reset = reset


class Dialogue:
    """The dialogue with one client."""

    def __init__(self, wire: Wire, playbook: Callable[[], Playbook], store: Store, transcript: Transcript) -> None:
        """*playbook* gives the script that stands now: what heals does so for open sessions too."""
        self.wire = wire
        self.store = store
        self.transcript = transcript
        self._playbook = playbook

    @property
    def extensions(self) -> Extensions:
        """What EHLO offers."""
        return self._playbook().script.extensions

    def has(self, stage: str) -> bool:
        """Whether the script says anything about a stage."""
        return stage in self._playbook().script.rules

    def rule(self, stage: str, sender: str | None = None, recipients: tuple[str, ...] = ()) -> Rule | None:
        """Return the script's rule for a command, None for normal behaviour. It counts as fired."""
        return self._playbook().rule(stage, sender, recipients)

    def heard(self, stage: str | None, text: str) -> None:
        """Note a command of the client."""
        self.store.step(self.transcript, "command", stage=stage, text=text)

    async def answer(self, stage: str, normal: Reply, rule: Rule | None) -> int:
        """Do what *rule* says, without one reply *normal*. Return the code of the reply, 0 for garbage without one."""
        if rule is None:
            await self.say(stage, normal)
            return normal.code
        if rule.delay:
            await self.wire.pause(rule.delay)
        instead = rule.garbage is not None and stage == "starttls"  # of the handshake, which follows the reply
        reply = rule.reply or (self._own(normal) if rule.garbage is None or instead else None)
        if not rule.silent:
            if instead and reply is not None:
                await self._send(stage, reply, rule)
            await self._garbage(stage, rule)
            if reply is not None and not instead:
                await self._send(stage, reply, rule)
        await self.end(rule)
        return 0 if reply is None or instead else reply.code

    async def interrupt(self, rule: Rule) -> None:
        """Do what *rule* says in the middle of a body."""
        await self._garbage("body", rule)
        if rule.reply is not None:
            await self._send("body", rule.reply, rule)
        await self.end(rule)

    async def say(self, stage: str | None, reply: Reply) -> None:
        """Reply what a good MTA does."""
        await self._send(stage, self._own(reply))

    async def refuse(self, reply: Reply) -> None:
        """Greet with what a rule about connections stands for."""
        await self._send("banner", reply, Rule("connect"))

    async def end(self, rule: Rule) -> None:
        """End the session if *rule* says so."""
        stage = rule.stage
        match rule.ending:
            case "hang":
                try:
                    await self.wire.hang()
                except GoneError as gone:
                    raise OverError(str(gone), stage=stage, fault=stage) from gone
            case "close":
                raise OverError("closed by script", stage=stage, fault=stage)
            case "reset":
                raise OverError("reset by script", stage=stage, fault=stage, reset=True)

    def _own(self, reply: Reply) -> Reply:
        return reply if "ENHANCEDSTATUSCODES" in self.extensions.keywords else reply.plain()

    async def _garbage(self, stage: str, rule: Rule) -> None:
        if rule.garbage is not None:
            text = rule.garbage.decode("utf-8", "backslashreplace")
            self.store.step(self.transcript, "reply", stage=stage, text=text, fault=rule.stage)
            await self.wire.send(rule.garbage, rule.dribble)

    async def _send(self, stage: str | None, reply: Reply, rule: Rule | None = None) -> None:
        fault, dribble = (rule.stage, rule.dribble) if rule else (None, 0.0)
        self.store.step(self.transcript, "reply", stage=stage, text=reply.text, fault=fault)
        await self.wire.send(reply.wire(), dribble)
        if reply.code == 421:  # RFC 5321 3.8: the server closes the channel after it
            raise OverError("closed after 421", stage=stage, fault=fault)
