"""What is wrong with a scenario beyond the types of its values: unknown names, zones, settings, the order of steps.

In: a scenario as far as it could be made, and the notes to which problems go. Everything is checked with placeholders
for what only a run knows (:func:`lab.scenario.format.variables.placeholders`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from dnszone import masterfile
from dnszone.problem import InvalidError, did_you_mean
from dnszone.zone import Zone
from lab import files
from lab.scenario import faults
from lab.scenario.format import expect
from lab.scenario.format import hosts as own
from lab.scenario.format.model import MAIN, Message, Scenario
from lab.scenario.format.problem import Notes, joined
from lab.scenario.format.session import LINE
from lab.scenario.format.variables import WORLD, placeholders, unknown, variable
from lab.scenario.steps import order
from lab.world.doors import INSIDE, Door, doors
from lab.world.zonefiles import origins

HOST_NAME = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*")
ZONE_NAME = re.compile(r"[a-z][a-z0-9_]{0,30}")


def check(scenario: Scenario, notes: Notes) -> None:
    """Note every problem."""
    texts = [text for _, _, text in _texts(scenario)]
    values = placeholders(scenario.zones, texts, (host.name for host in scenario.hosts))
    zones = list(_zones(scenario, values, notes))
    whole = len(zones) == len(texts)  # else nobody can tell which names there are
    scripted = names_at(zones, {value for name, value in values.items() if name.startswith("SCRIPTED_")})
    hosts = {*WORLD, *(host.name for host in scenario.hosts), *values.values(), *labels(zones)} if whole else set()
    _check_variables(scenario, values, notes)
    own.check(scenario, values, notes)
    _check_names(scenario, notes)
    for user in scenario.sieve:
        own.check_user(user, f"sieve.{user}", notes)
    for index, message in enumerate(scenario.messages):
        _check_message(message, f"message[{index}]", scenario, notes)
    for index, session in enumerate(scenario.sessions):
        _check_via(session.at, f"session[{index}].at", scenario, notes, stores=True)
        for number, line in enumerate(session.lines):
            if not LINE.fullmatch(line):
                notes.note(
                    f"session[{index}].lines[{number}]", f"{line!r} begins with none of C: R: B: TLS: S:", '"C: EHLO x"'
                )
    faults.check(scenario, scripted if whole else None, values, notes)
    for expected in [*scenario.expected, *(each for step in scenario.steps for each in step.expectations())]:
        expect.check(expected, scenario, hosts, values, notes)
    order.check(scenario, notes, complete=not notes.below("step"))
    _check_sense(scenario, hosts, notes)


def names_at(zones: Iterable[tuple[str, Zone]], addresses: set[str]) -> set[str]:
    """Return the names in *zones* that stand for one of *addresses*: "mx-a"; "@", or the zone's name, for the apex."""
    found = set()
    for name, zone in zones:
        for record in zone.records:
            if record.type in ("A", "AAAA") and record.data in addresses:
                found.add(label(record.name, name, zone.origin))
    return found


def labels(zones: Iterable[tuple[str, Zone]]) -> set[str]:
    """Return what a host may be called in an attempt: first labels of the names in *zones*, and of those they name."""
    found = set()
    for name, zone in zones:
        for record in zone.records:
            found.add(label(record.name, name, zone.origin))
            if record.type in ("MX", "CNAME"):
                found.add(label(record.data.rpartition(" ")[2], name, zone.origin))
    return found - {"", "*"}


def label(full: str, zone: str, origin: str) -> str:
    """Return how attempts at the host with the name *full* are told: its first label, "@" for $DOMAIN itself."""
    return apex(zone) if full == origin and not zone.endswith(".") else full.partition(".")[0]


def apex(zone: str) -> str:
    """Return how attempts at a domain's own address are told; *zone* is its variable."""
    return "@" if zone == MAIN else zone.lower()


def _texts(scenario: Scenario) -> Iterator[tuple[str, str, str]]:
    """Yield path, variable of the domain, and text of each zone, those of steps too."""
    for name, text in scenario.zones.items():
        yield "zone" if name == MAIN else f"zones.{name.lower()}", name, text
    for name, text in scenario.fixed.items():
        yield f"zones.{name}", name, text
    for step in scenario.steps:
        yield from step.zones()


def _zones(scenario: Scenario, values: Mapping[str, str], notes: Notes) -> Iterator[tuple[str, Zone]]:
    for path, name, text in _texts(scenario):
        if name.endswith("."):
            _check_fixed(name, path, notes)
        elif name != MAIN and not ZONE_NAME.fullmatch(name.lower()):
            notes.note(path, f"{name.lower()!r} makes no variable", "lower-case letters, digits and underscores")
        origin = name if name.endswith(".") else values.get(name, "domain.test")
        zone = _zone(text, origin, path, values, notes)
        if zone is not None:
            yield name, zone


def _check_fixed(name: str, path: str, notes: Notes) -> None:
    """A zone whose name is written answers everybody in the lab: it may hide nothing that others need."""
    plain = name.rstrip(".").lower()
    for world in (*origins(), "arpa"):
        if world == plain or world.endswith(f".{plain}") or (world != "test" and plain.endswith(f".{world}")):
            hint = "a name that no zone of the world has, or a [zones] of one's own without the dot"
            notes.note(path, f"the world has {world}, and other runs need it", hint)
            return
    if not plain or not HOST_NAME.fullmatch(plain):
        notes.note(path, f"{name!r} is not a name of a zone", '"localhost." or "_dmarc.test."')


def _zone(text: str, origin: str, path: str, values: Mapping[str, str], notes: Notes) -> Zone | None:
    try:
        return masterfile.read(text, origin, variables=values)
    except InvalidError as error:
        for problem in error.problems:
            notes.inside(path, problem.line or 1, problem.problem, problem.hint)
        return None


def _check_variables(scenario: Scenario, values: Mapping[str, str], notes: Notes) -> None:
    """Zones are left out: their reader knows better."""
    for path, text in _strings(scenario):
        for line, name in unknown(text, values):
            known = sorted(f"${each}" for each in values)
            hint = did_you_mean(f"${name}", known) or f"variables are {', '.join(known)}"
            notes.inside(path, line, f"unknown variable ${name}", hint)


def strings(scenario: Scenario) -> Iterator[str]:
    """Yield every text of a scenario in which a variable may stand."""
    yield from (text for _, _, text in _texts(scenario))
    yield from (text for _, text in _strings(scenario))


def _strings(scenario: Scenario) -> Iterator[tuple[str, str]]:
    for host in scenario.hosts:
        for key in ("main_cf", "master_cf", "dovecot_conf", "users", "unbound_conf"):
            yield f"hosts.{host.name}.{key}", getattr(host, key)
        for key in ("files", "sieve"):
            yield from ((f"hosts.{host.name}.{key}.{name}", text) for name, text in getattr(host, key).items())
    yield from ((f"sieve.{user}", text) for user, text in scenario.sieve.items())
    for index, message in enumerate(scenario.messages):
        yield from ((f"message[{index}].to", text) for text in message.to)
        for key, text in (("from", message.sender), ("subject", message.subject), ("body", message.body)):
            yield f"message[{index}].{key}", text
        yield f"message[{index}].raw", message.raw or ""
        yield f"message[{index}].envid", message.dsn.envid or ""
        yield f"message[{index}].orcpt", message.dsn.orcpt or ""
        yield from ((f"message[{index}].headers.{name}", text) for name, text in message.headers.items())
    for index, session in enumerate(scenario.sessions):
        yield from ((f"session[{index}].lines[{number}]", line) for number, line in enumerate(session.lines))
    for fault in scenario.faults:
        yield from _inside({key: each for key, each in fault.table.items() if key != "text"}, fault.place)
    for expected in [*scenario.expected, *(each for step in scenario.steps for each in step.expectations())]:
        yield from _inside(expected.table, expected.place)
    for step in scenario.steps:
        yield from step.texts()


def _inside(value: object, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for key, each in value.items():
            yield from _inside(each, f"{path}.{key}")
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from _inside(each, f"{path}[{index}]")


def _check_names(scenario: Scenario, notes: Notes) -> None:
    for what, names in (
        ("message", [message.name for message in scenario.messages]),
        ("session", [session.name for session in scenario.sessions]),
    ):
        last = {name: index for index, name in enumerate(names)}
        for name, count in Counter(names).items():
            if count > 1:
                index = last[name]
                unnamed = f"{count} of them have no name" if name == what else f"{count} of them are called {name!r}"
                notes.note(f"{what}[{index}].name", unnamed, "several need different names")
    upper = Counter([*scenario.zones, *(f"{variable(host.name)}{v6}" for host in scenario.hosts for v6 in ("", "_V6"))])
    for name, count in upper.items():
        if count > 1:
            notes.note(f"zones.{name.lower()}", f"${name} would mean two things", "choose another name")


def _check_message(message: Message, place: str, scenario: Scenario, notes: Notes) -> None:
    _check_via(message.via, f"{place}.via", scenario, notes)
    for index, recipient in enumerate(message.to):
        if "@" not in recipient:
            notes.note(f"{place}.to[{index}]", f"{recipient!r} has no @", "bia@$DOMAIN")
    if message.raw is not None and message.file is not None:
        notes.note(f"{place}.file", "a message is either raw or a file")
    if (message.raw is not None or message.file is not None) and (message.headers or message.size):
        notes.note(place, "a message that is sent as it is gets no headers and no size")
    if message.file is not None and not files.is_file(Path(scenario.path).parent / message.file):
        notes.note(f"{place}.file", f"there is no file {message.file!r} beside this one")
    for key, problem in message.dsn.problems():
        if not notes.below(f"{place}.{key}"):
            notes.note(f"{place}.{key}", problem)
    if message.login is not None:
        own.check_user(message.login, f"{place}.login", notes)


def _check_via(via: str, path: str, scenario: Scenario, notes: Notes, *, stores: bool = False) -> None:
    """*stores*: whether it may be a mail store, too."""
    host, colon, port = via.partition(":")
    known = scenario.mtas + (scenario.stores if stores else ())
    if host not in known:
        what = "MTA or mail store" if stores else "MTA"
        notes.note(path, f"no {what} is called {host!r}", did_you_mean(host, known) or joined(known))
    elif colon and not (port.isascii() and port.isdigit() and len(port) < 6 and int(port) < 65536):
        notes.note(path, f"{port!r} is not a port", f'"{host}:25"')
    elif host in scenario.stores and not colon:
        notes.note(path, "a mail store does not listen at port 25", f'"{host}:24" speaks LMTP, "{host}:143" IMAP')
    elif host in WORLD and colon and Door(host, int(port)) not in (*doors(), *INSIDE):
        notes.note(path, f"{via} cannot be reached from outside the lab", joined(map(str, doors())))


def _check_sense(scenario: Scenario, hosts: set[str], notes: Notes) -> None:
    """Note what proves nothing, so that it would pass whatever happens."""
    if not (scenario.messages or scenario.sessions or any(step.proves for step in scenario.steps)):
        notes.note("", "has no message, no session, and no step that runs a command", "write a [[message]]")
    judged = {expected.message for expected in scenario.expected}
    judged |= {expected.message for step in scenario.steps for expected in step.expectations()}
    for index, message in enumerate(scenario.messages):
        if message.name not in judged:
            notes.note(f"message[{index}]", "nothing is expected of it", "write an [expect]")
    for index, departs in enumerate(scenario.departs_from_plan):
        for key, name in (("host", departs.host), ("target", departs.target)):
            if name is not None and hosts and name not in hosts:
                notes.note(
                    f"departs_from_plan[{index}].{key}", f"no host is called {name!r}", did_you_mean(name, hosts)
                )
