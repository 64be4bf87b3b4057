"""Errors at the command line: each becomes one message on stderr, with its next step, and an exit code.

    lab: this lab has no host 'mx9'
      its hosts are: client, direct, dns, ...

LabError
 |- NotUpError      3  the lab is not up
 |- MachineError    4  Docker, the machine or a host is in the way (lab.errors)
 `- AnswerError     1  the answer is no
Any other LabError is bad input, 2, unless another program's or the network's failure caused it, 4.
"""

from __future__ import annotations

import os

from lab.cli import codes
from lab.cli.console import tell
from lab.errors import LabError, MachineError

DEBUG = "LAB_DEBUG"


class NotUpError(LabError):
    """The lab is not up."""


class AnswerError(LabError):
    """The answer to what was asked is no."""


CODES: dict[type[LabError], int] = {
    NotUpError: codes.DOWN,
    MachineError: codes.MACHINE,
    AnswerError: codes.NO,
}


def debug() -> bool:
    """Whether the user wants tracebacks."""
    return os.environ.get(DEBUG, "") not in ("", "0")


def code(error: LabError) -> int:
    """Return the exit code for an error."""
    from lab.mail.submission import RouteTimeoutError

    if isinstance(error, RouteTimeoutError):
        return codes.NO
    of_its_kind = next((found for kind, found in CODES.items() if isinstance(error, kind)), None)
    return of_its_kind or (codes.MACHINE if error.__cause__ is not None else codes.USAGE)


def show(error: LabError) -> None:
    """Write cause and next step on stderr."""
    first, *rest = str(error.args[0]).split("\n")
    tell((f"lab: {first}", "red"))
    for line in [*rest, *(error.hint.split("\n") if error.hint else ())]:
        tell(f"  {line.removeprefix('  ')}")


def understood(error: Exception) -> LabError:
    """Return what an exception that is no LabError means: nobody has expected it."""
    text = " ".join(str(error).split())
    return MachineError(
        f"unexpected {type(error).__name__}: {text}",
        hint=f"this is a mistake in the lab itself; {DEBUG}=1 shows the traceback",
    )
