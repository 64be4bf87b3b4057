"""The faults of a scenario: which of the three places each is at, and whether they can be applied together.

In: the table [faults]. Out: :class:`lab.scenario.faults.fault.Fault` values; problems are noted with their path.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from lab.scenario.faults.at_host import AtHost
from lab.scenario.faults.at_scripted import AtScripted
from lab.scenario.faults.fault import Fault
from lab.scenario.faults.in_dns import InDns
from lab.scenario.format.keys import SCRIPT
from lab.scenario.format.problem import Notes
from lab.scenario.format.variables import WORLD
from lab.values import Table

if TYPE_CHECKING:
    from lab.scenario.format.model import Scenario

DNS = "dns"


def read(table: Mapping[str, Any], own: Collection[str], notes: Notes) -> tuple[Fault, ...]:
    """Return the faults in the table [faults]. *own*: names of hosts that the scenario brings along."""
    found: list[Fault] = []
    for name, value in table.items():
        place = f"faults.{name}"
        if name == DNS:
            found += _in_dns(value, notes)
        elif not isinstance(value, dict):
            notes.note(place, f"must be a table, not {value!r}", f"write [faults.{name}]")
        else:
            Table(SCRIPT).check(value, place, notes)
            if not value.keys() - {"later"}:
                notes.note(place, "does nothing", f"keys are {', '.join(SCRIPT)}")
            known = {key: each for key, each in value.items() if key in SCRIPT and key != "later"}
            kind = AtHost if name in own or name in WORLD else AtScripted
            found.append(kind(name, known, place, value.get("later") is True))
    return tuple(found)


def check(scenario: Scenario, scripted: Collection[str] | None, values: Mapping[str, str], notes: Notes) -> None:
    """Note what is wrong with the faults.

    *scripted*: names at scripted addresses, None if they are not known; *values*: of the variables.
    """
    seen: dict[str, Fault] = {}
    for fault in scenario.faults:
        if seen.setdefault(fault.name, fault) is not fault:
            notes.note(fault.place, f"another fault is called {fault.name!r} already", "give it another id")
        fault.check(scenario, scripted, values, notes)


def _in_dns(value: object, notes: Notes) -> Iterator[Fault]:
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
        yield InDns(str(name), rest, place, later is True)
