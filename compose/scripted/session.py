"""One SMTP session as the server (RFC 5321): which command may come when, and who carries it out.

Rules are asked only for commands that a good MTA would take up. What is out of sequence or malformed gets the
replies of RFC 5321 4.2.4 and 4.3.2.
"""

from __future__ import annotations

import binascii
import ssl
from base64 import b64decode
from collections.abc import Awaitable, Callable

from scripted.dialogue import Dialogue, OverError
from scripted.envelope import BLANKS
from scripted.reply import Reply
from scripted.transaction import NOT_IMPLEMENTED, Transactions
from scripted.wire import IdleError

PROMPTS = {"PLAIN": ("334 ",), "LOGIN": ("334 VXNlcm5hbWU6", "334 UGFzc3dvcmQ6")}  # RFC 4616; "Username:"


class Session:
    """The server's side of a session."""

    def __init__(self, dialogue: Dialogue, *, hostname: str, tls: ssl.SSLContext) -> None:
        """*hostname* is what the server calls itself; *tls* has its certificate."""
        self._dialogue = dialogue
        self._hostname = hostname
        self._tls = tls
        self._transactions = Transactions(dialogue)
        self._greeted = False
        self._authenticated = False
        self._verbs: dict[str, tuple[str, Callable[[str], Awaitable[None]]]] = {
            "EHLO": ("ehlo", self._ehlo),
            "HELO": ("ehlo", self._helo),
            "STARTTLS": ("starttls", self._starttls),
            "AUTH": ("auth", self._auth),
            "MAIL": ("mail", self._mail),
            "RCPT": ("rcpt", self._transactions.rcpt),
            "DATA": ("data", self._transactions.data),
            "BDAT": ("data", self._transactions.bdat),
            "RSET": ("rset", self._rset),
            "NOOP": ("noop", self._noop),
            "VRFY": ("vrfy", self._vrfy),
            "HELP": ("help", self._help),
            "QUIT": ("quit", self._quit),
        }

    async def run(self) -> None:
        """Greet, and obey commands until OverError or GoneError."""
        try:
            banner = Reply.of(f"220 {self._hostname} ESMTP")
            await self._dialogue.answer("banner", banner, self._dialogue.rule("banner"))
            while True:
                await self._obey(await self._dialogue.wire.line())
        except IdleError:
            await self._dialogue.say(None, Reply.of("421 4.4.2 Error: timeout exceeded"))

    async def _obey(self, line: str | None) -> None:
        if line is None:
            self._dialogue.heard(None, "(a line that is too long)")
            await self._dialogue.say(None, Reply.of("500 5.5.2 Error: line too long"))
            return
        verb, _, argument = line.strip(BLANKS).partition(" ")
        stage, act = self._verbs.get(verb.upper(), (None, None))
        self._dialogue.heard(stage, line)
        if act is None:
            await self._dialogue.say(None, Reply.of("500 5.5.2 Error: command not recognized"))
        else:
            await act(argument.strip(BLANKS))

    async def _ehlo(self, argument: str) -> None:
        lines = self._dialogue.extensions.lines(tls=self._dialogue.wire.tls is not None)
        await self._greet(argument, Reply(250, (self._hostname, *lines)), "ehlo")

    async def _helo(self, argument: str) -> None:
        await self._greet(argument, Reply(250, (self._hostname,)), "helo" if self._dialogue.has("helo") else "ehlo")

    async def _greet(self, argument: str, normal: Reply, rules: str) -> None:
        """*rules*: the key of the script that says what is answered."""
        if not argument:
            await self._dialogue.say("ehlo", Reply.of("501 5.5.4 Syntax: EHLO hostname"))
            return
        self._transactions.current = None  # RFC 5321 4.1.4: as RSET
        if await self._dialogue.answer("ehlo", normal, self._dialogue.rule(rules)) == 250:
            self._greeted = True

    async def _starttls(self, argument: str) -> None:
        dialogue = self._dialogue
        if "STARTTLS" not in dialogue.extensions.keywords:
            await dialogue.say("starttls", NOT_IMPLEMENTED)
        elif dialogue.wire.tls is not None:
            await dialogue.say("starttls", Reply.of("503 5.5.1 Error: TLS already active"))
        elif argument:
            await dialogue.say("starttls", Reply.of("501 5.5.4 Syntax: no parameters allowed"))  # RFC 3207 4
        else:
            await dialogue.wire.pause(0)  # takes in what came before the handshake, to forget it
            normal = Reply.of("220 2.0.0 Ready to start TLS")
            if await dialogue.answer("starttls", normal, dialogue.rule("starttls")) != 220:
                return
            if not await dialogue.wire.secure(self._tls):
                raise OverError("TLS handshake failed", stage="starttls")
            dialogue.transcript.tls = dialogue.wire.tls
            self._greeted = self._authenticated = False  # RFC 3207 4.2: all is forgotten
            self._transactions.current = None

    async def _auth(self, argument: str) -> None:
        dialogue = self._dialogue
        mechanism, _, initial = argument.partition(" ")
        rule = dialogue.rule("auth")
        if rule is None and "AUTH" not in dialogue.extensions.keywords:
            await dialogue.say("auth", NOT_IMPLEMENTED)
        elif self._authenticated or self._transactions.current is not None:  # RFC 4954 4
            await dialogue.say("auth", Reply.of("503 5.5.1 Error: authenticated, or in a transaction"))
        elif mechanism.upper() not in PROMPTS:
            await dialogue.answer("auth", Reply.of("504 5.5.4 Error: mechanism not available"), rule)
        elif await self._credentials(mechanism.upper(), initial):
            normal = Reply.of("235 2.7.0 Authentication successful")
            self._authenticated = await dialogue.answer("auth", normal, rule) == 235

    async def _credentials(self, mechanism: str, initial: str) -> bool:
        """Ask for what *mechanism* needs; any name and any password will do."""
        prompts = PROMPTS[mechanism]
        answers = [initial] if initial else []
        while len(answers) < len(prompts):
            await self._dialogue.say("auth", Reply.of(prompts[len(answers)]))
            line = await self._dialogue.wire.line() or ""
            self._dialogue.heard("auth", line)
            if line == "*":
                await self._dialogue.say("auth", Reply.of("501 5.7.0 Authentication aborted"))  # RFC 4954 4
                return False
            answers.append(line)
        try:
            for answer in answers:
                b64decode("" if answer == "=" else answer, validate=True)
        except (binascii.Error, ValueError):
            await self._dialogue.say("auth", Reply.of("501 5.5.2 Error: not base64"))
            return False
        return True

    async def _mail(self, argument: str) -> None:
        if self._greeted:
            await self._transactions.mail(argument)
        else:
            await self._dialogue.say("mail", Reply.of("503 5.5.1 Error: send HELO/EHLO first"))

    async def _rset(self, argument: str) -> None:
        if argument:
            await self._dialogue.say("rset", Reply.of("501 5.5.4 Syntax: RSET"))
        else:
            self._transactions.current = None
            await self._dialogue.say("rset", Reply.of("250 2.0.0 Ok"))

    async def _noop(self, _argument: str) -> None:
        await self._dialogue.say("noop", Reply.of("250 2.0.0 Ok"))

    async def _vrfy(self, argument: str) -> None:
        syntax = Reply.of("501 5.5.4 Syntax: VRFY address")
        # RFC 5321 3.5.3: 252 where nobody can tell before delivery.
        await self._dialogue.say("vrfy", Reply.of(f"252 2.0.0 {argument}") if argument else syntax)

    async def _help(self, _argument: str) -> None:
        offered = "HELP" in self._dialogue.extensions.keywords
        known = Reply.of("214 2.0.0 " + " ".join(self._verbs))
        await self._dialogue.say("help", known if offered else NOT_IMPLEMENTED)

    async def _quit(self, argument: str) -> None:
        if argument:
            await self._dialogue.say("quit", Reply.of("501 5.5.4 Syntax: QUIT"))
            return
        await self._dialogue.answer("quit", Reply.of("221 2.0.0 Bye"), self._dialogue.rule("quit"))
        raise OverError("quit", stage="quit")
