"""A fault at a name in a zone that stands for addresses of the scripted host: their script (docs/scripted.md)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lab.control.grammar import script_problems
from lab.faults import keys
from lab.scenario.faults.fault import Fault
from lab.scenario.format.keys import SCRIPTED
from lab.scenario.format.problem import Notes, joined
from lab.scenario.format.variables import MAIL, substitute

if TYPE_CHECKING:
    from lab.scenario.format.model import Scenario
    from lab.scenario.run.stage import Stage


@dataclass(frozen=True, slots=True)
class AtScripted(Fault):
    """``name`` is the name in a zone."""

    def check(
        self, scenario: Scenario, scripted: Collection[str] | None, values: Mapping[str, str], notes: Notes
    ) -> None:
        """The scripted host's own reader says what is wrong with a script."""
        del scenario
        if scripted is not None and self.name not in scripted:
            names = f"names at scripted addresses: {joined(scripted)}" if scripted else "no zone has a $SCRIPTED_1"
            hint = f"a host of the lab ({', '.join(MAIL)}), a host of the scenario, or a name in a zone; {names}"
            notes.note(self.place, f"there is nothing called {self.name!r} to make wrong", hint)
            return
        for key in self.table:
            if key in keys.KEYS and key not in SCRIPTED:
                hint = 'connect = "unreachable"; a host of [hosts] can have it'
                notes.note(f"{self.place}.{key}", "is done to hosts, and this is an address of the scripted host", hint)
        script = {key: each for key, each in self.table.items() if key in SCRIPTED}
        for problem in script_problems(substitute(script, values)):
            place = f"{self.place}.{problem.path}" if problem.path else self.place
            notes.note(place, problem.problem, problem.hint)

    @contextmanager
    def apply(self, stage: Stage) -> Iterator[None]:
        """Script all addresses that the name has."""
        script: Any = substitute(self.table, stage.values)
        with ExitStack() as standing:
            for address in stage.scripted(self.name):
                stage.lab.scripted.script(address, script)
                standing.callback(stage.lab.scripted.script, address, {})
            yield
