"""`lab dns`: the zones that the lab's DNS serves, and every query that it was asked."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lab import files
from lab.cli import attach, codes, complete, lookup
from lab.cli.console import Row, document, record, say, table, tell
from lab.cli.group import example
from lab.cli.options import Json, LabName, readable
from lab.errors import LabError

if TYPE_CHECKING:
    from lab.lab import Lab

Origin = Annotated[
    str,
    typer.Argument(
        metavar="ORIGIN", autocompletion=complete.zones, show_default=False, help="The zone's name, such as dest.test."
    ),
]
HEAD = ("TIME", "CLIENT", "OVER", "TYPE", "NAME", "RCODE", "ANSWERS")
NEWEST = 1000  # queries that are shown, so that a lab that has run for weeks is as quick as a new one
group = typer.Typer(no_args_is_help=True, help="Zones of the lab's DNS, and its queries.")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(
        group,
        name="dns",
        epilog=example(
            "$ lab dns query dest.test MX",
            "NOERROR  qr aa rd ra",
            "dest.test.  5  MX  10 mx1.dest.test.",
            "...",
        ),
    )


@group.command("list", epilog=example("$ lab dns list", "ORIGIN      OWNER  RECORDS", "dest.test.  world  9", "..."))
def show_all(lab: LabName = None, json: Json = False) -> None:
    """List the zones.

    Each with its owner: the world, a test, or this command line.
    """
    with attach.dns(str(lab)) as (_, dns):
        zones = sorted(dns.zones(), key=lambda zone: str(zone["origin"]))
    if json:
        document(zones)
    else:
        rows = [((str(zone["origin"]), "bold"), str(zone["owner"]), str(zone["records"])) for zone in zones]
        table(("ORIGIN", "OWNER", "RECORDS"), rows)


@group.command(epilog=example("$ lab dns show dest.test", "@  MX 10 mx1", "@  MX 20 mx2", "..."))
def show(origin: Origin, lab: LabName = None, json: Json = False) -> None:
    """Print a zone as the text it was made from."""
    with attach.dns(str(lab)) as (_, dns):
        text = dns.zone(_absolute(origin))
    if json:
        document({"origin": _absolute(origin), "text": text})
    else:
        say(text.rstrip("\n"))


@group.command(
    "set",
    epilog=example("$ echo '@ MX 10 mx2.dest.test.' | lab dns set shop.test -", "shop.test. is served: 3 records"),
)
def put(
    origin: Origin,
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            callback=readable,
            show_default=False,
            help='The zone in RFC 1035 master-file format; "-" reads it from standard input.',
        ),
    ],
    lab: LabName = None,
) -> None:
    """Serve a zone, in place of the one with that name. It stays until `lab dns remove`, or until the lab goes down.

    $MX1 and the like stand for addresses of hosts, $SCRIPTED_1 and so on for addresses of the scripted host. A zone
    with mistakes is refused as a whole, with all of them.
    """
    text, source = files.given(file), "standard input" if str(file) == files.STDIN else str(file)
    name = _absolute(origin)
    with attach.dns(str(lab)) as (running, dns):
        dns.put(
            name,
            text,
            _variables(running, name, text),
            file=source,
        )
        records = next((zone["records"] for zone in dns.zones() if zone["origin"] == name), None)
    say(f"{name} is served: {records} records")


@group.command(epilog=example("$ lab dns remove shop.test", "shop.test. is removed"))
def remove(origin: Origin, lab: LabName = None) -> None:
    """Remove a zone.

    One of the world's own goes back to what its file says.
    """
    with attach.dns(str(lab)) as (_, dns):
        dns.remove(_absolute(origin))
    say(f"{_absolute(origin)} is removed")


@group.command(
    epilog=example(
        "$ lab dns history --type MX",
        "TIME          CLIENT  OVER  TYPE  NAME        RCODE    ANSWERS",
        "12:00:00.123  direct  udp   MX    dest.test.  NOERROR  10 mx1.dest.test., 20 mx2.dest.test.",
    )
)
def history(
    name: Annotated[str | None, typer.Option("--name", metavar="NAME", help="Only queries for this name.")] = None,
    type_: Annotated[str | None, typer.Option("--type", metavar="TYPE", help="Only queries of this type.")] = None,
    client: Annotated[
        str | None,
        typer.Option(
            "--client", metavar="HOST", autocompletion=complete.hosts, help="Only queries of this host or address."
        ),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="TIME", help="Only queries since then, such as 2026-01-01T12:00:00Z."),
    ] = None,
    last: Annotated[
        int, typer.Option("--last", metavar="N", min=1, max=100_000, help="Only the newest N of them.")
    ] = NEWEST,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on, with queries as they come, until Ctrl-C.")
    ] = False,
    lab: LabName = None,
    json: Json = False,
) -> None:
    """Show queries and their answers, the newest thousand unless --last says otherwise.

    With --json one object a line.
    """
    with attach.dns(str(lab)) as (running, dns):
        filters = {
            "name": name and _absolute(name),
            "type": type_ and type_.upper(),
            "client": running.hosts[client].address if client and client in running.hosts else client,
            "since": since,
        }
        if follow:
            for query in dns.follow(**filters):
                record(query) if json else say(*_joined(_query(query, running.names)))
            return
        found = dns.history(**filters, last=last)
        names = running.names
    if len(found) == last == NEWEST:
        tell((f"lab: these are the newest {NEWEST:,}; --last N shows N of them", "yellow"))
    if not json:
        table(HEAD, [_query(query, names) for query in found])
        return
    for query in found:
        record(query)


@group.command(
    epilog=example(
        "$ lab dns query dest.test MX", "NOERROR  qr aa rd ra", "dest.test.  5  MX  10 mx1.dest.test.", "..."
    )
)
def query(
    name: Annotated[str, typer.Argument(metavar="NAME", show_default=False, help="The name that is asked for.")],
    type_: Annotated[str, typer.Argument(metavar="TYPE", help="The type of record.")] = "MX",
    lab: LabName = None,
    json: Json = False,
) -> None:
    """Ask the lab's DNS a question from outside. Exit code 1: there is no such record."""
    from lab.world.doors import Door

    with attach.lab(str(lab)) as running:
        answer = lookup.ask(running.access.ports[Door("dns", 53)], name, type_)
    if json:
        document(
            {
                "rcode": answer.rcode,
                "flags": answer.flags,
                "answers": [
                    {"name": each.name, "ttl": each.ttl, "type": each.type, "data": each.data}
                    for each in answer.records
                ],
            }
        )
    else:
        say((answer.rcode, "green" if answer.records else "red"), f"  {answer.flags}")
        for each in answer.records:
            say(f"{each.name}  {each.ttl}  {each.type}  {each.data}")
    if not answer.records:
        raise typer.Exit(codes.NO)


def _absolute(origin: str) -> str:
    return f"{origin.rstrip('.').lower()}."


def _variables(running: Lab, origin: str, text: str) -> dict[str, str]:
    """Return the variables of a zone text: its own name, and the hosts' addresses."""
    from lab.control.domains import LEASED
    from lab.engine.hosts import variables
    from lab.world import ipv6

    if LEASED.search(text):
        raise LabError(
            "addresses of the scripted host belong to a test and go with it: $SCRIPTED_1 cannot be set from here",
            hint="use lab.zone(...) in a test, or an address of a host, such as $MX1",
        )
    ipv6.check([text], running.hosts)
    return {"DOMAIN": origin.rstrip("."), **variables(running.hosts)}


def _query(query: dict[str, Any], names: dict[str, str]) -> Row:
    fault = f"  (fault: {query['fault']})" if query.get("fault") else ""
    return (
        (str(query["at"])[11:23], "dim"),
        names.get(query["client"], query["client"]),
        query["transport"],
        query["type"],
        (query["name"], "bold"),
        (query["rcode"], "green" if query["answers"] else "red"),
        ", ".join(query["answers"]) + fault,
    )


def _joined(row: Row) -> Row:
    """Return the cells of a row that stands alone, two blanks between them."""
    return [cell for each in row for cell in (each, "  ")][:-1]
