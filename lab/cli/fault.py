"""`lab fault`: makes something wrong that stays so until it is taken back, at a host of the lab or in its DNS."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Annotated

import typer

from lab.cli import attach, complete, failure, inforce, names, words
from lab.cli.console import document, err, say, table
from lab.cli.group import example
from lab.cli.inforce import Entry
from lab.cli.options import Json, LabName

if TYPE_CHECKING:
    from lab.lab import Lab

DNS = "dns"
HEAD = ("ID", "WHERE", "SINCE (UTC)", "BY", "WHAT")
group = typer.Typer(
    no_args_is_help=True,
    help="Make something wrong, in the DNS or at a host, until it is taken back or the lab goes down.",
)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(
        group,
        name="fault",
        epilog=example(
            "$ lab fault add mx1 connect=refuse",
            "h1  mx1  connect=refuse",
            "`lab fault clear h1` takes it back.",
        ),
    )


@group.command(
    epilog=example(
        "$ lab fault add mx1 host=cut",
        "$ lab fault add mx2 rcpt='450 4.2.0 later'",
        '$ lab fault add mx3 rcpt=\'{"reply": "550 5.1.1 no", "recipient": "bia@*", "first": 2}\'',
        '$ lab fault add mx1 scan_ban=\'{"after": 5, "for": 60}\'',
        "$ lab fault add dns kind=rcode name=shop.test type=MX rcode=SERVFAIL",
        "f1  dns  kind=rcode name=shop.test type=MX rcode=SERVFAIL",
        "`lab fault clear f1` takes it back.",
    )
)
def add(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME", autocompletion=complete.hosts, show_default=False, help="A host, or dns for its answers."
        ),
    ],
    what: Annotated[
        list[str],
        typer.Argument(metavar="KEY=VALUE...", show_default=False, help="What is wrong; a value may be JSON."),
    ],
    lab: LabName = None,
    json: Json = False,
) -> None:
    """Make something wrong.

    At a host: connect (refuse, drop, unreachable), host (stopped, killed, paused, cut, disk-full) or scan_ban; at an
    MX also what it answers: rcpt, data, end_of_data, to all recipients unless a rule names them. In the DNS: kind,
    its parameters, and the questions that it meets. All mistakes are told at once, and nothing is done then.
    """
    with attach.lab(str(lab)) as running:
        # The DNS is a host too: what has no kind is done to that.
        in_dns = name == DNS and not any(word.startswith(tuple(f"{key}=" for key in words.WHOLE)) for word in what)
        entries = _add_to_dns(running, what) if in_dns else _add_to_host(running, name, what)
    if json:
        document([each.to_json() for each in entries])
        return
    for each in entries:
        say((str(each.id), "bold"), f"  {each.where}  {words.write(each.what)}")
    ids = " ".join(str(each.id) for each in entries)
    say(f"`{names.command(f'fault clear {ids}', str(lab))}` takes it back.")


@group.command(
    "list",
    epilog=example(
        "$ lab fault list",
        "ID  WHERE  SINCE (UTC)     BY            WHAT",
        "h1  mx1    11-24 12:00:00  command line  connect=refuse",
    ),
)
def show(lab: LabName = None, json: Json = False) -> None:
    """List what is wrong on purpose.

    What the command line has set, with the id that takes it back; and what tests and scenarios that run have set,
    with the process that will heal it.
    """
    with attach.lab(str(lab)) as running:
        entries, silent = _in_force(running)
    if json:
        document([each.to_json() for each in entries])
    elif entries:
        table(HEAD, [_row(each) for each in entries])
    elif not silent:
        say(f"Nothing is wrong on purpose in the lab {lab}.")
    for each in silent:
        err().print(f"lab: {each}", style="yellow")


@group.command(epilog=example("$ lab fault clear h1", "h1  mx1  connect=refuse  healed"))
def clear(
    ids: Annotated[
        list[str] | None, typer.Argument(metavar="ID", show_default=False, help="Ids, as `lab fault list` has them.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All that the command line has set.")] = False,
    lab: LabName = None,
) -> None:
    """Take faults back.

    A host that was away is waited for until it answers again.
    """
    if bool(ids) == everything:
        raise typer.BadParameter("give ids of faults, or --all for every one that the command line has set")
    with attach.lab(str(lab)) as running:
        entries, silent = _in_force(running)
        own = {str(each.id): each for each in entries if _own(each)}
        if not everything:
            own = _chosen(ids or [], own, {str(each.id): each for each in entries}, silent)
        _heal(running, own)
    for each in own.values():
        say((str(each.id), "bold"), f"  {each.where}  {words.write(each.what)}  ", ("healed", "green"))
    if not own and not silent:
        say(f"Nothing stands in the lab {lab}.")
    if everything and silent:
        raise failure.MachineError("\n".join(silent), hint="faults may stand there: try again when it answers")


def _add_to_dns(running: Lab, what: list[str]) -> list[Entry]:
    from lab import standing
    from lab.alone import alone
    from lab.dns import STANDING

    wrong = words.at_dns(what, {host.name: host.address for host in running.hosts.values()})
    with alone(_report), inforce.dns(running.access.ports) as dns:
        entry = standing.note(running.name, dns.fault(**wrong), DNS, wrong)
    return [Entry(entry.id, DNS, wrong, entry.since, STANDING)]


def _add_to_host(running: Lab, name: str, what: list[str]) -> list[Entry]:
    """Do it as a whole or not at all."""
    from lab import standing
    from lab.alone import alone
    from lab.dns import STANDING
    from lab.hosts import known
    from lab.script import STATES, rules

    host = known(running.hosts, name)
    wrong = {key if key == "scan_ban" else key.replace("_", "-"): value for key, value in words.read(what)[0].items()}
    words.at_host(host.role, what)
    entries: list[Entry] = []
    whole = {key: value for key, value in wrong.items() if key in words.WHOLE}
    told = [(stage, rule) for stage in STATES if stage in wrong for rule in _each(wrong[stage])]
    with alone(_report), ExitStack() as undo:
        if whole:
            _check_free(running.name, host)
            site = _site(running, name)
            entry = standing.set_at(running.name, site, whole)
            undo.callback(standing.heal, running.name, site, entry)
            entries.append(Entry(entry.id, name, whole, entry.since, STANDING))
        if told:
            scripted = undo.enter_context(inforce.scripted(running.access.ports))
            for stage, reply in told:
                id_ = scripted.policy(host=host.address, **rules(stage, reply)[0])
                undo.callback(scripted.retract, id_)
                entry = standing.note(running.name, id_, name, {stage: reply})
                entries.append(Entry(id_, name, entry.wrong, entry.since, STANDING))
        undo.pop_all()
    return entries
