"""`lab soak`: many messages under random faults, and an account of every recipient."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Annotated

import typer

from lab.cli import attach, codes
from lab.cli.console import document, say, table, tell
from lab.cli.group import example
from lab.cli.options import EvidenceFolder, Json, LabName

if TYPE_CHECKING:
    from lab.soak import Account

EXAMPLE = example(
    "$ lab soak --messages 200 --seed 7",
    "FATE       RECIPIENTS  HOW",
    "delivered         231  once to a mailbox",
    "queued             38  at direct",
    "...",
    "Nobody is lost: 402 recipients of 200 messages, under 34 faults, in 61.0 s (--seed 7).",
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog=EXAMPLE)(soak)


def soak(
    messages: Annotated[int, typer.Option("--messages", metavar="N", min=1, help="How many are sent.")] = 100,
    seed: Annotated[
        int | None, typer.Option("--seed", metavar="S", help="Chooses messages and faults. [default: a new one]")
    ] = None,
    timeout: Annotated[
        float,
        typer.Option("--timeout", metavar="SECONDS", min=0, max=86400, help="How long their ends are waited for."),
    ] = 60.0,
    evidence: EvidenceFolder = None,
    lab: LabName = None,
    json: Json = False,
) -> None:
    """Send many messages while things go wrong at random, and say what became of each recipient.

    Domains, faults and what stays in queues are its own, and are gone when it ends. Exit code 0: everybody is accounted
    for; 1: somebody is lost, or nobody knows what became of them.
    """
    from datetime import UTC, datetime

    from lab.mail.evidence import save
    from lab.soak import campaign
    from lab.soak import soak as soaked

    chosen = random.SystemRandom().randrange(1_000_000) if seed is None else seed
    began = datetime.now(UTC)
    with attach.lab(str(lab)) as running, running.one_test():
        account = soaked(running, campaign(messages, chosen), chosen, timeout, tell)
        if evidence is not None:
            save(
                evidence,
                running.submissions,
                began,
                hosts=running.hosts,
                domains=running.domains,
                recorder=running.recorder,
            )
    if json:
        document(account.to_json())
    else:
        _show(account)
    if not account.fine:
        raise typer.Exit(codes.NO)


def _show(account: Account) -> None:
    rows = [(kind, f"{count:>10}", how) for kind, how, count in account.table()]
    table(("FATE", "RECIPIENTS", "HOW"), rows)
    for unsent in account.unsent:
        say(f"not sent, for nobody took it: {unsent}")
    for each in account.bad:
        route = each.route
        say((f"{each.fate.kind}: {route.recipient}, {route.message_id} from {route.sender}: {each.fate.how}", "red"))
    of = f"{len(account.recipients)} recipients of {account.messages} messages, under {len(account.faults)} faults"
    told = f"{of}, in {account.seconds:.1f} s (--seed {account.seed})."
    if account.fine:
        say(("Nobody is lost: ", "green"), told)
    else:
        say((f"{len(account.bad)} are lost or unknown: ", "red"), told)
        say("The same again with --evidence DIR keeps every log line, event and route of it.")
