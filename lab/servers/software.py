"""What a server software can do here: a value for each, SOFTWARE in the module ``software`` of its folder.

A host has a role, what it is for, and a software, what runs there; each is a label of its container. One of which
nothing is known is a black box: its hops are proven by its neighbours.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol

from lab.errors import LabError
from lab.servers import folders
from lab.servers.brought import Own
from lab.servers.parser import Parser
from lab.world import extra, roster

if TYPE_CHECKING:
    from lab.servers.queue import Queue


Saved = Mapping[str, Any]  # an event as JSON


@dataclass(frozen=True, slots=True, kw_only=True)
class Software:
    """One server software. What is None it cannot.

    ``brought(name, **settings)``: what a host of its own has of its own, of the settings that ``keys`` names; how it
    starts, and what its log says when it is ready.
    """

    name: str  # label mail-lab.software, and its folder
    title: str  # what people call it: "Postfix"
    keys: tuple[str, ...] = ()
    brought: Callable[..., Own] | None = None
    parse: Parser | None = None  # a line of its log to an event
    queue_id: Callable[[str], str | None] = lambda _: None  # that a line of its log is about
    made_at: Callable[[str], datetime | None] = lambda _: None  # the time in a queue id
    queue: type[Queue] | None = None
    completed: Callable[[Saved], Saved] = lambda event: event  # an event that an earlier version saved, as it is today

    def own(self, name: str, **given: Any) -> Own:  # noqa: ANN401  texts, and a table of files
        """Return what a host called *name* has of its own. Raises LabError for settings that its kind does not have."""
        if self.brought is None:
            raise LabError(
                f"{name}: a test cannot bring along a {self.title}",
                hint=f"it can bring: {', '.join(each.title for each in known().values() if each.brought)}",
            )
        if foreign := [key for key, value in given.items() if value and key not in self.keys]:
            has = ", ".join(self.keys) or "no settings"
            raise LabError(f"{name} is a {self.title} and has no {' and no '.join(foreign)}", hint=has)
        return self.brought(name, **{key: given[key] for key in self.keys})


class Labelled(Protocol):
    """A host, as far as its labels tell what runs there."""

    @property
    def role(self) -> str:
        """What it is for."""

    @property
    def software(self) -> str:
        """What runs there; "" where its container was made before there was such a label."""


@cache
def known() -> Mapping[str, Software]:
    """Return every software by name."""
    return {module.SOFTWARE.name: module.SOFTWARE for module in folders.each("software")}


def of(host: Labelled) -> Software:
    """Return what runs on a host."""
    return labelled(host.software, host.role)


def completed(event: Saved) -> Saved:
    """Return a saved event with all fields that it has today, whatever software told it."""
    for each in known().values():
        event = each.completed(event)
    return event


def made_at(queue_id: str) -> datetime | None:
    """Return the time that a queue id has in it, whatever software gave it; None where it has none."""
    return next((at for each in known().values() if (at := each.made_at(queue_id)) is not None), None)


def labelled(software: str, role: str) -> Software:
    """Return what runs where a container has these labels; without the first one, what runs in that role."""
    return _named(software) if software else of_kind(role)


def of_kind(kind: str) -> Software:
    """Return what runs on hosts of a kind: a role, that of a host of the world, or one of :mod:`lab.world.extra`."""
    return _named(extra.SOFTWARE.get(kind) or roster.software(kind) or kind)


def _named(name: str) -> Software:
    return known().get(name) or Software(name=name, title=name)
