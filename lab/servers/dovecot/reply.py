"""What Dovecot replies to its LMTP client: "250 2.0.0 <bia@dest.test> zAq4ALnhBWsZAAAA30uvqA Saved". Pure."""

from __future__ import annotations

import re

SAVED = re.compile(r"\d{3} \S+ <[^>]*> (?P<session>\S+) Saved")


def session(reply: str) -> str | None:
    """Return the session that a reply to the end of data names (RFC 2033 4.2); None where it names none."""
    found = SAVED.match(reply)
    return found and found["session"]
