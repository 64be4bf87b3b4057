"""What the lab raises: every error says its cause, and what to do next.

LabError
 |- MachineError                       Docker, this machine or a host of the lab is in the way
 |   |- lab.engine.explain: StoppedError, UnreachableError
 |   |- lab.engine.protocol.RefusedError   the container engine does not do it: GoneError, BusyError
 |   `- UnsupportedError             the engine, or its kernel, does not allow what is wanted
 |- lab.servers.postfix.settings.SettingsError       a main.cf with mistakes
 `- lab.verdict.ExpectationError     an expectation that cannot be judged
"""

from __future__ import annotations

from lab.printable import printable


class LabError(Exception):
    """Something that the user can put right. ``hint`` is the next step, None where the cause says it all."""

    def __init__(self, cause: str, *, hint: str | None = None) -> None:
        """*cause* is a sentence without a final stop; so is *hint*."""
        super().__init__(cause)
        self.hint = hint

    def __str__(self) -> str:
        """Return cause and next step, safe to print: a reply or a file's name may be part of them."""
        cause = str(self.args[0])
        return printable(f"{cause}\n  {self.hint}" if self.hint else cause)


class MachineError(LabError):
    """Docker, this machine or a host of the lab is in the way: what the user gave is right."""


class UnsupportedError(MachineError):
    """This engine, or its kernel, does not allow what a fault or a scenario needs."""
