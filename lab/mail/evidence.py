"""The evidence of a run, saved: what was sent, what every server logged, what the DNS answered, and the routes.

FOLDER/
  result.json      of a scenario: its outcome, and all that differs
  routes.json      the routes, as `lab route --json` prints them
  timeline.txt     the same for a person, with the plan beside it, and each that was made anew
  events.jsonl     what the routes were made from; lab.route.history makes them again from it, without Docker
  hosts.json       address to name
  logs/HOST.log    the servers' own lines about the run (:mod:`lab.route.about`)
  zones/DOMAIN     the run's zones, with their variables as written
  dns.jsonl        every query of the run

Nothing in it is of another run, beside it or before it; hosts have the names that the run has for them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from lab.errors import LabError
from lab.plan.text import text as plan_text
from lab.route.about import counting, marks
from lab.route.departures import Departure, compare
from lab.route.events import DnsQuery, Event, from_json
from lab.route.history import History
from lab.route.model import Route, stamp
from lab.route.names import Names
from lab.route.plan import Plan
from lab.route.stretches import stretches
from lab.servers import software
from lab.servers.present import Present

if TYPE_CHECKING:
    from lab.control.domains import Domains
    from lab.mail.recorder import Recorder
    from lab.mail.submission import Submission


Judge = Callable[[Plan, Route], Iterable[tuple[Departure, bool]]]
"""Where a route departs from a plan, and whether the run itself is the reason."""
LAB_NAMES = Names({}, {})  # hosts are called as the lab calls them


def unexplained(plan: Plan, route: Route) -> Iterator[tuple[Departure, bool]]:
    """Yield that nothing explains a departure: where nobody knows of faults."""
    yield from ((departure, False) for departure in compare(plan, route))


def save(
    folder: Path,
    submissions: Sequence[Submission],
    since: datetime,
    *,
    hosts: Present,
    domains: Domains,
    recorder: Recorder,
    names: Names = LAB_NAMES,
    alone: Collection[str] = (),
    judge: Judge = unexplained,
) -> list[Route]:
    """Write the evidence of *submissions* into *folder*, and return their routes as far as they are known.

    *since*: when the run began (aware); *hosts*, *domains*: those that it has; *names*: what it calls the hosts;
    *alone*: those that nobody else has used. *judge*: as in :func:`report`. What an earlier run has left in the folder
    is removed.
    """
    try:
        _clear(folder)
        for name in ("logs", "zones"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        found = (route for each in submissions for route in each.known())
        routes = [replace(names.route(route), evidence=str(folder)) for route in found]
        events = _write_events(folder, submissions, names)
        since -= timedelta(seconds=1)  # lines of the moment before belong to it: the connection that began it
        for host, lines in _lines(recorder, hosts, domains, events, since, alone).items():
            text = "".join(f"{at.isoformat()} {names.told(line)}\n" for at, line in lines)
            (folder / "logs" / f"{names.shown(host)}.log").write_text(text)
        shown = {address: names.shown(name) for address, name in hosts.names.items()}
        (folder / "hosts.json").write_text(json.dumps(shown, indent=1))
        for domain, zone in domains.texts.items():
            (folder / "zones" / domain).write_text(zone)
        (folder / "routes.json").write_text(json.dumps([route.to_json() for route in routes], indent=1))
        stories = [report(each, judge) for each in submissions]
        (folder / "timeline.txt").write_text(names.told("\n\n".join(stories)) + "\n")
    except OSError as error:
        raise LabError(
            f"cannot save evidence in {folder}: {error}", hint="give a folder that can be written"
        ) from error
    return routes


def report(submission: Submission, judge: Judge = unexplained) -> str:
    """Return the timeline of a message, and the plan of each recipient beside it, for a person to read.

    *judge* says where a route departs from a plan, and whether the run itself is the reason.
    """
    parts = [submission.timeline()]
    for route in submission.known():
        for number, (plan, part) in enumerate(stretches(route)):
            made = f", made anew at {stamp(route.replanned[number - 1][0])}" if number else ""
            parts += ["", f"the plan{made}:", plan_text(plan).rstrip()]
            departures = list(judge(plan, part))
            parts += ["where the route departs from it:"] if departures else []
            parts += [f"  {each}{' (explained by a fault)' if explained else ''}" for each, explained in departures]
    return "\n".join(parts)


def load(folder: Path) -> History:
    """Return the history of a saved run, from which its routes can be made again."""
    try:
        hosts = json.loads((folder / "hosts.json").read_text())
        lines = (folder / "events.jsonl").read_text().split("\n")
    except (OSError, json.JSONDecodeError) as error:
        raise LabError(
            f"{folder} holds no evidence: {error}", hint="give a folder that --lab-evidence wrote"
        ) from error
    return History(hosts, (from_json(software.completed(json.loads(line))) for line in lines if line))


def _clear(folder: Path) -> None:
    """Remove what an earlier run has left: a folder that has events.jsonl is one of ours."""
    if (folder / "events.jsonl").is_file():
        for left in (*folder.glob("logs/*.log"), *folder.glob("zones/*")):
            left.unlink()


def _write_events(folder: Path, submissions: Sequence[Submission], names: Names) -> list[Event]:
    """Write what the servers have said about the messages, and return it, each event once, in order of time."""
    events = [event for each in submissions for event in each.events()]
    unique = sorted({id(event): event for event in events}.values(), key=lambda event: event.at)
    told = [replace(event, host=names.shown(event.host)).to_json() for event in unique]
    (folder / "events.jsonl").write_text("".join(json.dumps(each) + "\n" for each in told))
    queries = (json.dumps(event.to_json()) + "\n" for event in unique if isinstance(event, DnsQuery))
    (folder / "dns.jsonl").write_text("".join(queries))
    return unique


def _lines(
    recorder: Recorder,
    hosts: Present,
    domains: Domains,
    events: Collection[Event],
    since: datetime,
    alone: Collection[str],
) -> dict[str, list[tuple[datetime, str]]]:
    """Return the lines of each host that are about the run: by its messages, its domains, and its own hosts."""
    addresses = [address for host in hosts.brought.values() for address in host.addresses]
    addresses += [address for place in domains.places() for address in place if address]
    named = [*(domain for domain in domains.texts if "." in domain), *(f"[{address}]" for address in addresses)]
    whole = {*hosts.brought, *alone}
    counts = {
        name: counting(marks(name, events, software.of(host).queue_id), (), named, alone=name in whole)
        for name, host in hosts.items()
    }
    # A client's line about a server that refused names no message; the route knows which process said it, and when.
    said = {(event.host, event.at): f"[{pid}]: " for event in events if (pid := getattr(event, "pid", None))}
    lines: dict[str, list[tuple[datetime, str]]] = {}
    for at, host, line, _ in recorder.lines(since):
        if host in counts and (counts[host](line) or ((host, at) in said and said[host, at] in line)):
            lines.setdefault(host, []).append((at, line))
    return lines
