"""What is new in the hosts' logs, for whoever follows them: lines as they come, and on through a restart."""

from __future__ import annotations

from collections import Counter

from lab import Lab
from lab.mail.following import follow
from lab.mail.recorder import Line
from lab.route.timeline import rows

DEADLINE = 30.0  # seconds; a host is up again sooner


def test_lines_go_on_when_a_host_is_started_again(lab: Lab) -> None:
    with lab.follow(None) as recorder:
        with lab.stopped("mx3"):
            pass
        seen: list[Line] = []
        cursor = 0
        while not any(line.host == "mx3" and "daemon started -- version" in line.text for line in seen):
            lines, cursor = recorder.new(cursor, DEADLINE)
            assert lines, [line.text for line in seen]
            seen += lines


def test_a_message_is_followed_to_its_end(lab: Lab) -> None:
    submission = lab.send(to=f"bia@{lab.domain}", via="direct")
    assert submission.origin is not None
    batches = follow(lab.recorder, submission.origin, lab.names)
    told = Counter((row.host, row.text) for batch in batches for row in batch)
    assert submission.route().outcome == "delivered"
    assert ("mailstore", f"bia@{lab.domain}: stored in INBOX") in told
    assert not told - Counter((row.host, row.text) for row in rows(submission.events(), lab.names))  # each once
