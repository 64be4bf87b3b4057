"""What a command did with a message: pipe(8) and local(8) run one for a recipient, and know only how it ended.

A command that sends the message on, by SMTP or with sendmail(1), puts the same Message-ID into a host again. That is a
message which came from the host on which the command ran, while it ran, and which no delivery line of that host names.
sendmail(1) leaves the message in the folder maildrop, and pickup(8) may come for it when the command is over already:
such a message belongs to the command that has ended last. Where two ran at a time, only what names the recipient is
told apart; of the rest, and where the Message-ID was changed, nobody says what became of it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from lab.route.events import Active, Delivery, Stored
from lab.route.queuefile import QueueFile

if TYPE_CHECKING:
    from lab.route.history import History


@dataclass(frozen=True, slots=True)
class Command:
    """One run of a command. ``begun`` is no later than that: when the queue manager took the message up."""

    file: QueueFile
    recipients: frozenset[str]  # for whom it ran, in lower case, under both names that they have
    begun: datetime
    ended: datetime


def put_back(
    history: History, file: QueueFile, delivery: Delivery, path: Collection[tuple[str, str]]
) -> Sequence[QueueFile | Stored]:
    """Return what the command that took *delivery* has put into hosts again. *path*: where the message was before."""
    if not file.message_id or file.message_id == "<>":  # others have that too
        return []
    of_message = history.files_of(file.message_id)
    commands = [command for each in of_message if each.host == file.host for command in _commands(each)]
    mine = next(each for each in commands if each.file is file and _names(delivery) <= each.recipients)
    named = {name for each in of_message if each.host == file.host for name in history.handed_on(each)}
    alone = not any(each.begun <= mine.ended and mine.begun <= each.ended for each in commands if each is not mine)
    found: list[QueueFile | Stored] = []
    for other in of_message:
        if other is file or (other.host, other.queue_id) in named or (other.host, other.queue_id) in path:
            continue
        if history.came_from(other) == file.host and _during(other, mine, commands):
            found.append(other)
    for copy in history.copies_of(file.message_id):
        if (copy.server, copy.queue_id) in named or not mine.begun <= copy.at <= mine.ended:
            continue
        if history.hosts.get(copy.client) == file.host:
            found.append(copy)
    return [each for each in found if alone or mine.recipients & _recipients(each)]


def _commands(file: QueueFile) -> list[Command]:
    """Return the runs of commands for recipients of *file*: one process says at once what becomes of all of a run."""
    runs: list[list[Delivery]] = []
    begun: list[datetime] = []
    active = file.events[0].at
    for event in file.events:
        if isinstance(event, Active):
            active = event.at
        elif isinstance(event, Delivery) and event.how == "command":
            last = runs[-1][-1] if runs else None
            if last and _request(last) == _request(event):
                runs[-1].append(event)
            else:
                runs.append([event])
                begun.append(active)
    return [
        Command(file, frozenset().union(*map(_names, run)), start, run[0].at)
        for start, run in zip(begun, runs, strict=True)
    ]


def _request(delivery: Delivery) -> tuple[object, ...]:
    """Return what all lines of one delivery request have in common; ``delays[3]`` ends with the line itself."""
    return delivery.pid, delivery.delays[:3], delivery.text


def _during(other: QueueFile, mine: Command, commands: Collection[Command]) -> bool:
    """Whether *other* came in while the command ran, or was its last doing."""
    came = other.received.at if other.received else other.events[0].at
    if mine.begun <= came <= mine.ended:
        return True
    if other.received is not None or came < mine.ended:
        return False
    if any(each.begun <= came <= each.ended for each in commands if each.file is not other):
        return False
    return not any(mine.ended < each.ended < came for each in commands)


def _names(delivery: Delivery) -> frozenset[str]:
    return frozenset(each.casefold() for each in (delivery.recipient, delivery.original) if each)


def _recipients(each: QueueFile | Stored) -> frozenset[str]:
    if isinstance(each, Stored):
        return frozenset(recipient.casefold() for recipient in each.recipients)
    return frozenset().union(*map(_names, each.of(Delivery)))
