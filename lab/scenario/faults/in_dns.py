"""A fault of the DNS: answers that are wrong, of a kind of :mod:`dnszone.faults`."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dnszone.problem import InvalidError
from dnszone.rules import Rules
from lab.scenario.faults.fault import Fault
from lab.scenario.format.problem import Notes
from lab.scenario.format.variables import VARIABLE, substitute, variable

if TYPE_CHECKING:
    from lab.scenario.format.model import Scenario
    from lab.scenario.run.stage import Stage

VIEW = "view"


@dataclass(frozen=True, slots=True)
class InDns(Fault):
    """``name`` is its id, or where it stands in the file."""

    def check(
        self, scenario: Scenario, scripted: Collection[str] | None, values: Mapping[str, str], notes: Notes
    ) -> None:
        """The DNS server's own rules say what is wrong with it; and it must not meet the questions of others."""
        del scripted
        for problem in self._problems(values):
            place = f"{self.place}.{problem.path}" if problem.path else self.place
            notes.note(place, problem.problem, problem.hint)
        named = {found["name"] for found in VARIABLE.finditer(str(self.table.get("name", "")))}
        client = str(self.table.get("client", ""))
        own = {host.name for host in scenario.hosts}
        mine = client in own or client in {f"${variable(name)}" for name in own}
        plain = f"{str(self.table.get('name', '')).rstrip('.').lower()}."
        fixed = any(plain == name or plain.endswith(f".{name}") for name in scenario.fixed)
        if not mine and not fixed and not named & set(scenario.zones) and self.table.get("kind") != VIEW:
            zones = ", ".join(f"${name}" for name in scenario.zones)
            notes.note(
                f"{self.place}.name",
                "would meet the questions of other runs too",
                f"give a name in {zones}, or a client that the scenario brings along",
            )

    @contextmanager
    def apply(self, stage: Stage) -> Iterator[None]:
        """Tell the DNS, and take it back there."""
        number = stage.lab.dns.fault(**self._parameters(stage.values))
        try:
            yield
        finally:
            stage.lab.dns.heal(number)

    def _problems(self, values: Mapping[str, str]) -> tuple[Any, ...]:
        try:
            Rules().add({"owner": "run", **self._parameters(values)})
        except InvalidError as error:
            return error.problems
        return ()

    def _parameters(self, values: Mapping[str, str]) -> dict[str, Any]:
        """Return the fault as the DNS host takes it; a view's text keeps its variables, for the reader of zones."""
        table = dict(self.table)
        client = table.get("client")
        if isinstance(client, str) and variable(client) in values:
            table["client"] = values[variable(client)]
        if table.get("kind") == VIEW:
            text = table.pop("text", None)
            found = {"origin": "$DOMAIN", **table}
            view: dict[str, Any] = {key: substitute(each, values) for key, each in found.items()}
            return {**view, "text": text, "variables": dict(values), "file": "view"}
        return {key: substitute(each, values) for key, each in table.items()}
