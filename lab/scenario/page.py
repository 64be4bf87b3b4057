"""The catalogue as a page of the documentation, made from the scenario files.

``python -m lab.scenario.page > docs/catalogue.md`` writes it.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from lab.scenario.catalogue import FOLDER, catalogue
from lab.scenario.format.model import Scenario

GROUPS = {
    "mx": "Which mail exchanger is asked",
    "dns": "What the DNS answers",
    "connect": "Connections that fail",
    "smtp": "What an SMTP server replies",
    "tls": "TLS between servers",
    "relay": "Relays, backups and loops",
    "delivery": "Mail delivery: LMTP, Sieve, quota, aliases",
    "dsn": "Delivery status notifications",
    "queue": "The life of a message in the queue",
    "scan": "A port scanner is banned",
    "field": "Met in the field: cases from public issue trackers",
}
HEAD = """\
# The catalogue

Made from the files in [lab/scenarios](../lab/scenarios) by `python -m lab.scenario.page`; each is one small file that
runs on every machine: `lab run NAME`, `lab run GROUP`, `lab run --all -j 8`.

"""
OBSERVED = """\
## Where real servers did otherwise

Each scenario was written down first as the standards and the manuals have it. Where the servers did otherwise, the
scenario asserts what they did, and says so:

"""


def page(scenarios: list[Scenario]) -> str:
    """Return the page as Markdown."""
    groups = {name: list(each) for name, each in groupby(scenarios, key=lambda scenario: scenario.group)}
    listed = [name for name in GROUPS if name in groups] + sorted(set(groups) - set(GROUPS))
    count = f"{len(scenarios)} scenarios in {len(groups)} groups.\n\n"
    parts = [HEAD, count, *("".join(_group(name, groups[name])) for name in listed)]
    told = [scenario for name in listed for scenario in groups[name] if scenario.observed]
    parts += [OBSERVED, *(f"- **{scenario.id}**: {_one_line(scenario.observed or '')}\n" for scenario in told)]
    return "".join(parts)


def _group(name: str, scenarios: list[Scenario]) -> Iterator[str]:
    yield f"## {GROUPS.get(name, name)}\n\n"
    for scenario in scenarios:
        file = f"../lab/scenarios/{Path(scenario.path).relative_to(FOLDER).as_posix()}"
        rules = f" *{', '.join(scenario.standard)}*" if scenario.standard else ""
        yield f"### [{scenario.id}]({file})\n\n**{scenario.title}.**{rules}\n\n{_one_line(scenario.teaches)}\n\n"
        if scenario.departs:
            yield f"Departs from the standard: {_one_line(scenario.departs)}\n\n"
        if scenario.source:
            yield f"Met in [a public thread]({scenario.source}).\n\n"


def _one_line(text: str) -> str:
    return " ".join(text.split())


if __name__ == "__main__":
    print(page(catalogue()), end="")
