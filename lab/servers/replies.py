"""What a reply to the end of data names. Each software has its own words: module ``reply`` of its folder. Pure.

Who hands a message over logs the reply, and does not know what runs there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

from lab.servers import folders

Read = Callable[[str], str | None]


def queue_id(reply: str) -> str | None:
    """Return the queue id that a server gives in its reply; None where it gives none that is known here."""
    return _first(_all("queue_id"), reply)


def session(reply: str) -> str | None:
    """Return the session that a mail delivery agent names in its reply over LMTP (RFC 2033 4.2), None as above."""
    return _first(_all("session"), reply)


@cache
def _all(name: str) -> Sequence[Read]:
    return [getattr(module, name) for module in folders.each("reply") if hasattr(module, name)]


def _first(readers: Sequence[Read], reply: str) -> str | None:
    for read in readers:
        if (found := read(reply)) is not None:
            return found
    return None
