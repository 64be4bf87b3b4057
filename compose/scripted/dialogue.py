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

    def rule(self, stage: str, sender: str | None = None, recipients: tuple[str, ...] = ()) -> Rule | None:
        """Return the script's rule for a command, None for normal behaviour. It counts as fired."""
        return self._playbook().rule(stage, sender, recipients)

    def heard(self, stage: str | None, text: str) -> None:
        """Note a command of the client."""
        self.store.step(self.transcript, "command", stage=stage, text=text)

    async def answer(self, stage: str, normal: Reply, rule: Rule | None) -> int:
        """Do what *rule* says, without one reply *normal*. Return the code of the reply, 0 where garbage went out."""
        if rule is None:
            await self.say(stage, normal)
            return normal.code
        if rule.delay:
            await self.wire.pause(rule.delay)
        reply = rule.reply or self._own(normal)
        code = reply.code
        if not rule.silent:
            if rule.garbage is None or stage == "starttls":
                await self._send(stage, reply, fault=stage, dribble=rule.dribble)
            if rule.garbage is not None:
                text = rule.garbage.decode("utf-8", "backslashreplace")
                self.store.step(self.transcript, "reply", stage=stage, text=text, fault=stage)
                await self.wire.send(rule.garbage, rule.dribble)
                code = 0
        await self.end(rule)
        return code

    async def say(self, stage: str | None, reply: Reply) -> None:
        """Reply what a good MTA does."""
        await self._send(stage, self._own(reply), fault=None, dribble=0.0)

    async def refuse(self, reply: Reply) -> None:
        """Greet with what a rule about connections stands for."""
        await self._send("banner", reply, fault="connect", dribble=0.0)

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

    async def _send(self, stage: str | None, reply: Reply, *, fault: str | None, dribble: float) -> None:
        self.store.step(self.transcript, "reply", stage=stage, text=reply.text, fault=fault)
        await self.wire.send(reply.wire(), dribble)
        if reply.code == 421:  # RFC 5321 3.8: the server closes the channel after it
            raise OverError("closed after 421", stage=stage, fault=fault)
