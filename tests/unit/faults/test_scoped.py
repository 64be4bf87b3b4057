"""A reply of a real exchanger meets the mail of its own run only."""

from __future__ import annotations

import pytest

from lab.errors import LabError
from lab.faults.grammar import scoped

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
    rule = {"state": "RCPT", "action": "450 no", **({"recipient": recipient} if recipient else {})}
    assert [each["recipient"] for each in scoped(rule, OWN)] == expected
    assert all(each["action"] == "450 no" for each in scoped(rule, OWN))


def test_recipients_elsewhere_are_refused() -> None:
    with pytest.raises(LabError, match=r"bia@dest\.test would meet other runs' mail"):
        scoped({"recipient": "bia@dest.test"}, OWN)
