"""What a fault at a host as a whole is: one kind, with its settings as fields."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Self

from lab.faults.effects import NONE, Effect
from lab.faults.kinds.site import Site
from lab.values import Kind, Table
from lab.world import extra


class Fault(ABC):
    """One kind of fault. To add a kind: a module with a class, and its test; docs/architecture.md has the recipe."""

    kind: ClassVar[str]
    """Its name, in records and messages."""
    key: ClassVar[str]
    """The key of a fault's table that says it: one of its own, or one that it shares with others (``connect``)."""
    help: ClassVar[str]
    """What is done, in one line: for the help, the schema and the documentation."""
    seen: ClassVar[str]
    """What a neighbour sees of it."""
    example: ClassVar[Any]
    """A value of the key that says it."""
    setting: ClassVar[Kind | None] = None
    """What its setting may be: of a key of its own the value, of one that it shares a table {kind: setting}."""
    word: ClassVar[bool] = True
    """Whether its name alone says it where it shares the key."""
    standing: ClassVar[bool] = True
    """Whether it lasts without the process that has set it, and so can be had on the command line."""
    effect: ClassVar[Effect] = NONE
    """Departures that it explains, of what the host itself sends."""
    silent: ClassVar[bool] = False
    """Whether the host answers nobody: those who ask it for names are told nothing."""
    deaf: ClassVar[bool] = False
    """Whether no answer reaches the host, those of the DNS neither."""

    @classmethod
    def unfit(cls, role: str) -> str | None:  # noqa: ARG003  most kinds can be done to every host
        """Return why it means nothing at a host with this role; None where it means something."""
        return None

    @classmethod
    def read(cls, setting: Any) -> Self:  # noqa: ANN401  whatever the kind takes
        """Return the fault with a setting that is right: True stands for none, a table has the fields by name."""
        make: Callable[..., Self] = cls
        if setting is True:
            return make()
        return make(**setting) if isinstance(setting, Mapping) else make(setting)

    @abstractmethod
    def apply(self, site: Site) -> None:
        """Make it wrong at a host."""

    @staticmethod
    @abstractmethod
    def heal(site: Site) -> None:
        """Put the host right, and return when it works again.

        It does no harm where the fault is not, or only half, in force: the process that has applied it may be gone.
        """


class Ban(Fault):
    """A kind that bans clients from a host, each for a while."""

    setting: ClassVar[Table]

    @classmethod
    def unfit(cls, role: str) -> str | None:
        """Return why nobody can be banned there."""
        return without_port_25(role)

    @staticmethod
    @abstractmethod
    def banned(site: Site) -> dict[str, int]:
        """Return who is banned: address to whole seconds that are left. Without the fault nobody is."""


def without_port_25(role: str) -> str | None:
    """Return what is told of a host that takes no mail."""
    return f"a {role} has no port 25" if role in extra.CAPABILITIES else None
