"""`lab send`: hands a message to a host, waits for its route, and tells its story."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lab import files
from lab.cli import attach, codes, complete, names, story
from lab.cli.console import document, say
from lab.cli.group import example
from lab.cli.options import EvidenceFolder, Json, LabName, Timeout, Via, readable
from lab.mail.dsn import Dsn

if TYPE_CHECKING:
    from lab.lab import Lab
    from lab.mail.submission import RouteTimeoutError, Submission
    from lab.mail.submit import Message
    from lab.route.model import Route

EXAMPLE = example(
    "$ lab send bia@dest.test --via direct",
    "ana@home.test -> bia@dest.test: delivered 2.0.0 into INBOX",
    "  hops: direct -> mx1",
    "  + direct -> mx1  end-of-data  250 2.0.0 Ok: queued as 4dGxqZ1zZ7z9rwy",
    "...and the timeline: what each host asked, tried, heard and did",
)
TEXT = "A message through the mail-routing lab.\n"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog=EXAMPLE)(send)


def send(  # noqa: PLR0913, PLR0917  a message is told by its options
    to: Annotated[list[str] | None, typer.Argument(metavar="TO", help="Recipients. [default: bia@dest.test]")] = None,
    via: Via = "client",
    sender: Annotated[
        str, typer.Option("--from", metavar="ADDRESS", help='The envelope\'s sender; "" for none.')
    ] = "ana@home.test",
    subject: Annotated[str, typer.Option("--subject", metavar="TEXT", help="The Subject field.")] = "A test message",
    body: Annotated[str | None, typer.Option("--body", metavar="TEXT", help="The text of the message.")] = None,
    file: Annotated[
        Path | None,
        typer.Option(
            "--file",
            metavar="PATH",
            callback=readable,
            help='A whole message, header and all, sent as it is; "-" reads it from standard input.',
        ),
    ] = None,
    login: Annotated[
        str | None,
        typer.Option(
            "--login",
            metavar="NAME[:PASSWORD]",
            autocompletion=complete.users,
            help="Log in, as port 587 wants it: a name of the users file, or another with its password.",
        ),
    ] = None,
    notify: Annotated[
        str | None,
        typer.Option(
            "--notify",
            metavar="WHEN",
            help='When a notice is wanted: "success,failure,delay", some of them, or "never" (RFC 3461).',
        ),
    ] = None,
    wait: Annotated[
        bool, typer.Option("--wait/--no-wait", help="Wait for the route, or end when the message is handed over.")
    ] = True,
    timeout: Timeout = 60.0,
    evidence: EvidenceFolder = None,
    lab: LabName = None,
    json: Json = False,
) -> None:
    """Send a message and show its route.

    Waits until the servers' own logs tell all of it. Exit code 0: delivered to every recipient; 1: not.
    """
    if body is not None and file is not None:
        raise typer.BadParameter("--body and --file cannot both be the message")
    message, dsn = _message(body, file), _dsn(notify)
    name, password = _login(login)
    began = datetime.now(UTC)
    with attach.lab(str(lab)) as running:
        submission = running.send(
            to=to or ["bia@dest.test"],
            via=via,
            sender=sender,
            message=message,
            subject=subject,
            login=(name, password) if name and password else name,
            dsn=dsn,
        )
        if not wait:
            _handed_over(submission, str(lab), json)
            return
        late = _late(submission, timeout)
        found = _saved(evidence, running, submission, began) if evidence else submission.known()
        if json:
            document([route.to_json() for route in found])
        elif late is None:
            _show(submission, found, running.names, str(lab))
        if evidence is not None and not json:
            say(f"The evidence is in {evidence}.")
    if late is not None:
        raise late
    if any(route.outcome != "delivered" for route in found):
        raise typer.Exit(codes.NO)


def _message(body: str | None, file: Path | None) -> Message:
    if file is None:
        return TEXT if body is None else body if body.endswith("\n") else f"{body}\n"
    return files.standard_input(files.MESSAGE) if str(file) == files.STDIN else file


def _dsn(notify: str | None) -> Dsn:
    dsn = Dsn(tuple(notify.split(",")) if notify else ())
    for _, problem in dsn.problems():
        raise typer.BadParameter(f"--notify: {problem}")
    return dsn


def _login(given: str | None) -> tuple[str | None, str | None]:
    name, _, password = (given or "").partition(":")
    return name or None, password or None


def _late(submission: Submission, timeout: float) -> RouteTimeoutError | None:
    """Wait for the routes; return the error that says what is missing when time is up."""
    from lab.mail.submission import RouteTimeoutError

    try:
        submission.routes(timeout=timeout)
    except RouteTimeoutError as error:
        return error
    return None


def _saved(folder: Path, running: Lab, submission: Submission, began: datetime) -> list[Route]:
    from lab.mail.evidence import save

    return save(folder, [submission], began, hosts=running.hosts, domains=running.domains, recorder=running.recorder)


def _handed_over(submission: Submission, lab: str, json: bool) -> None:
    receipt = submission.receipt
    final = None if receipt.final is None else str(receipt.final)
    if json:
        refused = {address: str(reply) for address, reply in receipt.refused.items()}
        document(
            {
                "message_id": receipt.message_id,
                "host": submission.via,
                "queue_id": receipt.queue_id,
                "reply": final,
                "refused": refused,
            }
        )
    else:
        for address, reply in receipt.refused.items():
            say((f"{submission.via} refuses {address}: {reply}", "red"))
        if receipt.queue_id:
            say(f"{submission.via} took the message: {final}")
            say("its route: ", (_route_command(submission, lab), "cyan"))
    if receipt.queue_id is None or receipt.refused:
        raise typer.Exit(codes.NO)


def _show(submission: Submission, found: list[Route], hosts: Mapping[str, str], lab: str) -> None:
    story.routes(found)
    if submission.origin is None:
        return
    say()
    story.timeline(submission.events(), hosts)
    say()
    story.departures(found)
    say((f"Again: {_route_command(submission, lab)}", "dim"))


def _route_command(submission: Submission, lab: str) -> str:
    """Return the command that shows the route later: by Message-ID, or by queue id where there is none."""
    receipt = submission.receipt
    wanted = f"'{receipt.message_id}'" if receipt.message_id else f"{submission.via}:{receipt.queue_id}"
    return names.command(f"route {wanted}", lab)
