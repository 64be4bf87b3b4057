"""The evidence of a run, saved: what was sent, what every server logged, what the DNS answered, and the routes.

FOLDER/
  routes.json      the routes, as `lab route --json` prints them
  timeline.txt     the same for a person, with the plan beside it
  events.jsonl     what the routes were made from; lab.trace makes them again from it, without Docker
  hosts.json       address to lab name
  logs/HOST.log    the servers' own lines since the run began
  zones/DOMAIN     the run's zones, with their variables as written
  dns.jsonl        every query of the run
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from lab.errors import LabError
from lab.events import DnsQuery, from_json
from lab.plan import compare
from lab.plan import text as plan_text
from lab.printable import printable
from lab.route import Route
from lab.trace import History

if TYPE_CHECKING:
    from lab.lab import Lab
    from lab.submission import Submission


def save(folder: Path, lab: Lab, submissions: list[Submission], since: datetime) -> list[Route]:
    """Write the evidence of *submissions* into *folder*, and return their routes as far as they are known.

    *since*: when the run began (aware). What is in the folder already is replaced.
    """
    try:
        for name in ("logs", "zones"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        routes = [replace(route, evidence=str(folder)) for each in submissions for route in each.known()]
        _write(folder, lab, submissions, routes, since)
    except OSError as error:
        raise LabError(
            f"cannot save evidence in {folder}: {error}", hint="give a folder that can be written"
        ) from error
    return routes


def report(submission: Submission) -> str:
    """Return the timeline of a message, and the plan of each recipient beside it, for a person to read."""
    parts = [submission.timeline()]
    for route in submission.known():
        if route.plan is not None:
            departures = compare(route.plan, route)
            parts += ["", "the plan:", plan_text(route.plan).rstrip()]
            parts += ["where the route departs from it:", *(f"  {each}" for each in departures)] if departures else []
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
    return History(hosts, (from_json(json.loads(line)) for line in lines if line))


def _write(folder: Path, lab: Lab, submissions: list[Submission], routes: list[Route], since: datetime) -> None:
    since -= timedelta(seconds=1)  # lines of the moment before belong to it: the connection that began it
    lines = lab.recorder.lines(since)
    for host in {line[0] for line in lines}:
        own = (f"{at.isoformat()} {text}\n" for name, at, text in lines if name == host)
        (folder / "logs" / f"{host}.log").write_text("".join(own))
    events = [event for each in submissions for event in each.events()]
    unique = sorted({id(event): event for event in events}.values(), key=lambda event: event.at)
    (folder / "events.jsonl").write_text("".join(json.dumps(event.to_json()) + "\n" for event in unique))
    queries = (json.dumps(event.to_json()) + "\n" for event in unique if isinstance(event, DnsQuery))
    (folder / "dns.jsonl").write_text("".join(queries))
    (folder / "hosts.json").write_text(json.dumps(lab.names, indent=1))
    for domain, text in lab.domains.texts.items():
        (folder / "zones" / domain).write_text(text)
    (folder / "routes.json").write_text(json.dumps([route.to_json() for route in routes], indent=1))
    stories = [report(each) for each in submissions]
    (folder / "timeline.txt").write_text(printable("\n\n".join(stories) + "\n"))
