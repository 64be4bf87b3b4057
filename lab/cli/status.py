"""`lab status`: each host of a lab, whether it answers, and what is made wrong on purpose."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from lab.cli import attach, codes, in_force, key_values, names
from lab.cli.console import Row, document, say, table
from lab.cli.group import example
from lab.cli.options import Json, LabName

if TYPE_CHECKING:
    from lab.cli.in_force import Entry
    from lab.engine.hosts import Host
    from lab.world.world import Status

EXAMPLE = example(
    "$ lab status",
    "Lab main in 198.18.0.0/20: ready.",
    "HOST       ROLE       ADDRESS       STATE    READY  ON 127.0.0.1",
    "client     client     198.18.0.21   running  yes    25001 for 25, 25005 for 587, 25007 for 465",
    "...",
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog=EXAMPLE)(status)


def status(
    lab: LabName = None,
    everything: Annotated[bool, typer.Option("--all", help="Show every lab on this machine.")] = False,
    json: Json = False,
) -> None:
    """Show the hosts, and whether each answers.

    The faults in force too. Exit code 0: all are ready; 1: not all.
    """
    if everything:
        _all(json)
        return
    found = attach.world(str(lab)).status()
    if found is None:
        raise attach.not_up(str(lab))
    faults = attach.faults(found)
    elsewhere = in_force.beside_dns(found)
    if json:
        document({**to_json(found), "faults": faults, "faults_at_hosts": [each.to_json() for each in elsewhere]})
    else:
        _show(found, faults, elsewhere)
    if not found.ready:
        raise typer.Exit(codes.NO)


def to_json(status: Status) -> dict[str, Any]:
    """Return a lab's status as plain JSON values."""
    return {
        "schema": 1,
        "lab": status.name,
        "ready": status.ready,
        "current": status.current,
        "isolated": not status.exposed,
        "exposed": status.exposed or None,
        "subnet": str(status.subnet),
        "hosts": [
            {
                "name": host.name,
                "role": host.role,
                "fqdn": host.fqdn,
                "address": host.address,
                "address6": host.address6,
                "state": host.state,
                "ready": not _wrong(status, host),
                "problems": _wrong(status, host),
                "published": {
                    str(door.port): port for door, port in sorted(status.ports.items()) if door.host == host.name
                },
            }
            for host in _sorted(status)
        ],
        "missing": list(status.missing),
    }


def _all(json: bool) -> None:
    world = attach.world(names.DEFAULT)
    worlds = [type(world)(name, world.engine) for name in attach.labs(world.engine)]
    found = {each.name: each.status() for each in worlds}
    if json:
        document(
            [to_json(each) if each else {"schema": 1, "lab": name, "ready": False} for name, each in found.items()]
        )
    elif found:
        table(("LAB", "NETWORK", "HOSTS", "READY"), [_line(name, each) for name, each in found.items()])
    else:
        say(f"There is no lab on this machine. `{names.command('up', names.DEFAULT)}` brings one up.")
    if any(each is None or not each.ready for each in found.values()):
        raise typer.Exit(codes.NO)


def _line(name: str, status: Status | None) -> Row:
    if status is None:
        return name, "-", "0", ("no: remains of a lab; `lab down` removes them", "red")
    ready = ("yes", "green") if status.ready else ("no", "red")
    return name, str(status.subnet), str(len(status.hosts)), ready


def _show(status: Status, faults: list[dict[str, Any]], elsewhere: list[Entry]) -> None:
    ready = ("ready", "green") if status.ready else ("not ready", "red")
    say("Lab ", (status.name, "bold"), f" in {status.subnet}: ", ready, ".")
    rows = [_host(status, host) for host in _sorted(status)]
    rows += [(name, "", "", ("missing", "red"), ("no", "red"), "") for name in status.missing]
    table(("HOST", "ROLE", "ADDRESS", "STATE", "READY", "ON 127.0.0.1"), rows)
    wrong = [problem for host in _sorted(status) for problem in _wrong(status, host)]
    for problem in wrong:
        say(("  " + problem, "red"))
    if wrong or status.missing:
        say(f"`{names.command('up', status.name)}` starts what is missing or stopped.")
    exposure(status)
    if not status.current:
        say(("Files under compose/ or dnszone/ have changed since it was started.", "yellow"))
    if faults:
        say(("\nDNS faults in force:", "yellow"))
        for fault in faults:
            say("  ", " ".join(f"{key}={value}" for key, value in fault.items() if value not in (None, "")))
    if elsewhere:
        say(("\nFaults at hosts in force:", "yellow"))
        for each in elsewhere:
            by = each.id if each.own else f"by {each.owner}"
            say(f"  {each.where}  {key_values.write(each.what)}  ({by})")
    if any(each.own for each in elsewhere):
        say(f"`{names.command('fault clear --all', status.name)}` takes back what nobody else will.")


def exposure(status: Status) -> None:
    """Say loudly where a lab is not kept to itself."""
    if status.exposed:
        from lab.world.isolation import MEANING

        say((f"The lab is not closed to the outside: {MEANING}.", "bold red"))
        say((f"  {status.exposed}", "red"))
        say(f"`{names.command('up', status.name)}` closes it where it can; SECURITY.md says what it is about.")


def _host(status: Status, host: Host) -> Row:
    wrong = _wrong(status, host)
    doors = [f"{port} for {door.port}" for door, port in sorted(status.ports.items()) if door.host == host.name]
    return (
        (host.name, "bold"),
        host.role,
        host.address,
        (host.state, "" if host.state == "running" else "red"),
        ("no", "red") if wrong else ("yes", "green"),
        ", ".join(doors),
    )


def _wrong(status: Status, host: Host) -> list[str]:
    """Return what is wrong with a host: its doors that do not answer, or that it does not run."""
    if host.state in ("exited", "dead"):
        return [f"{host.name} ended with exit code {host.exit_code}"]
    if host.state != "running":
        return [f"{host.name} is {host.state}"]
    return [f"{door}: {problem}" for door, problem in status.problems.items() if door.host == host.name]


def _sorted(status: Status) -> list[Host]:
    """Return the hosts by address, as the last octet's number has them."""
    return sorted(status.hosts.values(), key=lambda host: [int(part) for part in host.address.split(".") if part])
