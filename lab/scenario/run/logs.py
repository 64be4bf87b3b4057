"""What the hosts have logged about a run: the lines that are about one message of it, or, without a message, the run.

In: what the hosts have said, the run's submissions. Out: lines, by the scenario's names of the hosts
(:mod:`lab.route.about` has the rule). A host whose log could not be read to the end is left out: nothing can be said
about it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from lab.route.about import Marks, about, marks
from lab.servers import software
from lab.verdict import Expectation, regex

if TYPE_CHECKING:
    from lab.engine.hosts import Host
    from lab.mail.recorder import Recorder
    from lab.mail.submission import Submission
    from lab.route.history import History
    from lab.route.names import Names


QUIET = 12.0  # seconds without a word about a message at its end; processes of Postfix end after max_idle, 10 s


class Logs:
    """The logs of one run, which began at *began* (aware) and has these *domains*.

    *names*: what it calls the *hosts*; *alone*: those that nobody else uses meanwhile.
    """

    def __init__(
        self,
        recorder: Recorder,
        hosts: Mapping[str, Host],
        names: Names,
        domains: Collection[str],
        began: datetime,
        alone: Collection[str],
    ) -> None:
        self._recorder = recorder
        self._hosts = hosts
        self._names = names
        self._domains = domains
        self._began = began
        self._alone = alone

    def of(
        self,
        expected: Expectation | None,
        sent: Sequence[Submission],
        message: Submission | None,
        deadline: float,
        ended: Callable[[], bool],
    ) -> Mapping[str, Sequence[str]] | None:
        """Return the lines about *message* of each host that is *expected* to have logged something, or not to.

        Waits until each line that is expected is there, or can no longer come: *ended* says that the message is at its
        end, and the hosts say nothing more about it; at most until *deadline* (monotonic). Then until all that they
        have logged by now has been read. *sent*: all messages of the run.
        """
        logged, not_logged = (expected.logged or {}, expected.not_logged or {}) if expected else ({}, {})
        hosts = {*logged, *not_logged}
        if not hosts:
            return None

        def there() -> bool:
            return all(_each_is_in(patterns, self._lines(host, sent, message)) for host, patterns in logged.items())

        def now() -> tuple[bool, int]:
            return ended(), sum(1 for host in logged for _ in self._lines(host, sent, message))

        def news(before: tuple[bool, int], _: History) -> bool:
            return there() or now() != before

        changed = True
        while changed and not there():
            before, left = now(), max(0.0, deadline - time.monotonic())
            changed = self._recorder.wait(partial(news, before), min(QUIET, left) if before[0] else left)
        patience = max(5.0, deadline - time.monotonic())  # Docker has the lines already
        return {
            host: list(self._lines(host, sent, message))
            for host in sorted(hosts)
            if self._recorder.caught_up(self._hosts[self._names.real(host)].container, patience)
        }

    def _lines(self, host: str, sent: Sequence[Submission], message: Submission | None) -> Iterator[str]:
        real = self._names.real(host)
        own = real in self._names.own.values()
        lines = self._recorder.of(real, None if own else self._began)
        queue_id = software.of(self._hosts[real]).queue_id
        others = [marks(real, each.events(), queue_id) for each in sent if each is not message]
        of_message = marks(real, message.events(), queue_id) if message is not None else Marks()
        found = about(lines, of_message, others, self._domains, alone=own or real in self._alone)
        return (self._names.told(line) for line in found)


def _each_is_in(patterns: Sequence[str], lines: Iterator[str]) -> bool:
    found = list(lines)
    return all(any(regex.found(pattern, line) for line in found) for pattern in patterns)
