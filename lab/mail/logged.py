"""What a host has logged about a test: about its messages, its domains, or anything at all on a host of its own."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from lab.engine.hosts import known
from lab.errors import LabError
from lab.route.about import about, marks
from lab.servers import software
from lab.servers.present import Present

if TYPE_CHECKING:
    from lab.mail.recorder import Recorder
    from lab.mail.submission import Submission

TIMEOUT = 20.0  # seconds; a line takes milliseconds from a host to Docker, and from there to us


def logged(
    host: str,
    since: datetime,
    submissions: Sequence[Submission],
    domains: Collection[str],
    hosts: Present,
    recorder: Recorder,
) -> list[str]:
    """Return the lines that *host* has logged about a test by now, in the order of its log.

    *since*: when the test began (aware); *submissions*, *domains*: its messages and domains (:mod:`lab.route.about`);
    of a host that the test has brought along all lines count. Raises LabError for a host whose log nobody follows.
    """
    found = known(hosts, host)
    if not recorder.caught_up(found.container, TIMEOUT):
        raise LabError(
            f"the log of {host} cannot be read to its end", hint="hosts that have one: MTAs and the mail store"
        )
    brought = host in hosts.brought
    said = [event for each in submissions for event in each.events()]
    lines = recorder.of(host, None if brought else since)
    return list(about(lines, marks(host, said, software.of(found).queue_id), (), domains, alone=brought))
