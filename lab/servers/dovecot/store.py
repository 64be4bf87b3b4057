"""A mail store as plans see it: what its users' Sieve scripts send on, and by which server. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Store:
    """A mail store: what its users' Sieve scripts send on, and to whom.

    ``scripts``: address in lower case to the text of its script, where known. ``outlet``: the server that sends for
    the store, "host" or "host:port", "" for none; ``outlets``: users for whom it is another one.
    """

    outlet: str = ""
    outlets: Mapping[str, str] = field(default_factory=dict)
    scripts: Mapping[str, str] = field(default_factory=dict)

    def outlet_of(self, user: str) -> str:
        """Return the server that sends for a user."""
        return self.outlets.get(user, self.outlet)
