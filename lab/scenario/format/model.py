"""A scenario as values: one routing case, from its zone to what is expected. Made by :mod:`lab.scenario.format.read`.

Strings still have their variables ("bia@$DOMAIN"); a run replaces them by its own names and addresses.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from lab.mail.dsn import DEFAULT, Dsn
from lab.scenario.format.variables import MAIL, STORE
from lab.world.extra import CAPABILITIES

if TYPE_CHECKING:
    from lab.scenario.faults.fault import Fault
    from lab.scenario.steps.step import Step

MAIN = "DOMAIN"  # the variable of the domain whose zone is ``zone``
RUN = ""  # what an expectation is about where there is no message: the run itself
TIMEOUT = 60.0  # seconds; the longest wait of the lab's own timers is shorter


@dataclass(frozen=True, slots=True)
class Host:
    """A host that the scenario brings along: like one of the world's, with settings of its own."""

    name: str
    like: str = "direct"
    main_cf: str = ""
    master_cf: str = ""
    dovecot_conf: str = ""
    users: str = ""
    unbound_conf: str = ""
    resolver: str | None = None
    files: Mapping[str, str] = field(default_factory=dict)
    sieve: Mapping[str, str] = field(default_factory=dict)

    @property
    def store(self) -> bool:
        """Whether it is a mail store."""
        return self.like == STORE

    @property
    def mta(self) -> bool:
        """Whether it is an MTA."""
        return not self.store and self.like not in CAPABILITIES


@dataclass(frozen=True, slots=True)
class Message:
    """One message, or ``count`` such messages, each sent to all of ``to``."""

    name: str
    to: tuple[str, ...]
    sender: str = "ana@home.test"
    via: str = "client"
    subject: str = "A test message"
    body: str = "A message through the mail-routing lab.\n"
    headers: Mapping[str, str] = field(default_factory=dict)
    size: int = 0  # bytes to which the body is filled up
    raw: str | None = None
    file: str | None = None
    login: str | None = None
    dsn: Dsn = DEFAULT
    count: int = 1


@dataclass(frozen=True, slots=True)
class Session:
    """A dialogue with a host that a mail program would not hold: lines as in RFC 5321 appendix D ("C: EHLO x")."""

    name: str
    at: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Expected:
    """What is expected of a message (or RUN) and its recipient (None: of each). ``place`` is its path in the file."""

    place: str
    message: str
    to: str | None
    table: Mapping[str, Any]  # lab.verdict.KEYS and what is written there; see lab.scenario.format.expect


@dataclass(frozen=True, slots=True)
class Departs:
    """A departure from the plan that is meant to be there, and why."""

    kind: str
    why: str
    host: str | None = None
    target: str | None = None


@dataclass(frozen=True)
class Scenario:
    """Everything in one file. ``id`` is its name without ``.scenario.toml``, ``group`` the folder it is in."""

    id: str
    group: str
    path: str
    title: str
    teaches: str
    zones: Mapping[str, str]  # variable (MAIN, or that of a table [zones]) to zone text
    fixed: Mapping[str, str] = field(default_factory=dict)  # zones whose names are written: "localhost." to zone text
    standard: tuple[str, ...] = ()
    departs: str | None = None
    observed: str | None = None
    tags: tuple[str, ...] = ()
    source: str | None = None
    timeout: float = TIMEOUT
    hosts: tuple[Host, ...] = ()
    faults: tuple[Fault, ...] = ()
    sieve: Mapping[str, str] = field(default_factory=dict)
    messages: tuple[Message, ...] = ()
    sessions: tuple[Session, ...] = ()
    steps: tuple[Step, ...] = ()
    expected: tuple[Expected, ...] = ()
    departs_from_plan: tuple[Departs, ...] = ()

    @property
    def mtas(self) -> tuple[str, ...]:
        """The MTAs there are during a run: the world's and its own."""
        return (*MAIL, *(host.name for host in self.hosts if host.mta))

    @property
    def stores(self) -> tuple[str, ...]:
        """The mail stores there are during a run."""
        return (STORE, *(host.name for host in self.hosts if host.store))

    @property
    def machines(self) -> tuple[str, ...]:
        """The hosts on which a step may run a command: MTAs, mail stores, and the scenario's own others."""
        return (*self.mtas, *self.stores, *(host.name for host in self.hosts if not (host.mta or host.store)))

    def message(self, name: str) -> Message:
        """Return the message called *name*."""
        return self._by_name[name]

    @cached_property
    def _by_name(self) -> Mapping[str, Message]:
        return {message.name: message for message in reversed(self.messages)}

    def called(self, name: str) -> tuple[Fault, ...]:
        """Return the faults called *name*: a real host may have several at once."""
        return tuple(each for each in self.faults if each.name == name)
