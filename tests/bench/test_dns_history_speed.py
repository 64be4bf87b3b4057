"""How long the DNS's history takes after a thousand and after a million queries. Measured, never asserted."""

from __future__ import annotations

import time

from dnszone.history import Entry, Filter, History

from .machine import show

NUMBERS = (1_000, 1_000_000)


def entry(seq: int) -> Entry:
    at = f"2026-01-01T{seq // 3_600_000 % 24:02}:{seq // 60_000 % 60:02}:{seq // 1000 % 60:02}.{seq % 1000:03}000Z"
    return Entry(at, seq, "198.18.0.22", 1, "udp", 1, f"t{seq % 1000}.test.", "MX", "NOERROR", (), "qr", None)


def test_history_after_many_queries() -> None:
    figures = []
    for number in NUMBERS:
        history = History()
        began = time.perf_counter()
        for _ in range(number):
            history.add(entry)
        added = (time.perf_counter() - began) / number
        began = time.perf_counter()
        newest = history.after(history.last - 100)
        new = time.perf_counter() - began
        began = time.perf_counter()
        wanted = Filter(name="t7.test.")
        named = [each for each in history.after(None) if wanted.wants(each)]
        all_ = time.perf_counter() - began
        assert (len(newest), bool(named)) == (100, True)
        figures.append(
            f"{number:>9,} queries: add {added * 1e6:4.1f} us, the newest 100 {new * 1e6:6.0f} us, "
            f"those of one name {all_ * 1e3:6.1f} ms"
        )
    show("history of the DNS", *figures)
