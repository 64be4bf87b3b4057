"""What a message of a scenario contains: text with header fields, raw bytes, or a file."""

from __future__ import annotations

from collections.abc import Mapping
from email.message import EmailMessage
from pathlib import Path

from lab.scenario.format.model import Message
from lab.scenario.format.variables import replaced


def content(
    message: Message, sender: str, to: list[str], values: Mapping[str, str], folder: Path
) -> EmailMessage | bytes | Path:
    """Return *message* as :meth:`lab.lab.Lab.send` takes it.

    *values*: of its variables, which a file does not have; *folder*: where its file is.
    """
    if message.file is not None:
        return folder / message.file
    if message.raw is not None:
        return replaced(message.raw, values).encode()
    found = EmailMessage()
    # The null reverse-path is no address for From (RFC 5321 4.5.5).
    found["From"] = sender or "MAILER-DAEMON@home.test"
    found["To"], found["Subject"] = ", ".join(to), replaced(message.subject, values)
    for name, value in message.headers.items():
        del found[name]
        found[name] = replaced(value, values)
    body = replaced(message.body, values)
    line = "filled up to the size that the scenario asks for\n"
    found.set_content(body + line * max(0, -(-(message.size - len(body)) // len(line))))
    return found
