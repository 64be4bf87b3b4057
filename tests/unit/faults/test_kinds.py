"""What every kind of fault says of itself is true: its example is one, and its line of help is a line."""

from __future__ import annotations

import pytest

from dnszone.check import Checker
from dnszone.faults import KINDS as DNS_KINDS
from dnszone.faults import read
from lab.faults.kinds import KINDS
from lab.faults.kinds.fault import Fault
from lab.faults.reader import at_host


@pytest.mark.parametrize("kind", KINDS.values(), ids=str)
def test_the_example_of_a_kind_at_a_host_is_one(kind: type[Fault]) -> None:
    found = at_host("mx", {kind.key: kind.example}).whole
    assert found is not None
    assert type(found.fault) is kind
    assert found.given == {kind.key: kind.example}


@pytest.mark.parametrize("kind", DNS_KINDS)
def test_the_example_of_a_kind_in_the_dns_is_one(kind: str) -> None:
    checker = Checker({"kind": kind, **DNS_KINDS[kind].example})
    assert type(read(checker)) is DNS_KINDS[kind]
    assert checker.close() == []


@pytest.mark.parametrize("kind", [*KINDS.values(), *DNS_KINDS.values()], ids=str)
def test_help_is_one_line_of_plain_text(kind: type[Fault]) -> None:
    assert kind.help.isascii()
    assert kind.help.isprintable()
    assert not kind.help.endswith(".")
