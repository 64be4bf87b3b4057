"""The actions of a scenario's steps, a module each: how it is written, checked without a lab, and run on one.

A module in this folder is registered by being there. From ACTIONS come the check of scenario files, their JSON Schema,
the template of `lab new`, and the table in docs/write-a-scenario.md.
"""

from __future__ import annotations

from collections.abc import Mapping

from dnszone.registry import classes
from lab.scenario.steps.step import Step

ACTIONS: Mapping[str, type[Step]] = {
    each.action: each
    for each in classes(__name__, __path__, Step, "action")  # type: ignore[type-abstract]  # none is made of it
}
"""Every action by the key that names it."""
