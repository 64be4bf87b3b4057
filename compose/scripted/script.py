"""What a script says, as values. Made by :mod:`scripted.read`, obeyed by session, server and firewall."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Literal

from scripted.reply import Reply

STAGES = ("banner", "ehlo", "helo", "starttls", "auth", "mail", "rcpt", "data", "body", "end-of-data", "quit")
# What an address offers until a script hides it (RFC 2920, 1870, 3207, 2034, 6152, 3461, 6531, 3030, 5321 4.1.1.8).
OFFERED = (
    "PIPELINING",
    "SIZE",
    "STARTTLS",
    "ENHANCEDSTATUSCODES",
    "8BITMIME",
    "DSN",
    "SMTPUTF8",
    "CHUNKING",
    "HELP",
)
HOUR = 3600.0  # seconds, the longest delay; longer than any SMTP timeout (RFC 5321 4.5.3.2)
SIZE = 10_240_000  # bytes; Postfix's default message_size_limit


@dataclass(frozen=True, slots=True)
class Rule:
    """What happens at one stage, for the commands it matches."""

    stage: str
    sender: str | None = None  # glob pattern; "" is the null reverse-path
    recipient: str | None = None  # glob pattern
    first: int | None = None  # fires so often only
    reply: Reply | None = None  # None: the normal reply
    garbage: bytes | None = None  # sent before the reply, if there is one; at starttls instead of the handshake
    delay: float = 0.0  # seconds before the reply
    dribble: float = 0.0  # seconds between two bytes of the reply
    ending: Literal["close", "reset", "hang"] | None = None
    silent: bool = False  # the ending comes instead of the reply, not after it
    after_bytes: int = 0  # of the body, before what happens in it
    vanish: bool = False  # the message is stored before the ending

    def matches(self, sender: str | None, recipients: Sequence[str]) -> bool:
        """Whether the rule is for this envelope. A recipient pattern wants one of *recipients* to match."""
        if self.sender is not None and (sender is None or not _glob(sender, self.sender)):
            return False
        return self.recipient is None or any(_glob(each, self.recipient) for each in recipients)


def _glob(address: str, pattern: str) -> bool:
    return fnmatchcase(address.lower(), pattern.lower())


@dataclass(frozen=True, slots=True)
class Connect:
    """What happens to a connection before the greeting, for those that the rule is for."""

    kernel: str | None = None  # "refuse", "drop", "unreachable": the connection fails so
    family: str | None = None  # "ipv4", "ipv6": of those that it is for; None: both
    loss: float = 0.0  # share of incoming packets that are lost, 0 to 1
    close_after_accept: bool = False
    limit: int | None = None  # sessions at one time
    delay: float = 0.0  # seconds before the greeting; the kernel has accepted the connection by then
    first: int | None = None  # for so many connections only


@dataclass(frozen=True, slots=True)
class Extensions:
    """What EHLO offers: ``add`` are whole lines ("AUTH PLAIN LOGIN"), ``hide`` keywords in upper case."""

    add: tuple[str, ...] = ()
    hide: frozenset[str] = frozenset()
    size: int = SIZE  # bytes; 0 is no limit (RFC 1870 4)

    @property
    def keywords(self) -> frozenset[str]:
        """Everything that is offered, without parameters, in upper case."""
        added = {line.split()[0].upper() for line in self.add}
        return frozenset(added | (set(OFFERED) - self.hide))

    def lines(self, *, tls: bool) -> list[str]:
        """Return the lines of an EHLO reply after the first. STARTTLS is not offered in TLS (RFC 3207 4.2)."""
        gone = self.hide | {"STARTTLS"} if tls else self.hide
        own = [keyword for keyword in OFFERED if keyword not in gone]
        return [f"SIZE {self.size}" if keyword == "SIZE" else keyword for keyword in own] + list(self.add)


@dataclass(frozen=True, slots=True)
class Script:
    """Everything that is said about one address; ``source`` is the JSON it was read from."""

    connect: tuple[Connect, ...] = ()
    extensions: Extensions = Extensions()
    rules: Mapping[str, tuple[Rule, ...]] = field(default_factory=dict)  # by stage
    source: Mapping[str, Any] = field(default_factory=dict)


class Playbook:
    """A script in use: it knows how often each rule has fired."""

    def __init__(self, script: Script) -> None:
        """Start with rules that have never fired."""
        self.script = script
        self._fired: dict[tuple[str, int], int] = {}

    def rule(self, stage: str, sender: str | None = None, recipients: Sequence[str] = ()) -> Rule | None:
        """Return the rule that fires now, None for normal behaviour. It counts as fired."""
        for index, rule in enumerate(self.script.rules.get(stage, ())):
            if rule.matches(sender, recipients) and self._fires((stage, index), rule.first):
                return rule
        return None

    def connect(self) -> Connect:
        """Return the rule for a connection that has come through the kernel, where others have failed already."""
        for index, rule in enumerate(self.script.connect):
            if rule.kernel is None and self._fires(("connect", index), rule.first):
                return rule
        return Connect()

    def _fires(self, rule: tuple[str, int], first: int | None) -> bool:
        fired = self._fired.get(rule, 0)
        if first is not None and fired >= first:
            return False
        self._fired[rule] = fired + 1
        return True
