"""Which lines are about a message: its own, those that name the run, and no other message's."""

from __future__ import annotations

import pytest

from lab.route.about import Marks, about, marks
from lab.servers.postfix.line import queue_id

from .recordings import read_events, read_lines

OWN = Marks(queue_id, frozenset({"4jYhZs4rBMzDPP8"}), frozenset({"<1@home.test>"}))
OTHER = Marks(queue_id, frozenset({"4jYhZs5F6LzDPSq"}), frozenset({"<2@home.test>"}))
HEAD = "Nov 24 12:15:01 direct postfix"


def counts(line: str, *, alone: bool = False) -> bool:
    return bool(list(about([line], OWN, [OTHER], ["d1.test"], alone=alone)))


@pytest.mark.parametrize(
    ("line", "shared", "alone"),
    [
        (f"{HEAD}/bounce[7]: warning: 4jYhZs4rBMzDPP8: undeliverable postmaster notification discarded", True, True),
        (f"{HEAD}/smtp[7]: 4jYhZs4rBMzDPP8: to=<bia@elsewhere.test>, relay=none", True, True),
        (f"{HEAD}/smtp[7]: 4jYhZs5F6LzDPSq: to=<bia@d1.test>, relay=none", False, False),
        (f"{HEAD}/smtp[7]: 4jYhZs9999zDPSq: to=<bia@elsewhere.test>, relay=none", False, True),
        (f"{HEAD}/smtp[7]: 4jYhZs9999zDPSq: to=<bia@D1.test>, relay=none", True, True),
        (f"{HEAD}/smtpd[7]: NOQUEUE: reject: RCPT from a.test[1.2.3.4]: 550 no; to=<bia@d1.test>", True, True),
        (f"{HEAD}/smtpd[7]: NOQUEUE: reject: RCPT from a.test[1.2.3.4]: 550 no; to=<bia@d2.test>", False, True),
        (f"{HEAD}/smtp[7]: connect to mx-a.d1.test[198.18.0.130]:25: Connection refused", True, True),
        ("Nov 24 lmtp(ana@home.test)<42><VTJ>: Info: msgid=<1@home.test>: saved mail to INBOX", True, True),
        ("Nov 24 lmtp(ana@home.test)<42><VTJ>: Info: msgid=<2@home.test>: saved mail to INBOX", False, False),
        ("postfix/postlog: starting the Postfix mail system", False, True),
    ],
)
def test_a_line_counts(line: str, *, shared: bool, alone: bool) -> None:
    assert (counts(line), counts(line, alone=True)) == (shared, alone)


def test_the_marks_of_a_real_message_find_its_lines_on_each_host() -> None:
    said, lines = read_events("double-bounce"), read_lines("double-bounce")
    own = marks("direct", said, queue_id)
    assert own.queue_ids
    found = list(about((line for host, _, line in lines if host == "direct"), own, [], [], alone=False))
    assert [line for line in found if "non-delivery notification" in line]
    assert not [line for line in found if "connect from" in line]
    assert marks("mx1", said, queue_id).queue_ids.isdisjoint(own.queue_ids)
    assert "<>" not in own.message_ids
