"""Real input: every message of CPython's own test_email data goes the full path and is compared on arrival.

What may differ is what a relay must add or may rewrite, and nothing else; each case is explained where it is allowed.
"""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path

import pytest

from lab import Lab

FOUND = find_spec("test.test_email")
DATA = Path(FOUND.origin).parent / "data" if FOUND and FOUND.origin else None
MESSAGES = sorted(DATA.glob("msg_*.txt")) if DATA else []

# Added on top, in this order: Dovecot's own fields, then a Received field by each host (RFC 5321 4.4).
ADDED = ("return-path", "delivered-to", "received", "received", "received", "received")
# Postfix removes these on the way in (message_drop_headers): the last host writes its own Return-Path (RFC 5321 4.4),
# and Content-Length is a property of some mailbox formats and no header field of the message.
DROPPED = ("return-path", "content-length", "bcc", "resent-bcc")


@pytest.mark.skipif(not MESSAGES, reason="this Python comes without its own test suite (test.test_email)")
def test_every_message_arrives_as_it_was_sent(lab: Lab) -> None:
    sent = {}
    for path in MESSAGES:
        # Its own folder for each message (RFC 5233), because some have no Message-ID, and some share one.
        sent[path.name] = lab.send(to=f"bia+{path.stem}@{lab.domain}", message=path)
    differences = []
    for path in MESSAGES:
        route = sent[path.name].route()
        assert (route.outcome, route.mailbox) == ("delivered", path.stem), path.name
        assert route.hops == ["client", "smarthost", "mx1"], path.name
        (stored,) = lab.mailbox(f"bia@{lab.domain}").messages(path.stem)
        differences += [f"{path.name}: {each}" for each in compare(path.read_bytes(), stored.raw)]
    assert len(MESSAGES) >= 40
    assert differences == []


def compare(original: bytes, arrived: bytes) -> list[str]:
    """Return how the message on arrival is not the original, beyond what a relay must add or may rewrite."""
    before, after = split(original), split(arrived)
    found = []
    names = tuple(name(field) for field in after[0][: len(ADDED)])
    if names != ADDED:
        found.append(f"added on top: {names}")
    rest = after[0][len(ADDED) :]
    wanted = [field for field in before[0] if name(field) not in DROPPED]
    if rest != wanted:
        found.append(f"header fields {wanted} arrived as {rest}")
    if after[1] != before[1]:
        found.append(f"body {before[1][:200]!r} arrived as {after[1][:200]!r}")
    return found


def split(message: bytes) -> tuple[list[bytes], bytes]:
    """Return header fields, unfolded lines kept together, and body; line ends as on the wire (RFC 5321 2.3.8)."""
    lines = re.sub(rb"\r\n|\r|\n", b"\n", message).split(b"\n")
    fields: list[bytes] = []
    if lines[0].startswith(b"From "):  # an mbox separator is no header field; smtpd(8) keeps it as X-Mailbox-Line
        fields.append(b"X-Mailbox-Line: " + lines.pop(0))
    while lines and (re.match(rb"[!-9;-~]+[ \t]*:", lines[0]) or (fields and lines[0][:1] in (b" ", b"\t"))):
        line = lines.pop(0)
        if line[:1] in (b" ", b"\t") and fields:
            fields[-1] += b"\n" + line
        else:
            fields.append(line)
    if lines and lines[0] == b"":  # the empty line between header and body
        lines.pop(0)
    return fields, b"\n".join(lines).rstrip(b"\n")


def name(field: bytes) -> str:
    """Return a field's name in lower case."""
    return field.partition(b":")[0].strip().decode("ascii", "replace").lower()
