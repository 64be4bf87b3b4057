"""What a delivery status notification says of each recipient: a message/delivery-status (RFC 3464 2), cut or whole."""

from __future__ import annotations

import re

ACTIONS = ("failed", "delayed", "delivered", "relayed", "expanded")  # RFC 3464 2.3.3
LONGEST = 20_000  # characters that are read
ESCAPED = re.compile(rb"%([0-9A-Fa-f]{2})")
FIELD = re.compile(r"(?P<name>[!-9;-~]+):[ \t]*(?P<value>.*)")


def unescaped(text: str) -> str:
    """Return a text in which the mail store has put %XX for every odd character (RFC 5435 6)."""
    raw = ESCAPED.sub(lambda found: bytes.fromhex(found[1].decode()), text[: 3 * LONGEST].encode())
    return raw.decode("utf-8", "replace")


def actions(text: str) -> tuple[str, ...]:
    """Return action and final recipient of each recipient that the text has, as "relayed bia@dest.test"."""
    found = []
    fields: dict[str, str] = {}
    lines = text[:LONGEST].replace("\r\n", "\n").replace("\n ", " ").replace("\n\t", " ").split("\n")
    for line in (*lines, ""):
        if field := FIELD.fullmatch(line):
            fields.setdefault(field["name"].lower(), field["value"].strip())
        elif not line:
            action, recipient = fields.get("action", "").lower(), fields.get("final-recipient", "")
            if action in ACTIONS and ";" in recipient:  # the type of the address stands before it: "rfc822; "
                found.append(f"{action} {recipient.partition(';')[2].strip()}")
            fields = {}
    return tuple(found)
