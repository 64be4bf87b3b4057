"""The mail-routing lab: real mail servers, a scripted DNS, and the proof of which hop took a message and why.

Everything a test needs is here; the pytest plugin's ``lab`` fixture is a :class:`Lab`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lab.errors import LabError
    from lab.lab import Lab
    from lab.mail.dsn import Dsn
    from lab.mail.mailbox import Mailbox, StoredMessage
    from lab.mail.submission import RouteTimeoutError, Submission
    from lab.mail.submit import Receipt, Reply
    from lab.route.departures import Departure
    from lab.route.events import Event
    from lab.route.model import Attempt, Notification, Route
    from lab.route.plan import Plan
    from lab.servers.queue import Queue, QueuedMessage
    from lab.verdict import Expectation, Verdict

_WHERE = {
    "Attempt": "route.model",
    "Departure": "route.departures",
    "Dsn": "mail.dsn",
    "Event": "route.events",
    "Expectation": "verdict.expectation",
    "Lab": "lab",
    "LabError": "errors",
    "Mailbox": "mail.mailbox",
    "Notification": "route.model",
    "Plan": "route.plan",
    "Queue": "servers.queue",
    "QueuedMessage": "servers.queue",
    "Receipt": "mail.submit",
    "Reply": "mail.submit",
    "Route": "route.model",
    "RouteTimeoutError": "mail.submission",
    "StoredMessage": "mail.mailbox",
    "Submission": "mail.submission",
    "Verdict": "verdict.judge",
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
