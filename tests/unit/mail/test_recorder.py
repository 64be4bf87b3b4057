"""The recorder, with an engine that says what a test lets it say."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from lab.engine.protocol import GoneError, Inspected
from lab.errors import LabError
from lab.mail.recorder import Recorder, parse_stamp
from lab.route.history import History
from tests.unit.memory_engine import MemoryEngine, MemoryStream, host

DEADLINE = 20  # seconds; only a test that fails waits so long
HELLO, BYE = "2026-01-01T00:00:01.000000001Z one", "2026-01-01T00:00:02.000000001Z two"
CONNECT = "Jan 01 00:00:01 mx1 postfix/smtpd[7]: connect from client.home.test[198.18.0.21]"


def says(name: str, *first: object, role: str = "mx", owner: str = "") -> tuple[Inspected, MemoryStream]:
    """Return a host, and its log, which begins so."""
    return host(name, role, owner=owner), MemoryStream(*first)


def having(*hosts: tuple[Inspected, MemoryStream]) -> MemoryEngine:
    engine = MemoryEngine()
    for each in hosts:
        add(engine, each)
    return engine


def add(engine: MemoryEngine, said: tuple[Inspected, MemoryStream]) -> None:
    """Start a host, or start one again."""
    there, log = said
    engine.there[there.id] = there
    engine.printed[there.id, there.started] = log


def since(engine: MemoryEngine, container: str) -> list[float | None]:
    """Return from when on a container's log was asked for, each time."""
    return [begin for each, begin in engine.followed if each == container]


@pytest.fixture
def follow() -> Iterator[Callable[[MemoryEngine], Recorder]]:
    recorders: list[Recorder] = []

    def start(engine: MemoryEngine, since: float | None = 1.5, *, mail_only: bool = True) -> Recorder:
        recorders.append(Recorder(engine, "main", History({}), since, mail_only=mail_only))
        return recorders[-1]

    yield start
    for recorder in recorders:
        recorder.close()
    for thread in threading.enumerate():
        if thread.name.startswith("lab-"):
            thread.join(DEADLINE)
            assert not thread.is_alive()


Follow = Callable[..., Recorder]


def texts(recorder: Recorder) -> list[str]:
    return [f"{name} {text}" for _, name, text, _ in recorder.lines(datetime.min.replace(tzinfo=UTC))]


def until(recorder: Recorder, count: int) -> list[str]:
    """Return the recorded lines when there are *count*."""
    assert recorder.wait(lambda _: len(texts(recorder)) >= count, DEADLINE), texts(recorder)
    return texts(recorder)


def raw(*lines: str) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()


def test_a_host_is_followed_from_the_beginning_on(follow: Follow) -> None:
    engine = having(says("mx1"))
    follow(engine)
    assert since(engine, "id-mx1") == [1.5]


def test_lines_become_events(follow: Follow) -> None:
    stamped = f"2026-01-01T00:00:01.123456789Z {CONNECT}"
    recorder = follow(having(says("mx1", raw(stamped, "2026-01-01T00:00:01.2Z no event"))))
    until(recorder, 2)
    (event,) = recorder.read(lambda history: history.contacts(datetime(2026, 1, 1, tzinfo=UTC)))
    assert (event.host, event.at) == ("mx1", datetime(2026, 1, 1, 0, 0, 1, 123456, tzinfo=UTC))
    since = datetime(2026, 1, 1, 0, 0, 1, 200000, tzinfo=UTC)
    assert recorder.lines(since) == [(since, "mx1", "no event", None)]


def test_lines_of_one_host(follow: Follow) -> None:
    recorder = follow(having(says("mx1", raw(HELLO, BYE)), says("mx2", raw(HELLO))))
    until(recorder, 3)
    assert recorder.of("mx1") == ["one", "two"]
    assert recorder.of("mx1", datetime(2026, 1, 1, 0, 0, 2, tzinfo=UTC)) == ["two"]
    assert recorder.of("mx9") == []


def test_a_host_is_caught_up_when_its_last_line_is_recorded(follow: Follow) -> None:
    one = says("mx1", raw(HELLO))
    engine = having(one, says("dns", role="gateway"))
    recorder = follow(engine)
    until(recorder, 1)
    engine.logs["id-mx1"] = raw(HELLO).decode()
    assert recorder.caught_up("id-mx1", DEADLINE)
    engine.logs["id-mx1"] = raw(BYE).decode()
    assert not recorder.caught_up("id-mx1", 0)
    threading.Timer(0.05, one[1].give, [raw(BYE)]).start()
    assert recorder.caught_up("id-mx1", DEADLINE)
    assert recorder.of("mx1") == ["one", "two"]


def test_what_was_logged_before_it_was_followed_is_not_waited_for(follow: Follow) -> None:
    engine = having(says("mx1"))
    recorder = follow(engine)
    assert recorder.caught_up("id-mx1", 0)  # it has logged nothing
    engine.logs["id-mx1"] = "1970-01-01T00:00:01.000000000Z before\n"
    assert recorder.caught_up("id-mx1", 0)


def test_a_host_that_is_gone_or_not_followed_is_never_caught_up(follow: Follow) -> None:
    engine = having(says("gateway", role="gateway"))
    recorder = follow(engine)
    assert not recorder.caught_up("id-gateway", 0)
    assert not recorder.caught_up("id-mx7", 0)


def test_lines_of_all_hosts_in_order_of_time(follow: Follow) -> None:
    one, two = says("mx1", raw(BYE)), says("mx2", raw(HELLO))
    assert until(follow(having(one, two)), 2) == ["mx2 one", "mx1 two"]


@pytest.mark.parametrize("size", [1, 7, 31, 1000])
def test_chunks_end_anywhere(follow: Follow, size: int) -> None:
    data = raw("2026-01-01T00:00:01.000000001Z größe", "2026-01-01T00:00:01.000000002Z ", BYE)
    chunks = [data[start : start + size] for start in range(0, len(data), size)]
    assert until(follow(having(says("mx1", *chunks))), 3) == ["mx1 größe", "mx1 ", "mx1 two"]


def test_a_line_is_recorded_when_it_is_whole(follow: Follow) -> None:
    container = says("mx1", raw(HELLO) + BYE.encode()[:-1])
    recorder = follow(having(container))
    assert until(recorder, 1) == ["mx1 one"]
    container[1].give(b"o, too\n")
    assert until(recorder, 2) == ["mx1 one", "mx1 two, too"]


def test_the_last_words_of_a_host_that_dies_in_a_line(follow: Follow) -> None:
    container = says("mx1", raw(HELLO) + BYE.encode())
    container[1].end()
    assert until(follow(having(container)), 2) == ["mx1 one", "mx1 two"]


def test_hosts_that_say_nothing_about_mail_and_guests_of_others(follow: Follow) -> None:
    engine = having(
        says("gateway", raw(HELLO), role="gateway"),
        says("theirs", raw(HELLO), owner="somebody"),
        says("mx1", raw(HELLO)),
    )
    assert until(follow(engine), 1) == ["mx1 one"]
    assert since(engine, "id-gateway") == since(engine, "id-theirs") == []


def test_a_host_that_joins_later(follow: Follow) -> None:
    engine = having()
    recorder = follow(engine)
    recorder.owners.add("me")
    add(engine, says("mine", raw(HELLO), owner="me"))
    engine.events.give("id-mine")
    assert until(recorder, 1) == ["mine one"]
    assert since(engine, "id-mine") == [1.5]


def test_a_start_that_is_told_twice(follow: Follow) -> None:
    engine = having(says("mx1", raw(HELLO)))
    recorder = follow(engine)
    add(engine, says("mx2", raw(BYE)))
    engine.events.give("id-mx1")
    engine.events.give("id-mx2")
    assert until(recorder, 2) == ["mx1 one", "mx2 two"]
    assert since(engine, "id-mx1") == [1.5]


def test_a_host_that_is_started_again(follow: Follow) -> None:
    container = says("mx1", raw(HELLO))
    engine = having(container)
    recorder = follow(engine)
    until(recorder, 1)
    container[1].end()
    again = replace(container[0], started="2026-01-01T00:00:01.5Z")
    add(engine, (again, MemoryStream(raw(HELLO, BYE))))  # Docker's "since" is not exact: the line before comes again
    engine.events.give("id-mx1")
    assert until(recorder, 2) == ["mx1 one", "mx1 two"]
    assert since(engine, "id-mx1") == [1.5, 1767225601.0]


def test_a_host_is_started_again_while_its_last_lines_are_read(follow: Follow) -> None:
    container = says("mx1", raw(HELLO))
    engine = having(container)
    recorder = follow(engine)
    until(recorder, 1)
    first, again = container[1], MemoryStream(raw(HELLO, BYE, "2026-01-01T00:00:03.000000001Z three"))
    add(engine, (replace(container[0], started="2026-01-01T00:00:02.5Z"), again))
    engine.events.give("id-mx1")
    until(recorder, 3)
    first.give(raw(BYE, "2026-01-01T00:00:03.000000001Z three"))  # late, and more than its own run
    again.give(raw("2026-01-01T00:00:04.000000001Z four"))
    until(recorder, 4)
    first.give(b"")
    assert texts(recorder) == ["mx1 one", "mx1 two", "mx1 three", "mx1 four"]


class Hasty(MemoryEngine):
    """An engine that removes the host "short" as soon as it has told of it, or of its start."""

    def inspect(self, container: str) -> Inspected:
        if container == "id-short":
            raise GoneError("no such container")
        return super().inspect(container)


def test_a_host_that_is_removed_as_soon_as_it_starts(follow: Follow) -> None:
    engine = Hasty()
    recorder = follow(engine)
    engine.events.give("id-short")
    add(engine, says("mx1", raw(HELLO)))
    engine.events.give("id-mx1")
    assert until(recorder, 1) == ["mx1 one"]


@pytest.mark.parametrize("kind", [Hasty, MemoryEngine])
def test_a_host_that_is_removed_while_the_recorder_begins(follow: Follow, kind: type[MemoryEngine]) -> None:
    engine = kind(host("short"))
    add(engine, says("mx1", raw(HELLO)))
    if kind is MemoryEngine:  # it is there when it is looked at, and gone when its log is asked for
        engine.there["id-short"] = host("short", started="gone")
        engine.gone.add("id-short")
    assert until(follow(engine), 1) == ["mx1 one"]


def fails(recorder: Recorder) -> str:
    with pytest.raises(LabError) as caught:
        recorder.wait(lambda _: False, DEADLINE)
    cause, hint = str(caught.value).split("\n")
    assert hint == "  is the Docker engine still running? `lab status` tells"
    return cause


def test_a_failure_is_told_to_every_waiter(follow: Follow) -> None:
    container = says("mx1")
    recorder = follow(having(container))
    told: list[str] = []
    waiters = [threading.Thread(target=lambda: told.append(fails(recorder))) for _ in range(2)]
    for waiter in waiters:
        waiter.start()
    container[1].give(OSError("broken pipe"))
    for waiter in waiters:
        waiter.join(DEADLINE)
    assert told == ["the lab's logs can no longer be followed: broken pipe"] * 2
    assert fails(recorder) == told[0]


def test_docker_goes_away(follow: Follow) -> None:
    engine = having(says("mx1"))
    recorder = follow(engine)
    engine.events.end()  # Docker's client hides why
    assert fails(recorder) == "the lab's logs can no longer be followed: Docker's events have ended"


def test_docker_has_a_word_of_its_own_in_the_log(follow: Follow) -> None:
    recorder = follow(having(says("mx1", raw("Error grabbing logs: unexpected EOF"))))
    assert "no line of a log: 'Error grabbing logs: unexpected EOF'" in fails(recorder)


def test_what_is_known_counts_even_after_a_failure(follow: Follow) -> None:
    container = says("mx1", raw(HELLO))
    recorder = follow(having(container))
    until(recorder, 1)
    container[1].give(OSError("broken pipe"))
    fails(recorder)
    assert until(recorder, 1) == ["mx1 one"]


def test_waiting_has_a_deadline(follow: Follow) -> None:
    recorder = follow(having(says("mx1", raw(HELLO))))
    until(recorder, 1)
    assert not recorder.wait(lambda _: False, 0.05)
    assert not recorder.wait(lambda _: False, 0)
    assert recorder.wait(lambda _: True, 0)


def test_asked_only_when_something_is_new(follow: Follow) -> None:
    container = says("mx1", raw(HELLO))
    recorder = follow(having(container))
    until(recorder, 1)
    asked: list[int] = []
    in_wait = threading.Event()

    def ready(_: History) -> bool:
        asked.append(len(texts(recorder)))
        in_wait.set()
        return len(texts(recorder)) > 1

    waiter = threading.Thread(target=lambda: recorder.wait(ready, DEADLINE))
    waiter.start()
    assert in_wait.wait(DEADLINE)
    container[1].give(raw(BYE))
    waiter.join(DEADLINE)
    assert asked == [1, 2]


def test_closing(follow: Follow) -> None:
    container = says("mx1", raw(HELLO) + BYE.encode()[:-1])
    engine = having(container)
    recorder = follow(engine)
    until(recorder, 1)
    answers: list[bool] = []
    waiter = threading.Thread(target=lambda: answers.append(recorder.wait(lambda _: False, DEADLINE * 10)), daemon=True)
    waiter.start()
    readers = [thread for thread in threading.enumerate() if thread.name.startswith("lab-")]
    with recorder:
        pass
    for thread in (waiter, *readers):
        thread.join(DEADLINE)
    assert answers == [False]
    assert container[1].closed
    assert engine.events.closed
    assert texts(recorder) == ["mx1 one"]
    assert not recorder.wait(lambda _: False, DEADLINE)


@pytest.mark.parametrize(
    ("stamp", "microsecond"),
    [
        ("2026-01-01T00:00:00.123456789Z", 123456),
        ("2026-01-01T00:00:00.1Z", 100000),
        ("2026-01-01T00:00:00Z", 0),
        ("2026-01-01T00:00:00.000000999Z", 0),
    ],
)
def test_stamps(stamp: str, microsecond: int) -> None:
    assert parse_stamp(stamp) == datetime(2026, 1, 1, 0, 0, 0, microsecond, tzinfo=UTC)


def test_what_is_new(follow: Follow) -> None:
    container = says("mx1", raw(HELLO))
    recorder = follow(having(container))
    lines, cursor = recorder.new(0, DEADLINE)
    assert [(line.host, line.text) for line in lines] == [("mx1", "one")]
    assert recorder.new(cursor, 0) == ([], cursor)
    threading.Timer(0.05, container[1].give, [raw(BYE)]).start()
    assert [line.text for line in recorder.new(cursor, DEADLINE)[0]] == ["two"]
    until(recorder, 2)
    assert [line.text for line in recorder.new(0)[0]] == ["one", "two"]


def test_nothing_is_new_any_more_when_every_host_has_stopped(follow: Follow) -> None:
    container = says("mx1", raw(HELLO))
    recorder = follow(having(container, other := says("mx2")))
    _, cursor = recorder.new(0)
    container[1].end()
    assert recorder.new(cursor, 0.05) == ([], cursor)
    threading.Timer(0.05, other[1].end).start()
    assert recorder.new(cursor) == ([], cursor)


def test_nothing_is_new_any_more_when_the_recorder_is_closed(follow: Follow) -> None:
    recorder = follow(having(says("mx1")))
    threading.Timer(0.05, recorder.close).start()
    assert recorder.new(0) == ([], 0)


def test_who_waits_for_what_is_new_is_told_of_a_failure(follow: Follow) -> None:
    container = says("mx1", raw(HELLO))
    recorder = follow(having(container))
    _, cursor = recorder.new(0)
    container[1].give(OSError("broken pipe"))
    with pytest.raises(LabError, match="broken pipe"):
        recorder.new(cursor)
    assert recorder.new(0)[1] == cursor


def test_hosts_that_say_nothing_about_mail_where_all_is_wanted(follow: Follow) -> None:
    recorder = follow(having(says("gateway", raw(HELLO), role="gateway")), mail_only=False)
    assert [(line.host, line.event) for line in recorder.new(0)[0]] == [("gateway", None)]
