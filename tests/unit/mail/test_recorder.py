"""The recorder, with a Docker client that says what a test lets it say."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from docker import DockerClient
from docker.errors import NotFound

from lab.errors import LabError
from lab.mail.recorder import Recorder, parse_stamp
from lab.route.history import History

DEADLINE = 20  # seconds; only a test that fails waits so long
END = object()
HELLO, BYE = "2026-01-01T00:00:01.000000001Z one", "2026-01-01T00:00:02.000000001Z two"
CONNECT = "Jan 01 00:00:01 mx1 postfix/smtpd[7]: connect from client.home.test[198.18.0.21]"


class FakeResponse:
    """What is behind a stream of Docker's."""

    closed = False

    def close(self) -> None:
        self.closed = True


class FakeStream:
    """A stream of Docker's: yields what is given to it; ends when it is closed, as Docker's own does."""

    def __init__(self, *first: object) -> None:
        self.closed = False
        self._response = FakeResponse()
        self._items: queue.SimpleQueue[object] = queue.SimpleQueue()
        for item in first:
            self.give(item)

    def give(self, item: object) -> None:
        self._items.put(item)

    def end(self) -> None:
        self.give(END)

    def close(self) -> None:
        self.closed = True
        self.end()

    def __iter__(self) -> Iterator[Any]:
        while (item := self._items.get()) is not END:
            if isinstance(item, Exception):
                raise item
            yield item


@dataclass
class FakeContainer:
    id: str
    labels: Mapping[str, str]
    streams: dict[str, FakeStream]  # start to the log of that run
    started: str = "2026-01-01T00:00:00Z"
    since: list[float] = field(default_factory=list)
    gone: bool = False

    @property
    def attrs(self) -> dict[str, Any]:
        return {"State": {"StartedAt": self.started}}

    def logs(self, *, stream: bool, follow: bool, timestamps: bool, since: float) -> FakeStream:
        assert stream
        assert follow
        assert timestamps
        if self.gone:
            raise NotFound("no such container")
        self.since.append(since)
        return self.streams[self.started]


class FakeDocker:
    """Both the client and its ``containers``."""

    def __init__(self, *containers: FakeContainer) -> None:
        self.all = {each.id: each for each in containers}
        self.starts = FakeStream()
        self.containers = self.api = self
        self.last = b""
        self.asked: list[Any] = []

    def events(self, **parameters: Any) -> FakeStream:
        self.asked.append(parameters)
        return self.starts

    def list(self, **parameters: Any) -> list[FakeContainer]:
        self.asked.append(parameters)
        return list(self.all.values())

    def get(self, container: str) -> FakeContainer:
        if container not in self.all:
            raise NotFound("no such container")
        return self.all[container]

    def logs(self, container: str, *, tail: int, timestamps: bool) -> bytes:
        self.get(container)
        assert (tail, timestamps) == (1, True)
        return self.last


def host(name: str = "mx1", role: str = "mx", owner: str | None = None, *first: object) -> FakeContainer:
    labels = {"mail-lab.host": name, "mail-lab.role": role}
    if owner is not None:
        labels["mail-lab.owner"] = owner
    return FakeContainer(f"id-{name}", labels, {"2026-01-01T00:00:00Z": FakeStream(*first)})


@pytest.fixture
def follow() -> Iterator[Callable[[FakeDocker], Recorder]]:
    recorders: list[Recorder] = []

    def start(docker: FakeDocker, since: float | None = 1.5, *, mail_only: bool = True) -> Recorder:
        recorders.append(Recorder(cast("DockerClient", docker), "main", History({}), since, mail_only=mail_only))
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


def test_what_is_asked_of_docker(follow: Follow) -> None:
    docker = FakeDocker(host())
    follow(docker)
    label = {"label": "mail-lab.name=main"}
    assert docker.asked == [
        {"decode": True, "filters": {**label, "event": "start"}, "since": 1},
        {"all": True, "ignore_removed": True, "filters": label},
    ]
    assert docker.all["id-mx1"].since == [1.5]


def test_lines_become_events(follow: Follow) -> None:
    stamped = f"2026-01-01T00:00:01.123456789Z {CONNECT}"
    recorder = follow(FakeDocker(host("mx1", "mx", None, raw(stamped, "2026-01-01T00:00:01.2Z no event"))))
    until(recorder, 2)
    (event,) = recorder.read(lambda history: history.contacts(datetime(2026, 1, 1, tzinfo=UTC)))
    assert (event.host, event.at) == ("mx1", datetime(2026, 1, 1, 0, 0, 1, 123456, tzinfo=UTC))
    since = datetime(2026, 1, 1, 0, 0, 1, 200000, tzinfo=UTC)
    assert recorder.lines(since) == [(since, "mx1", "no event", None)]


def test_lines_of_one_host(follow: Follow) -> None:
    recorder = follow(FakeDocker(host("mx1", "mx", None, raw(HELLO, BYE)), host("mx2", "mx", None, raw(HELLO))))
    until(recorder, 3)
    assert recorder.of("mx1") == ["one", "two"]
    assert recorder.of("mx1", datetime(2026, 1, 1, 0, 0, 2, tzinfo=UTC)) == ["two"]
    assert recorder.of("mx9") == []


def test_a_host_is_caught_up_when_its_last_line_is_recorded(follow: Follow) -> None:
    one = host("mx1", "mx", None, raw(HELLO))
    docker = FakeDocker(one, host("dns", "gateway"))
    recorder = follow(docker)
    until(recorder, 1)
    docker.last = raw(HELLO)
    assert recorder.caught_up("id-mx1", DEADLINE)
    docker.last = raw(BYE)
    assert not recorder.caught_up("id-mx1", 0)
    threading.Timer(0.05, one.streams[one.started].give, [raw(BYE)]).start()
    assert recorder.caught_up("id-mx1", DEADLINE)
    assert recorder.of("mx1") == ["one", "two"]


def test_what_was_logged_before_it_was_followed_is_not_waited_for(follow: Follow) -> None:
    docker = FakeDocker(host())
    recorder = follow(docker)
    assert recorder.caught_up("id-mx1", 0)  # it has logged nothing
    docker.last = b"1970-01-01T00:00:01.000000000Z before\n"
    assert recorder.caught_up("id-mx1", 0)


def test_a_host_that_is_gone_or_not_followed_is_never_caught_up(follow: Follow) -> None:
    docker = FakeDocker(host("gateway", "gateway"))
    recorder = follow(docker)
    assert not recorder.caught_up("id-gateway", 0)
    assert not recorder.caught_up("id-mx7", 0)


def test_lines_of_all_hosts_in_order_of_time(follow: Follow) -> None:
    one, two = host("mx1", "mx", None, raw(BYE)), host("mx2", "mx", None, raw(HELLO))
    assert until(follow(FakeDocker(one, two)), 2) == ["mx2 one", "mx1 two"]


@pytest.mark.parametrize("size", [1, 7, 31, 1000])
def test_chunks_end_anywhere(follow: Follow, size: int) -> None:
    data = raw("2026-01-01T00:00:01.000000001Z größe", "2026-01-01T00:00:01.000000002Z ", BYE)
    chunks = [data[start : start + size] for start in range(0, len(data), size)]
    assert until(follow(FakeDocker(host("mx1", "mx", None, *chunks))), 3) == ["mx1 größe", "mx1 ", "mx1 two"]


def test_a_line_is_recorded_when_it_is_whole(follow: Follow) -> None:
    container = host("mx1", "mx", None, raw(HELLO) + BYE.encode()[:-1])
    recorder = follow(FakeDocker(container))
    assert until(recorder, 1) == ["mx1 one"]
    container.streams[container.started].give(b"o, too\n")
    assert until(recorder, 2) == ["mx1 one", "mx1 two, too"]


def test_the_last_words_of_a_host_that_dies_in_a_line(follow: Follow) -> None:
    container = host("mx1", "mx", None, raw(HELLO) + BYE.encode())
    container.streams[container.started].end()
    assert until(follow(FakeDocker(container)), 2) == ["mx1 one", "mx1 two"]


def test_hosts_that_say_nothing_about_mail_and_guests_of_others(follow: Follow) -> None:
    docker = FakeDocker(
        host("gateway", "gateway", None, raw(HELLO)),
        host("theirs", "mx", "somebody", raw(HELLO)),
        host("mx1", "mx", None, raw(HELLO)),
    )
    assert until(follow(docker), 1) == ["mx1 one"]
    assert docker.all["id-gateway"].since == docker.all["id-theirs"].since == []


def test_a_host_that_joins_later(follow: Follow) -> None:
    docker = FakeDocker()
    recorder = follow(docker)
    recorder.owners.add("me")
    docker.all["id-mine"] = host("mine", "mx", "me", raw(HELLO))
    docker.starts.give({"id": "id-mine"})
    assert until(recorder, 1) == ["mine one"]
    assert docker.all["id-mine"].since == [1.5]


def test_a_start_that_is_told_twice(follow: Follow) -> None:
    docker = FakeDocker(host("mx1", "mx", None, raw(HELLO)))
    recorder = follow(docker)
    docker.all["id-mx2"] = host("mx2", "mx", None, raw(BYE))
    docker.starts.give({"id": "id-mx1"})
    docker.starts.give({"id": "id-mx2"})
    assert until(recorder, 2) == ["mx1 one", "mx2 two"]
    assert docker.all["id-mx1"].since == [1.5]


def test_a_host_that_is_started_again(follow: Follow) -> None:
    container = host("mx1", "mx", None, raw(HELLO))
    docker = FakeDocker(container)
    recorder = follow(docker)
    until(recorder, 1)
    container.streams[container.started].end()
    container.started = "2026-01-01T00:00:01.5Z"
    # Docker's "since" is not exact: the line before comes again.
    container.streams[container.started] = FakeStream(raw(HELLO, BYE))
    docker.starts.give({"id": "id-mx1"})
    assert until(recorder, 2) == ["mx1 one", "mx1 two"]
    assert container.since == [1.5, 1767225601.0]


def test_a_host_is_started_again_while_its_last_lines_are_read(follow: Follow) -> None:
    container = host("mx1", "mx", None, raw(HELLO))
    docker = FakeDocker(container)
    recorder = follow(docker)
    until(recorder, 1)
    first = container.streams[container.started]
    container.started = "2026-01-01T00:00:02.5Z"
    again = container.streams[container.started] = FakeStream(raw(HELLO, BYE, "2026-01-01T00:00:03.000000001Z three"))
    docker.starts.give({"id": "id-mx1"})
    until(recorder, 3)
    first.give(raw(BYE, "2026-01-01T00:00:03.000000001Z three"))  # late, and more than its own run
    again.give(raw("2026-01-01T00:00:04.000000001Z four"))
    until(recorder, 4)
    first.give(b"")
    assert texts(recorder) == ["mx1 one", "mx1 two", "mx1 three", "mx1 four"]


@pytest.mark.parametrize("gone", [True, False])
def test_a_host_that_is_removed_as_soon_as_it_starts(follow: Follow, gone: bool) -> None:
    docker = FakeDocker()
    recorder = follow(docker)
    if gone:  # after Docker has told what it is
        docker.all["id-short"] = host("short")
        docker.all["id-short"].gone = True
    docker.starts.give({"id": "id-short"})
    docker.all["id-mx1"] = host("mx1", "mx", None, raw(HELLO))
    docker.starts.give({"id": "id-mx1"})
    assert until(recorder, 1) == ["mx1 one"]


def test_a_host_that_is_removed_while_the_recorder_begins(follow: Follow) -> None:
    short = host("short")
    short.gone = True
    assert until(follow(FakeDocker(short, host("mx1", "mx", None, raw(HELLO)))), 1) == ["mx1 one"]


def fails(recorder: Recorder) -> str:
    with pytest.raises(LabError) as caught:
        recorder.wait(lambda _: False, DEADLINE)
    cause, hint = str(caught.value).split("\n")
    assert hint == "  is the Docker engine still running? `lab status` tells"
    return cause


def test_a_failure_is_told_to_every_waiter(follow: Follow) -> None:
    container = host()
    recorder = follow(FakeDocker(container))
    told: list[str] = []
    waiters = [threading.Thread(target=lambda: told.append(fails(recorder))) for _ in range(2)]
    for waiter in waiters:
        waiter.start()
    container.streams[container.started].give(OSError("broken pipe"))
    for waiter in waiters:
        waiter.join(DEADLINE)
    assert told == ["the lab's logs can no longer be followed: broken pipe"] * 2
    assert fails(recorder) == told[0]


def test_docker_goes_away(follow: Follow) -> None:
    docker = FakeDocker(host())
    recorder = follow(docker)
    docker.starts.end()  # Docker's client hides why
    assert fails(recorder) == "the lab's logs can no longer be followed: Docker's events have ended"


def test_docker_has_a_word_of_its_own_in_the_log(follow: Follow) -> None:
    recorder = follow(FakeDocker(host("mx1", "mx", None, raw("Error grabbing logs: unexpected EOF"))))
    assert "no line of a log: 'Error grabbing logs: unexpected EOF'" in fails(recorder)


def test_what_is_known_counts_even_after_a_failure(follow: Follow) -> None:
    container = host("mx1", "mx", None, raw(HELLO))
    recorder = follow(FakeDocker(container))
    until(recorder, 1)
    container.streams[container.started].give(OSError("broken pipe"))
    fails(recorder)
    assert until(recorder, 1) == ["mx1 one"]


def test_waiting_has_a_deadline(follow: Follow) -> None:
    recorder = follow(FakeDocker(host("mx1", "mx", None, raw(HELLO))))
    until(recorder, 1)
    assert not recorder.wait(lambda _: False, 0.05)
    assert not recorder.wait(lambda _: False, 0)
    assert recorder.wait(lambda _: True, 0)


def test_asked_only_when_something_is_new(follow: Follow) -> None:
    container = host("mx1", "mx", None, raw(HELLO))
    recorder = follow(FakeDocker(container))
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
    container.streams[container.started].give(raw(BYE))
    waiter.join(DEADLINE)
    assert asked == [1, 2]


def test_closing(follow: Follow) -> None:
    container = host("mx1", "mx", None, raw(HELLO) + BYE.encode()[:-1])
    docker = FakeDocker(container)
    recorder = follow(docker)
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
    assert container.streams[container.started].closed
    assert docker.starts.closed
    assert docker.starts._response.closed
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
    container = host("mx1", "mx", None, raw(HELLO))
    recorder = follow(FakeDocker(container))
    lines, cursor = recorder.new(0, DEADLINE)
    assert [(line.host, line.text) for line in lines] == [("mx1", "one")]
    assert recorder.new(cursor, 0) == ([], cursor)
    threading.Timer(0.05, container.streams[container.started].give, [raw(BYE)]).start()
    assert [line.text for line in recorder.new(cursor, DEADLINE)[0]] == ["two"]
    until(recorder, 2)
    assert [line.text for line in recorder.new(0)[0]] == ["one", "two"]


def test_nothing_is_new_any_more_when_every_host_has_stopped(follow: Follow) -> None:
    container = host("mx1", "mx", None, raw(HELLO))
    recorder = follow(FakeDocker(container, other := host("mx2")))
    _, cursor = recorder.new(0)
    container.streams[container.started].end()
    assert recorder.new(cursor, 0.05) == ([], cursor)
    threading.Timer(0.05, other.streams[other.started].end).start()
    assert recorder.new(cursor) == ([], cursor)


def test_nothing_is_new_any_more_when_the_recorder_is_closed(follow: Follow) -> None:
    recorder = follow(FakeDocker(host()))
    threading.Timer(0.05, recorder.close).start()
    assert recorder.new(0) == ([], 0)


def test_who_waits_for_what_is_new_is_told_of_a_failure(follow: Follow) -> None:
    container = host("mx1", "mx", None, raw(HELLO))
    recorder = follow(FakeDocker(container))
    _, cursor = recorder.new(0)
    container.streams[container.started].give(OSError("broken pipe"))
    with pytest.raises(LabError, match="broken pipe"):
        recorder.new(cursor)
    assert recorder.new(0)[1] == cursor


def test_hosts_that_say_nothing_about_mail_where_all_is_wanted(follow: Follow) -> None:
    recorder = follow(FakeDocker(host("gateway", "gateway", None, raw(HELLO))), mail_only=False)
    assert [(line.host, line.event) for line in recorder.new(0)[0]] == [("gateway", None)]
