"""The faults of a scenario: which kind each is, and whether it can be applied, and hits nobody else's run.

In: the table [faults]. Out: :class:`lab.scenario.format.model.Fault` values; problems are noted with their path.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from dnszone.problem import InvalidError
from dnszone.rules import Rules
from lab.control.grammar import script_problems
from lab.errors import LabError
from lab.faults import keys, reader
from lab.scenario.format.keys import SCRIPT, SCRIPTED
from lab.scenario.format.model import Fault, Scenario
from lab.scenario.format.problem import Notes, joined
from lab.scenario.format.variables import MAIL, VARIABLE, WORLD, substitute, variable
from lab.values import Table
from lab.world import roster

VIEW = "view"


def read(table: Mapping[str, Any], own: Collection[str], notes: Notes) -> tuple[Fault, ...]:
    """Return the faults in the table [faults]. *own*: names of hosts that the scenario brings along."""
    found: list[Fault] = []
    for name, value in table.items():
        place = f"faults.{name}"
        if name == "dns":
            found += _dns(value, notes)
        elif not isinstance(value, dict):
            notes.note(place, f"must be a table, not {value!r}", f"write [faults.{name}]")
        else:
            Table(SCRIPT).check(value, place, notes)
            rest = {key: each for key, each in value.items() if key != "later"}
            later = value.get("later") is True
            if name in own or name in WORLD:
                parts = {
                    "host": {key: each for key, each in rest.items() if key in keys.KEYS},
                    "policy": {key: each for key, each in rest.items() if key in SCRIPTED and key not in keys.KEYS},
                }
                found += [Fault(name, kind, part, place, later) for kind, part in parts.items() if part]
            else:
                found.append(Fault(name, "scripted", rest, place, later))
            if not rest:
                notes.note(place, "does nothing", f"keys are {', '.join(SCRIPT)}")
    return tuple(found)


def _dns(value: object, notes: Notes) -> Iterator[Fault]:
    if not isinstance(value, list):
        notes.note("faults.dns", "must be a list of tables", "write [[faults.dns]]")
        return
    for index, table in enumerate(value):
        place = f"faults.dns[{index}]"
        if not isinstance(table, dict):
            notes.note(place, f"must be a table, not {table!r}")
            continue
        later, name = table.get("later", False), table.get("id", f"dns[{index}]")
        if not isinstance(later, bool):
            notes.note(f"{place}.later", f"must be true or false, not {later!r}")
        if not isinstance(name, str):
            notes.note(f"{place}.id", f"must be a text, not {name!r}")
        if later and "id" not in table:
            notes.note(place, "has no id by which a step could apply it", 'add id = "..."')
        rest = {key: each for key, each in table.items() if key not in ("id", "later")}
        yield Fault(str(name), "dns", rest, place, later is True)


def check(scenario: Scenario, scripted: Collection[str] | None, values: Mapping[str, str], notes: Notes) -> None:
    """Note what is wrong with the faults.

    *scripted*: names at scripted addresses, None if they are not known; *values*: of the variables.
    """
    seen: dict[str, Fault] = {}
    for fault in scenario.faults:
        other = seen.setdefault(fault.name, fault)
        if other.place != fault.place:
            notes.note(fault.place, f"another fault is called {fault.name!r} already", "give it another id")
        match fault.kind:
            case "scripted":
                _check_scripted(fault, scripted, values, notes)
            case "host" | "policy":
                _check_at_host(fault, scenario, values, notes)
            case "dns":
                _check_dns(fault, scenario, values, notes)


def _check_scripted(fault: Fault, scripted: Collection[str] | None, values: Mapping[str, str], notes: Notes) -> None:
    if scripted is not None and fault.name not in scripted:
        names = f"names at scripted addresses: {joined(scripted)}" if scripted else "no zone has a $SCRIPTED_1"
        hint = f"a host of the lab ({', '.join(MAIL)}), a host of the scenario, or a name in a zone; {names}"
        notes.note(fault.place, f"there is nothing called {fault.name!r} to make wrong", hint)
        return
    for key in fault.table:
        if key in keys.KEYS and key not in SCRIPTED:
            hint = 'connect = "unreachable"; a host of [hosts] can have it'
            notes.note(f"{fault.place}.{key}", "is done to hosts, and this is an address of the scripted host", hint)
    script = {key: each for key, each in fault.table.items() if key in SCRIPTED}
    for problem in script_problems(substitute(script, values)):
        place = f"{fault.place}.{problem.path}" if problem.path else fault.place
        notes.note(place, problem.problem, problem.hint)


def _check_at_host(fault: Fault, scenario: Scenario, values: Mapping[str, str], notes: Notes) -> None:
    table: Any = substitute(fault.table, values)
    reader.check(_role(fault.name, scenario), table, fault.place, notes)
    if notes.below(fault.place) or fault.name not in WORLD:
        return
    for each in reader.read(table).replies:
        try:
            each.scoped([values[name] for name in scenario.zones])
        except LabError as error:
            notes.note(f"{fault.place}.{each.stage}", str(error.args[0]), error.hint)


def _role(name: str, scenario: Scenario) -> str:
    """Return the role of a real host: one of the world's, or one that is made like it."""
    like = next((host.like for host in scenario.hosts if host.name == name), name)
    return roster.role(like) or like


def _check_dns(fault: Fault, scenario: Scenario, values: Mapping[str, str], notes: Notes) -> None:
    for problem in dns_problems(fault, values):
        place = f"{fault.place}.{problem.path}" if problem.path else fault.place
        notes.note(place, problem.problem, problem.hint)
    named = {found["name"] for found in VARIABLE.finditer(str(fault.table.get("name", "")))}
    client = str(fault.table.get("client", ""))
    own = {host.name for host in scenario.hosts}
    mine = client in own or client in {f"${variable(name)}" for name in own}
    plain = f"{str(fault.table.get('name', '')).rstrip('.').lower()}."
    fixed = any(plain == name or plain.endswith(f".{name}") for name in scenario.fixed)
    if not mine and not fixed and not named & set(scenario.zones) and fault.table.get("kind") != VIEW:
        zones = ", ".join(f"${name}" for name in scenario.zones)
        notes.note(
            f"{fault.place}.name",
            "would meet the questions of other runs too",
            f"give a name in {zones}, or a client that the scenario brings along",
        )


def dns_problems(fault: Fault, values: Mapping[str, str]) -> tuple[Any, ...]:
    """Return what is wrong with a DNS fault, by the DNS server's own rules."""
    try:
        Rules().add({"owner": "run", **dns_parameters(fault, values, values)})
    except InvalidError as error:
        return error.problems
    return ()


def dns_parameters(fault: Fault, values: Mapping[str, str], zone_values: Mapping[str, str]) -> dict[str, Any]:
    """Return the fault as the DNS host takes it. *zone_values*: the variables of a view's text."""
    table = dict(fault.table)
    client = table.get("client")
    if isinstance(client, str) and variable(client) in values:
        table["client"] = values[variable(client)]
    if table.get("kind") == VIEW:
        text = table.pop("text", None)
        found = {"origin": "$DOMAIN", **table}
        view: dict[str, Any] = {key: substitute(each, values) for key, each in found.items()}
        return {**view, "text": text, "variables": dict(zone_values), "file": "view"}
    return {key: substitute(each, values) for key, each in table.items()}
