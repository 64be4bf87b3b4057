# ruff: noqa: E501  a log line stands in one line
"""A command of pipe(8) or local(8) takes a message: what it puts into a host again is the same message, and no other."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lab.mail.watch import Watch
from lab.route.events import Stored
from lab.route.history import History, Origin
from lab.route.model import Route

from .recordings import HOSTS, postfix_events

TAKEN = """
0 hub smtpd[10]: QQQQQQQQQQ1: client=gateway.lab.test[198.18.77.3]
0 hub cleanup[11]: QQQQQQQQQQ1: message-id=<m@home.test>
0 hub qmgr[12]: QQQQQQQQQQ1: from=<ana@home.test>, size=300, nrcpt=1 (queue active)
"""
UNKNOWN = "delivered via filter service; what the command did with it is not known"


def piped(at: float, queue_id: str = "QQQQQQQQQQ1", to: str = "a@x.test", pid: int = 20) -> str:
    return f"{at} hub pipe[{pid}]: {queue_id}: to=<{to}>, relay=filter, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (delivered via filter service)"


def picked_up(at: float, queue_id: str, message_id: str = "m@home.test") -> str:
    return f"""
{at} hub pickup[30]: {queue_id}: uid=65534 from=<ana@home.test>
{at} hub cleanup[31]: {queue_id}: message-id=<{message_id}>
{at} hub qmgr[12]: {queue_id}: from=<ana@home.test>, size=300, nrcpt=1 (queue active)"""


def discarded(at: float, queue_id: str, to: str) -> str:
    return f"""
{at} hub discard[40]: {queue_id}: to=<{to}>, relay=none, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (discarded)
{at} hub qmgr[12]: {queue_id}: removed"""


def story(*text: str) -> History:
    return History(HOSTS, postfix_events(TAKEN.strip() + "\n" + "\n".join(part.strip() for part in text)))


def routes(history: History) -> dict[str, Route]:
    found = history.routes(Origin("hub", "QQQQQQQQQQ1"))
    assert len({route.recipient for route in found}) == len(found)
    return {route.recipient: route for route in found}


@pytest.mark.parametrize("at", [1, 2.5])
def test_what_sendmail_left_is_followed_whether_pickup_came_before_the_command_ended_or_after(at: float) -> None:
    end = piped(2)
    again = picked_up(at, "QQQQQQQQQQ2") + discarded(at, "QQQQQQQQQQ2", "a@x.test")
    history = story(*([again, end] if at < 2 else [end, again]))
    route = routes(history)["a@x.test"]
    assert (route.outcome, route.hops) == ("discarded", ["hub", "hub"])
    assert history.commands(Origin("hub", "QQQQQQQQQQ1")) == ()
    assert [each.hops for each in history.routes("<m@home.test>")] == [["hub", "hub"]]


def test_a_command_of_local_is_followed_too() -> None:
    ended = (
        piped(2).replace("pipe[", "local[").replace("delivered via filter service", "delivered to command: /bin/script")
    )
    history = story(picked_up(1, "QQQQQQQQQQ2"), ended, discarded(3, "QQQQQQQQQQ2", "other@x.test"))
    route = routes(history)["a@x.test"]
    assert (route.outcome, route.final_recipient) == ("discarded", "other@x.test")


@pytest.mark.parametrize(
    "other",
    [
        picked_up(1, "QQQQQQQQQQ2", "another@home.test"),
        "1 hub smtpd[10]: QQQQQQQQQQ2: client=direct.home.test[198.18.77.22]\n1 hub cleanup[11]: QQQQQQQQQQ2: message-id=<m@home.test>",
        "3 hub smtpd[10]: QQQQQQQQQQ2: client=localhost[127.0.0.1]\n3 hub cleanup[11]: QQQQQQQQQQ2: message-id=<m@home.test>",
    ],
    ids=["another Message-ID", "from another host", "after the command has ended"],
)
def test_what_cannot_have_come_from_the_command_is_not_guessed_to_be_its_doing(other: str) -> None:
    lines = sorted((other + "\n" + piped(2)).strip().splitlines(), key=lambda line: float(line.split()[0]))
    history = story(*lines)
    route = routes(history)["a@x.test"]
    assert (route.outcome, route.reason, route.hops) == ("delivered", UNKNOWN, ["hub"])
    assert history.commands(Origin("hub", "QQQQQQQQQQ1")) == (("hub", "QQQQQQQQQQ1"),)


def test_of_two_commands_at_a_time_each_has_what_names_its_recipient_and_the_rest_is_nobody_s() -> None:
    history = story(
        picked_up(1, "QQQQQQQQQQ2") + picked_up(1, "QQQQQQQQQQ3"),
        piped(2, to="a@x.test", pid=20)
        + "\n"
        + piped(2.5, to="b@x.test", pid=21)
        + "\n2.6 hub qmgr[12]: QQQQQQQQQQ1: removed",
        discarded(3, "QQQQQQQQQQ2", "b@x.test") + discarded(3, "QQQQQQQQQQ3", "elsewhere@x.test"),
    )
    found = routes(history)
    assert (found["a@x.test"].outcome, found["a@x.test"].reason) == ("delivered", UNKNOWN)
    assert (found["b@x.test"].outcome, found["b@x.test"].final_recipient) == ("discarded", "b@x.test")


def test_one_run_for_two_recipients_is_one_command_however_long_its_lines_take() -> None:
    second = piped(2.1, to="b@x.test").replace("delay=1, delays=0/0/0/1,", "delay=1.1, delays=0/0/0/1.1,")
    again = discarded(3, "QQQQQQQQQQ2", "a@x.test") + "\n" + discarded(3, "QQQQQQQQQQ2", "b@x.test").strip()
    found = routes(story(piped(2), second, picked_up(2.5, "QQQQQQQQQQ2"), again))
    assert {each.outcome for each in found.values()} == {"discarded"}
    assert {each.final_recipient for each in found.values()} == {"a@x.test", "b@x.test"}


def test_what_pickup_takes_late_is_the_last_command_s() -> None:
    """A loop of two rounds: each command has left one message, and each pickup comes after its command's end."""
    history = story(
        piped(2),
        picked_up(2.1, "QQQQQQQQQQ2") + "\n" + piped(3, "QQQQQQQQQQ2", pid=21),
        picked_up(3.1, "QQQQQQQQQQ3") + discarded(4, "QQQQQQQQQQ3", "a@x.test"),
    )
    route = routes(history)["a@x.test"]
    assert (route.outcome, route.hops, route.copies) == ("discarded", ["hub", "hub", "hub"], 0)


def test_a_command_that_hands_it_to_the_scripted_host_is_followed_there() -> None:
    history = story(piped(2))
    at = history.events_of("<m@home.test>")[-1].at
    common: dict[str, Any] = {"session": "1", "client": "198.18.77.64", "client_port": 1, "sender": "", "size": 9}
    copy = Stored(
        host="scripted",
        at=at,
        server="198.18.77.130",
        queue_id="S1",
        recipients=("c@y.test",),
        message_id="<m@home.test>",
        **common,
    )
    history.add(replace(copy, client="198.18.77.22"))  # somebody else's
    assert routes(history)["a@x.test"].hops == ["hub"]
    history.add(replace(copy, queue_id="S2"))
    assert (routes(history)["a@x.test"].hops, routes(history)["a@x.test"].copies) == (["hub", "198.18.77.130"], 1)


def test_the_host_is_asked_once_what_a_command_has_left() -> None:
    class Recorder:
        def __init__(self) -> None:
            self.history = story(piped(2), "3 hub qmgr[12]: QQQQQQQQQQ1: removed")

        def wait(self, ready: Any, _: float) -> bool:
            return bool(ready(self.history))

        def read(self, question: Any) -> Any:
            return question(self.history)

    asked: list[str] = []

    def look(host: str, _: float) -> None:
        asked.append(host)
        for event in postfix_events(picked_up(4, "QQQQQQQQQQ2") + discarded(5, "QQQQQQQQQQ2", "a@x.test")):
            recorder.history.add(event)

    recorder = Recorder()
    watch = Watch(recorder, list, look)  # type: ignore[arg-type]  # what a Watch asks of a recorder
    (route,) = watch.routes(Origin("hub", "QQQQQQQQQQ1"), ["a@x.test"], 1, None)
    assert (asked, route.outcome) == (["hub"], "discarded")
    watch.routes(Origin("hub", "QQQQQQQQQQ1"), ["a@x.test"], 1, None)
    assert asked == ["hub"]
