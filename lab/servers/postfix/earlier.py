"""Events as earlier versions saved them: what the parser takes out of a line today is taken out of its text.

Out goes the one form that there is now, so that the evidence of an old run gives the same routes again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lab.servers.postfix import agents, log, sentences


def completed(event: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a saved event (:meth:`lab.route.events.Event.to_json`) with all fields; one that has them as it is."""
    match event:
        case {"event": "Delivery", "agent": agent, "status": status, "dsn": dsn, "text": text} if "reason" not in event:
            return {**event, **agents.ended(agent, status, dsn, text, met=event["relay"] is not None)}
        case {"event": "AttemptFailed", "reply": reply, "reason": reason} if "cause" not in event:
            told = {"cause": sentences.cause(reason) if reply is None else None}
            return {**event, **told, "named": agents.addresses(reason) if event["alone"] else ()}
        case {"event": "NotificationSent", "kind": kind}:
            return {**event, "kind": log.NOTICES.get(kind, kind)}
        case {"event": "Rejected", "reply": reply} if "dsn" not in event:
            return {**event, "dsn": log.status(reply)}
        case _:
            return event
