"""What a fault of a scenario is: one thing made wrong, as it is written, checked without a lab, and in force in a run.

There is one module for each place at which something can be wrong: a host, a scripted address, the DNS. What can be
wrong there, :mod:`lab.faults` and :mod:`dnszone.faults` know; here is what a scenario adds: names, variables, and that
a run's faults meet that run only.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lab.scenario.format.problem import Notes

if TYPE_CHECKING:
    from lab.scenario.format.model import Scenario
    from lab.scenario.run.stage import Stage


@dataclass(frozen=True, slots=True)
class Fault(ABC):
    """One fault. ``name`` is what steps call it, ``place`` its path in the file.

    ``table`` says what is wrong, in that place's own words; its texts still have their variables.
    """

    name: str
    table: Mapping[str, Any]
    place: str = "faults"
    later: bool = False  # a step applies it; else it is in force from the start

    @abstractmethod
    def check(
        self, scenario: Scenario, scripted: Collection[str] | None, values: Mapping[str, str], notes: Notes
    ) -> None:
        """Note what is wrong with it.

        *scripted*: names at scripted addresses, None if they are not known; *values*: of the variables.
        """

    @abstractmethod
    def apply(self, stage: Stage) -> AbstractContextManager[None]:
        """Return a context in which it is in force."""

    def breaks(self) -> Collection[str]:
        """Return the hosts that the run must have alone, because others would notice."""
        return ()
