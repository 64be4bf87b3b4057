"""What smtpd(8) replies to the end of data: "250 2.0.0 Ok: queued as 4jYss4739rzDZtZ". Pure."""

from __future__ import annotations


def queue_id(reply: str) -> str | None:
    """Return the queue id that a reply gives, after DATA or BDAT; None where it gives none."""
    _, found, queue_id = reply.rpartition("queued as ")
    return queue_id if found and queue_id.isalnum() else None
