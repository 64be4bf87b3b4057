"""Labs with and without IPv6: who gets which, and what needs it."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.errors import LabError
from lab.world import ipv6
from tests.unit.memory_engine import MemoryEngine

HERE, THERE = MemoryEngine(), MemoryEngine()
THERE.local = False


@pytest.mark.parametrize(
    ("files", "here"),
    [(["if_inet6"], True), ([], False), (None, True)],  # None: no /proc at all, and so no Linux
)
def test_a_lab_has_ipv6_where_its_kernel_has(
    files: list[str] | None, here: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LAB_IPV6", raising=False)
    monkeypatch.setattr(ipv6, "KERNEL", tmp_path / "net")
    if files is not None:
        (tmp_path / "net").mkdir()
    for name in files or ():
        (tmp_path / "net" / name).touch()
    assert (ipv6.wanted(HERE), ipv6.wanted(THERE)) == (here, True)
    for said, expected in (("0", False), ("1", True)):
        monkeypatch.setenv("LAB_IPV6", said)
        assert (ipv6.wanted(HERE), ipv6.wanted(THERE)) == (expected, expected)


def test_another_word_is_a_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAB_IPV6", "no")
    with pytest.raises(LabError, match="LAB_IPV6=no means nothing\n  0 is a lab without IPv6"):
        ipv6.wanted(HERE)
