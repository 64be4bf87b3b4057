"""What a host that is brought along has of its own: in what it differs from the host of the world that it is like.

Each software makes it of the texts that a test or a scenario gives (:attr:`lab.servers.software.Software.brought`), for
:func:`lab.servers.guest.start`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

MAILSTORE = "mailstore"  # the role


@dataclass(frozen=True, slots=True)
class Own:
    """``files`` go below ``folder``. The host takes connections when its log has ``ready``."""

    folder: str
    files: Mapping[str, str]
    ready: bytes
    settings: str  # what to look at when it does not start
    environment: Mapping[str, str] = field(default_factory=dict)
    appended: Mapping[str, str] = field(default_factory=dict)  # what the start adds to files that are there already
    accounts: Mapping[str, str] = field(default_factory=dict)  # names, or addresses, to passwords
    refused: Callable[[bytes], list[str]] = lambda _: []  # the log up to then, to what is wrong with the settings
    capabilities: tuple[str, ...] | None = None  # None: those of the host that it is like
