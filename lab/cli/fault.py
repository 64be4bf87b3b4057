"""`lab fault`: makes something wrong that stays so until it is taken back, at a host of the lab or in its DNS."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Annotated

import typer

from lab.cli import attach, complete, fault_kinds, in_force, key_values, names
from lab.cli.console import Row, document, say, table, tell
from lab.cli.group import example, listing
from lab.cli.in_force import Entry
from lab.cli.options import Json, LabName
from lab.errors import LabError, MachineError

if TYPE_CHECKING:
    from lab.engine.hosts import Host
    from lab.faults.reply import ReplyRule
    from lab.faults.standing import Standing
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
            "`lab fault clear h1` takes this back.",
        ),
    )


@group.command(
    cls=listing(fault_kinds.listed),
    epilog=example(
        "$ lab fault add mx1 host=cut",
        "$ lab fault add mx1 connect='{\"loss\": 0.3}'",
        "$ lab fault add mx2 rcpt='450 4.2.0 later'",
        '$ lab fault add mx3 rcpt=\'{"reply": "550 5.1.1 no", "recipient": "bia@*", "first": 2}\'',
        '$ lab fault add mx1 scan_ban=\'{"after": 5, "for": 60}\'',
        "$ lab fault add dns kind=rcode name=shop.test type=MX rcode=SERVFAIL",
        "f1  dns  kind=rcode name=shop.test type=MX rcode=SERVFAIL",
        "`lab fault clear f1` takes this back.",
    ),
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
        typer.Argument(
            metavar="KEY=VALUE...",
            autocompletion=complete.faults,
            show_default=False,
            help="What is wrong; a value may be JSON.",
        ),
    ],
    lab: LabName = None,
    json: Json = False,
) -> None:
    """Make something wrong.

    At a host one of the things below; at an MX also what it answers, to all recipients unless a rule names them. In
    the DNS: kind, its parameters, and the questions that it meets (name, type, client, transport, first, from, to). All
    mistakes are told at once, and nothing is done then.
    """
    from lab.faults import keys

    with attach.lab(str(lab)) as running:
        # The DNS is a host too: what has no kind is done to that.
        in_dns = name == DNS and not any(word.startswith(tuple(f"{key}=" for key in keys.KEYS)) for word in what)
        entries = _add_to_dns(running, what) if in_dns else _add_to_host(running, name, what)
    if json:
        document([each.to_json() for each in entries])
        return
    for each in entries:
        say((str(each.id), "bold"), f"  {each.where}  {key_values.write(each.what)}")
    ids = " ".join(str(each.id) for each in entries)
    say(f"`{names.command(f'fault clear {ids}', str(lab))}` takes this back.")


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
        bans = [(each, _banned(each, running)) for each in entries]
    if json:
        document([each.to_json() | ({} if banned is None else {"banned": banned}) for each, banned in bans])
    elif entries:
        table(HEAD, [_row(each) for each in entries])
        for each, banned in bans:
            for who, left in (banned or {}).items():
                say(f"{each.where} bans {who} for {left} s more")
    elif not silent:
        say(f"Nothing is wrong on purpose in the lab {lab}.")
    for problem in silent:
        tell((f"lab: {problem}", "yellow"))


@group.command(epilog=example("$ lab fault clear h1", "h1  mx1  connect=refuse  healed"))
def clear(
    ids: Annotated[
        list[str] | None, typer.Argument(metavar="ID", show_default=False, help="Ids, as `lab fault list` has them.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All that no running process takes back itself.")] = False,
    lab: LabName = None,
) -> None:
    """Take faults back.

    Those of the command line, and those that somebody has left at the DNS or the policy service. A host that was away
    is waited for until it answers again.
    """
    if bool(ids) == everything:
        raise typer.BadParameter("give ids of faults, or --all for every one that `lab fault list` shows with an id")
    with attach.lab(str(lab)) as running:
        entries, silent = _in_force(running)
        chosen = [each for each in entries if not each.held] if everything else _chosen(ids or [], entries, silent)
        _heal(running, chosen)
        if everything and silent:  # what was wrong with the server may have been one of them
            entries, silent = _in_force(running)
            further = [each for each in entries if not each.held]
            _heal(running, further)
            chosen += further
    for each in chosen:
        say((str(each.id), "bold"), f"  {each.where}  {key_values.write(each.what)}  ", ("healed", "green"))
    held = [each for each in entries if each.held] if everything else []
    for each in held:
        say(f"-  {each.where}  {key_values.write(each.what)}  stays: {each.owner} runs, and takes it back itself")
    if not chosen and not held and not silent:
        say(f"Nothing stands in the lab {lab}.")
    if everything and silent:
        raise MachineError("\n".join(silent), hint="faults may stand there: try again when it answers")


def _add_to_dns(running: Lab, what: list[str]) -> list[Entry]:
    from lab.faults import standing
    from lab.state.machine_lock import alone

    wrong = key_values.at_dns(what, {host.name: host.address for host in running.hosts.values()})
    with alone(tell), in_force.dns(running.hosts, running.access.ports) as dns:
        entry = standing.note(running.name, dns.fault(**wrong), DNS, wrong)
    return [in_force.entry(entry)]


def _add_to_host(running: Lab, name: str, what: list[str]) -> list[Entry]:
    """Make a host wrong in all that was said, or, if a part fails, in nothing."""
    from lab.engine.hosts import known
    from lab.faults import standing
    from lab.faults.heal import site
    from lab.state.machine_lock import alone

    host = known(running.hosts, name)
    wrong = key_values.at_host(host.role, what)
    with alone(tell), ExitStack() as undo:
        entries = []
        if wrong.whole is not None:
            _check_free(running, host)
            at = site(running.engine, running.hosts, name, lambda _: None)
            entry = standing.set_at(running.name, at, wrong.whole)
            undo.callback(standing.heal, running.name, at, entry)
            entries.append(entry)
        if wrong.replies:
            entries += _tell(running, host, wrong.replies)
        undo.pop_all()
    return [in_force.entry(each) for each in entries]


def _tell(running: Lab, host: Host, replies: Sequence[ReplyRule]) -> list[Standing]:
    """Tell an MX what to answer, by the policy service; a rule that is refused takes those before it along."""
    from lab.faults import standing

    told = {}
    with in_force.scripted(running.hosts, running.access.ports) as scripted, ExitStack() as undo:
        for reply in replies:
            policy = scripted.policy(host=host.addresses, **reply.rule)
            undo.callback(scripted.retract, policy)
            told[policy] = reply
        entries = [standing.note(running.name, policy, host.name, each.given) for policy, each in told.items()]
        undo.pop_all()
    return entries


def _check_free(running: Lab, host: Host) -> None:
    """Raise LabError if something is wrong with the host already: one thing at a time can be healed for sure."""
    if host.state != "running":
        hint = f"`{names.command('fault list', running.name)}` tells whether that was wanted"
        raise LabError(f"{host.name} is {host.state}", hint=hint)
    for each in in_force.at_hosts(running.name):
        if each.where == host.name:
            found = key_values.write(each.what)
            if each.id is None:
                raise LabError(f"{host.name} has {found} already, by {each.owner}", hint="wait until that has ended")
            hint = f"`{names.command(f'fault clear {each.id}', running.name)}` takes it back"
            raise LabError(f"{host.name} has {found} already", hint=hint)


def _in_force(running: Lab) -> tuple[list[Entry], list[str]]:
    """Return what is wrong on purpose, and the problems of servers that could not be asked."""
    entries, silent = in_force.at_hosts(running.name), []
    ports = running.access.ports
    ways: tuple[Callable[[], list[Entry]], ...] = (
        lambda: in_force.policies(running.name, running.hosts, ports),
        lambda: in_force.at_dns(running.name, running.hosts, ports),
    )
    for ask in ways:
        try:
            entries += ask()
        except LabError as error:
            silent.append(str(error.args[0]))
    return entries, silent


def _chosen(ids: list[str], entries: list[Entry], silent: list[str]) -> list[Entry]:
    """Return the faults with these ids. Raises LabError with all ids that cannot be taken back from here."""
    found = {str(each.id): each for each in entries if each.id is not None}
    problems = [f"there is no fault {each}" for each in ids if each not in found]
    problems += [
        f"{each} belongs to {found[each].owner}, which takes it back itself"
        for each in ids
        if each in found and found[each].held
    ]
    if problems:
        free = [each for each in found if not found[each].held]
        hint = f"these can be taken back: {', '.join(free)}" if free else "there is none that can be taken back"
        raise LabError("\n".join([*problems, *silent]), hint=hint)
    return [found[each] for each in dict.fromkeys(ids)]


def _heal(running: Lab, entries: list[Entry]) -> None:
    """Heal the hosts first, all of them, and only then wait: one may be on the way to another, or to a server."""
    from lab.faults import standing
    from lab.faults.heal import site
    from lab.faults.ready import await_ready
    from lab.state.machine_lock import alone

    chosen = {each.id for each in entries}
    ports = running.access.ports
    with alone(tell):
        at_hosts = [each for each in standing.read(running.name) if each.id in chosen and each.kind is not None]
        for each in at_hosts:
            standing.heal(running.name, site(running.engine, running.hosts, each.where, lambda _: None), each)
        await_ready(ports, [each.where for each in at_hosts])
        healed = {each.id for each in at_hosts}
        for entry in entries:
            if entry.id is None or entry.id in healed:
                continue
            if entry.where == DNS:
                with in_force.dns(running.hosts, ports) as dns:
                    dns.heal(entry.id)
            else:
                with in_force.scripted(running.hosts, ports) as scripted:
                    scripted.retract(entry.id)
            standing.drop(running.name, entry.id)


def _banned(entry: Entry, running: Lab) -> dict[str, int] | None:
    """Return whom a fault bans, by name or address, with the seconds that are left; None where it bans nobody."""
    from lab.faults.kinds import BANS

    if not BANS & entry.what.keys():
        return None
    host = running.hosts.get(entry.where)
    if host is None:  # the process that has set it has brought it along
        return running.banned(entry.where, entry.owner)
    return running.banned(entry.where) if host.state == "running" else None


def _row(entry: Entry) -> Row:
    return (
        (entry.id if entry.id and not entry.held else "-", "bold"),
        entry.where,
        entry.since[5:19].replace("T", " ") if entry.since else "-",
        "command line" if entry.own else entry.owner,
        key_values.write(entry.what),
    )
