"""The mail-routing lab: real mail servers, a scripted DNS, and the proof of which hop took a message and why.

Everything a test needs is here; the pytest plugin's ``lab`` fixture is a :class:`Lab`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lab.dsn import Dsn
    from lab.errors import LabError
    from lab.events import Event
    from lab.lab import Lab
    from lab.mailbox import Mailbox, StoredMessage
    from lab.plan import Departure, Plan
    from lab.queue import Queue, QueuedMessage
    from lab.route import Attempt, Notification, Route
    from lab.submission import RouteTimeoutError, Submission
    from lab.submit import Receipt, Reply
    from lab.verdict import Expectation, Verdict

_WHERE = {
    "Attempt": "route",
    "Departure": "plan",
    "Dsn": "dsn",
    "Event": "events",
    "Expectation": "verdict",
    "Lab": "lab",
    "LabError": "errors",
    "Mailbox": "mailbox",
    "Notification": "route",
    "Plan": "plan",
    "Queue": "queue",
    "QueuedMessage": "queue",
    "Receipt": "submit",
    "Reply": "submit",
    "Route": "route",
    "RouteTimeoutError": "submission",
    "StoredMessage": "mailbox",
    "Submission": "submission",
    "Verdict": "verdict",
}

__all__ = [
    "Attempt",
    "Departure",
    "Dsn",
    "Event",
    "Expectation",
    "Lab",
    "LabError",
    "Mailbox",
    "Notification",
    "Plan",
    "Queue",
    "QueuedMessage",
    "Receipt",
    "Reply",
    "Route",
    "RouteTimeoutError",
    "StoredMessage",
    "Submission",
    "Verdict",
]


def __getattr__(name: str) -> object:
    """Import a name when it is first used (PEP 562): `lab --help` needs none of them."""
    if name not in _WHERE:
        raise AttributeError(f"module 'lab' has no attribute {name!r}")
    return getattr(import_module(f"lab.{_WHERE[name]}"), name)
