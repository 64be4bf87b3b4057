"""The port scanner: a black box that nobody asks anything."""

from __future__ import annotations

from lab.servers.brought import Own
from lab.servers.software import Software
from lab.world import extra


def own(_: str) -> Own:
    """Return what a scanner has of its own: nothing but what it may do."""
    return Own(folder="/etc", files={}, ready=b"ready", settings="log", capabilities=extra.CAPABILITIES[extra.SCANNER])


SOFTWARE = Software(name="scanner", title="scanner", brought=own)
