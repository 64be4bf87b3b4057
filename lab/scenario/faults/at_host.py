"""A fault at a real host: of the host as a whole, and of what an MX answers (:mod:`lab.faults.reader`)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lab.errors import LabError
from lab.faults import keys, reader
from lab.scenario.faults.fault import Fault
from lab.scenario.format.problem import Notes
from lab.scenario.format.variables import WORLD, substitute
from lab.world import roster

if TYPE_CHECKING:
    from lab.scenario.format.model import Scenario
    from lab.scenario.run.stage import Stage


@dataclass(frozen=True, slots=True)
class AtHost(Fault):
    """``name`` is the host's."""

    def check(
        self, scenario: Scenario, scripted: Collection[str] | None, values: Mapping[str, str], notes: Notes
    ) -> None:
        """Replies of a host that others use too are for recipients in the run's domains."""
        del scripted
        table: Any = substitute(self.table, values)
        if table:  # else it was told already
            reader.check(_role(self.name, scenario), table, self.place, notes)
        if notes.below(self.place) or self.name not in WORLD:
            return
        for each in reader.read(table).replies:
            try:
                each.scoped([values[name] for name in scenario.zones])
            except LabError as error:
                notes.note(f"{self.place}.{each.stage}", str(error.args[0]), error.hint)

    def apply(self, stage: Stage) -> AbstractContextManager[None]:
        """Have it done by the lab."""
        wrong: Any = substitute(self.table, stage.values)
        return stage.lab.fault(stage.names.real(self.name), **wrong)

    def breaks(self) -> Collection[str]:
        """Return the host, if something is done to it as a whole; a reply disturbs nobody."""
        return (self.name,) if self.table.keys() & set(keys.KEYS) else ()


def _role(name: str, scenario: Scenario) -> str:
    """Return the role of a real host: one of the world's, or one that is made like it."""
    like = next((host.like for host in scenario.hosts if host.name == name), name)
    return roster.role(like) or like
