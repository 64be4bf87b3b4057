"""The history of queries: what is kept, what is found, and that neither grows with what there has been."""

from __future__ import annotations

import tracemalloc
from datetime import UTC, datetime, timedelta
from itertools import count

from dnszone.history import KEPT, Entry, Filter, History

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


def entry(seq: int) -> Entry:
    """Return the query of second *seq*."""
    at = (BEGIN + timedelta(seconds=seq)).isoformat(timespec="microseconds")[:-6] + "Z"
    name = f"t{seq % 1000}.test."
    return Entry(at, seq, "198.18.0.22", 1, "udp", 1, name, "MX", "NOERROR", (), "qr", None)


def filled(number: int, kept: int = KEPT) -> History:
    history = History(kept)
    for _ in range(number):
        history.add(entry)
    return history


def seqs(history: History, since: int | datetime | None) -> list[int]:
    return [each.seq for each in history.after(since)]


def test_what_is_later_than_a_number_or_a_time() -> None:
    history = filled(10)
    assert seqs(history, None) == list(range(1, 11))
    assert seqs(history, 0) == list(range(1, 11))
    assert seqs(history, 8) == [9, 10]
    assert seqs(history, 10) == seqs(history, 99) == []
    assert seqs(history, BEGIN + timedelta(seconds=8)) == [8, 9, 10]
    assert seqs(history, BEGIN + timedelta(seconds=8, microseconds=1)) == [9, 10]
    assert seqs(history, BEGIN) == list(range(1, 11))
    assert seqs(history, BEGIN + timedelta(days=1)) == []
    assert seqs(History(), None) == seqs(History(), 5) == seqs(History(), BEGIN) == []


def test_the_oldest_go_first() -> None:
    history = filled(25, kept=10)
    assert seqs(history, None) == seqs(history, 3) == list(range(16, 26))
    assert seqs(history, 20) == [21, 22, 23, 24, 25]
    assert seqs(history, BEGIN + timedelta(seconds=24)) == [24, 25]
    assert history.last == 25


def test_what_is_new_is_found_without_a_look_at_what_is_old() -> None:
    """A million queries later only as many entries are touched as are asked for."""
    history, looked = filled(KEPT), count()

    class Watched(datetime):
        def __gt__(self, other: object) -> bool:
            next(looked)
            return super().__gt__(other)  # type: ignore[operator]

    when = BEGIN + timedelta(seconds=KEPT - 3)
    since = Watched(*when.timetuple()[:6], tzinfo=UTC)
    assert seqs(history, since) == [KEPT - 3, KEPT - 2, KEPT - 1, KEPT]
    assert next(looked) <= 20
    tracemalloc.start()
    try:
        assert len(history.after(KEPT - 100)) == 100
        assert tracemalloc.get_traced_memory()[1] < 10_000
    finally:
        tracemalloc.stop()


def test_a_million_queries_take_no_more_room_than_those_that_are_kept() -> None:
    history = filled(3_000, kept=1_000)
    assert len(history.after(None)) == 1_000
    assert [each.seq for each in history.after(None) if Filter(name="t7.test.").wants(each)] == [2007]
