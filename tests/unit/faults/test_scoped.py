"""A reply of a real exchanger meets the mail of its own run only."""

from __future__ import annotations

import pytest

from lab.errors import LabError
from lab.faults.reply import ReplyRule

OWN = ["a.test", "b.test"]


@pytest.mark.parametrize(
    ("recipient", "expected"),
    [
        (None, ["*@a.test", "*@b.test"]),
        ("bia@*", ["bia@a.test", "bia@b.test"]),
        ("bia@", ["bia@a.test", "bia@b.test"]),
        ("b*", ["b*@a.test", "b*@b.test"]),
        ("bia@b.test", ["bia@b.test"]),
    ],
)
def test_recipients_are_those_of_the_runs_domains(recipient: str | None, expected: list[str]) -> None:
    found = ReplyRule("rcpt", "450 no", recipient).scoped(OWN)
    assert [each.recipient for each in found] == expected
    assert all(each.reply == "450 no" for each in found)


def test_recipients_elsewhere_are_refused() -> None:
    with pytest.raises(LabError, match=r"bia@dest\.test would meet other runs' mail"):
        ReplyRule("rcpt", "450 no", "bia@dest.test").scoped(OWN)
