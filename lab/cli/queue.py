"""`lab queue`: what lies in the mail queues and why, and Postfix's own commands on it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from lab.cli import attach, complete, failure
from lab.cli.console import Row, document, say, table
from lab.cli.group import Defaulting, example
from lab.cli.options import HostName, Json, LabName

if TYPE_CHECKING:
    from lab.lab import Lab
    from lab.servers.queue import QueuedMessage

HEAD = ("HOST", "QUEUE ID", "QUEUE", "SINCE (UTC)", "SIZE", "FROM", "TO, AND WHY IT WAITS")
Which = Annotated[str, typer.Argument(metavar="ID|ALL", show_default=False, help="A queue id, or ALL.")]
group = typer.Typer(
    cls=Defaulting,
    help="List and change the mail queues.\n\n`lab queue [HOST]...` is short for `lab queue list [HOST]...`.",
)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(
        group,
        name="queue",
        epilog=example(
            "$ lab queue direct",
            "HOST    QUEUE ID         QUEUE     SINCE (UTC)  SIZE  FROM           TO, AND WHY IT WAITS",
            "direct  4dGxqZ1zZ7z9rwy  deferred  12:00:00     412   ana@home.test  bia@dest.test: Connection refused",
        ),
    )


@group.command("list", epilog=example("$ lab queue list mx1 --json", "[]"))
def show(
    hosts: Annotated[
        list[str] | None,
        typer.Argument(metavar="HOST", autocompletion=complete.hosts, help="Hosts. [default: all that have a queue]"),
    ] = None,
    lab: LabName = None,
    json: Json = False,
) -> None:
    """List the messages in the queues of hosts, oldest first."""
    with attach.lab(str(lab)) as running:
        found = [(host, message) for host in hosts or _with_queue(running) for message in running.queue(host).list()]
    if json:
        document([{"host": host, **message.to_json()} for host, message in found])
    elif found:
        table(HEAD, [_row(host, message) for host, message in found])
    else:
        say("Nothing is in the queues." if not hosts else f"Nothing is in the queue of {', '.join(hosts)}.")


@group.command(epilog=example("$ lab queue flush direct", "direct tries its deferred messages now"))
def flush(
    host: HostName,
    queue_id: Annotated[
        str | None, typer.Argument(metavar="ID", help="A queue id. [default: all deferred messages]")
    ] = None,
    lab: LabName = None,
) -> None:
    """Try deferred messages now (postqueue -f, -i)."""
    everything = queue_id is None or queue_id == "ALL"
    with attach.lab(str(lab)) as running:
        queue = running.queue(host)
        if queue_id is not None and not everything:  # postqueue -i says nothing of a message that is not there
            _met(int(queue.get(queue_id) is not None), host, queue_id)
        queue.flush(None if everything else queue_id)
    say(f"{host} tries {'its deferred messages' if everything else queue_id} now")


@group.command(epilog=example("$ lab queue hold direct ALL", "direct holds every message until `lab queue release`"))
def hold(host: HostName, queue_id: Which, lab: LabName = None) -> None:
    """Keep messages from being tried until they are released (postsuper -h)."""
    with attach.lab(str(lab)) as running:
        _met(running.queue(host).hold(queue_id), host, queue_id)
    say(f"{host} holds {_named(queue_id)} until `lab queue release`")


@group.command(epilog=example("$ lab queue expire direct ALL", "direct returns every message at its next queue run"))
def expire(host: HostName, queue_id: Which, lab: LabName = None) -> None:
    """Return messages to their senders at the next queue run, as if their time were over (postsuper -e)."""
    with attach.lab(str(lab)) as running:
        _met(running.queue(host).expire(queue_id), host, queue_id)
    say(f"{host} returns {_named(queue_id)} at its next queue run")


@group.command(epilog=example("$ lab queue release direct ALL", "direct has released every message"))
def release(host: HostName, queue_id: Which, lab: LabName = None) -> None:
    """Let held messages be tried again (postsuper -H)."""
    with attach.lab(str(lab)) as running:
        _met(running.queue(host).release(queue_id), host, queue_id)
    say(f"{host} has released {_named(queue_id)}")


@group.command(epilog=example("$ lab queue delete direct 4dGxqZ1zZ7z9rwy", "direct has deleted 4dGxqZ1zZ7z9rwy"))
def delete(host: HostName, queue_id: Which, lab: LabName = None) -> None:
    """Delete messages, without a notice to anyone (postsuper -d)."""
    with attach.lab(str(lab)) as running:
        _met(running.queue(host).delete(queue_id), host, queue_id)
    say(f"{host} has deleted {_named(queue_id)}")


def _with_queue(running: Lab) -> list[str]:
    from lab.servers import software

    return sorted(host.name for host in running.hosts.values() if software.of(host).queue is not None and host.runs)


def _named(queue_id: str) -> str:
    return "every message" if queue_id == "ALL" else queue_id


def _row(host: str, message: QueuedMessage) -> Row:
    why = "; ".join(f"{to}: {reason}" if reason else to for to, reason in message.recipients.items())
    return (
        (host, "bold"),
        message.queue_id,
        (message.queue, "yellow" if message.queue in ("deferred", "hold") else ""),
        f"{datetime.fromtimestamp(message.arrival, UTC):%H:%M:%S}",
        str(message.size),
        message.sender or "<>",
        why,
    )


def _met(count: int, host: str, queue_id: str) -> None:
    """Say so when no message was met. Postfix's own commands end with 0 then."""
    if count == 0 and queue_id != "ALL":
        raise failure.AnswerError(
            f"no message {queue_id} in the queue of {host} is changed by that",
            hint=f"`lab queue {host}` lists what is there",
        )
