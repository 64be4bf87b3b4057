"""Fields and text of a message, in any of its parts, against regular expressions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from email import message_from_bytes, policy
from email.message import Message

from lab.verdict import regex
from lab.verdict.difference import Difference

BODY = "body"  # stands for the text of the parts


def parsed(raw: bytes) -> Message:
    """Return a message as it is, whatever is wrong with it."""
    return message_from_bytes(raw, policy=policy.compat32)


def differences(path: str, expected: Mapping[str, str], raw: bytes) -> Iterator[Difference]:
    """Compare fields of any part with regular expressions; one that is right is enough."""
    message = parsed(raw)
    for name, pattern in expected.items():
        values = list(_texts(message) if name == BODY else _values(message, name))
        if not any(regex.found(pattern, value) for value in values):
            shown = "; ".join(value.strip() for value in values) or "no such field"
            yield Difference(f"{path}.{name}", pattern, shown)


def _values(message: Message, name: str) -> Iterator[str]:
    for part in message.walk():
        for field, value in part.raw_items():
            if field.lower() == name.lower():
                text = str(value).encode("utf-8", "surrogateescape").decode("utf-8", "replace")  # RFC 6532 3.2
                yield " ".join(text.split())


def _texts(message: Message) -> Iterator[str]:
    for part in message.walk():
        content = part.get_payload(decode=True)
        if isinstance(content, bytes):
            yield content.decode("utf-8", "replace")
