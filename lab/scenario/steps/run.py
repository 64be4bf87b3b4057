"""Runs a command on a host."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from lab.scenario.format.problem import Notes
from lab.scenario.format.variables import replaced
from lab.scenario.steps.step import Step
from lab.values import TEXT, TEXTS, Key
from lab.verdict import regex
from lab.verdict.kinds import Pattern

if TYPE_CHECKING:
    from lab.scenario.run.running import Running
    from lab.scenario.steps.order import Order


@dataclass(frozen=True, slots=True)
class Run(Step):
    """A host, the words of a command, and a regular expression that its output must match."""

    host: str
    command: tuple[str, ...]
    output: str | None = None

    action = "run"
    keys: ClassVar[Mapping[str, Key]] = {
        "run": Key(
            TEXT,
            "An MTA, a mail store or a host of [hosts] on which `command` runs, as root; `output` is a regular "
            "expression found in what it prints.",
        ),
        "command": Key(TEXTS, "The words of the command."),
        "output": Key(TEXT, "A regular expression; a variable in it stands for its value as it is."),
    }
    example: ClassVar[Mapping[str, object]] = {"run": "mx1", "command": ["postqueue", "-p"], "output": "empty"}
    proves = True
    moves = True

    @classmethod
    def read(cls, place: str, table: Mapping[str, Any], messages: Collection[str], notes: Notes) -> Run:
        """Return it."""
        del messages
        if "command" not in table:
            notes.note(place, "command is missing", 'command = ["postqueue", "-p"]')
        return cls(place, table["run"], tuple(table.get("command", ())), table.get("output"))

    def check(self, order: Order) -> None:
        """There is such a host, and the expression is one."""
        order.machine(f"{self.place}.run", self.host)
        if self.output is not None:
            Pattern().check(self.output, f"{self.place}.output", order.notes)

    def texts(self) -> Iterator[tuple[str, str]]:
        """Yield the command's words, and the expression."""
        yield from ((f"{self.place}.command[{index}]", word) for index, word in enumerate(self.command))
        yield f"{self.place}.output", self.output or ""

    def uses(self) -> Collection[str]:
        """Return the host."""
        return (self.host,)

    def run(self, running: Running) -> None:
        """Run it; without an expression it must end with 0. Plans know settings that it has changed from here on."""
        values = running.values
        ran = running.execute(self.host, [replaced(word, values) for word in self.command])
        printed = ran.output + ran.errors
        if self.output is None:
            if ran.exit_code != 0:
                running.differs(self.place, "exit code 0", f"{ran.exit_code}: {printed.strip()}")
            return
        # Variables stand for exactly their values.
        pattern = replaced(self.output, {name: re.escape(each) for name, each in values.items()})
        if not regex.found(pattern, printed):
            running.differs(self.place, pattern, printed.strip() or "no output")
