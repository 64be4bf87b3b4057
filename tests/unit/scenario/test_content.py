"""What is sent for a message of a scenario."""

from __future__ import annotations

from email.message import EmailMessage
from pathlib import Path
from typing import Any

from lab.scenario.format.model import Message
from lab.scenario.steps.content import content

VALUES = {"DOMAIN": "a.test"}


def made(**values: Any) -> Any:
    return content(
        Message("message", ("bia@$DOMAIN",), **values), "ana@home.test", ["bia@a.test"], VALUES, Path("folder")
    )


def test_text_with_header_fields() -> None:
    found = made(subject="to $DOMAIN", body="for $DOMAIN\n", headers={"X-Test": "$DOMAIN", "From": "eva@$DOMAIN"})
    assert isinstance(found, EmailMessage)
    assert (
        dict(found.items()).items()
        >= {
            "From": "eva@a.test",
            "To": "bia@a.test",
            "Subject": "to a.test",
            "X-Test": "a.test",
        }.items()
    )
    assert found.get_content() == "for a.test\n"


def test_a_body_is_filled_up() -> None:
    length = len(made(body="x\n", size=1000).get_content())
    assert 1000 <= length < 1100
    assert made(body="x\n", size=1).get_content() == "x\n"


def test_raw_bytes_are_sent_as_they_stand() -> None:
    assert made(raw="Subject: a\r\n\r\n$DOMAIN\n.\r\n") == b"Subject: a\r\n\r\na.test\n.\r\n"


def test_a_file_is_beside_the_scenario() -> None:
    assert made(file="a.eml") == Path("folder/a.eml")
