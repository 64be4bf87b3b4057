"""How long a message was under way."""

from __future__ import annotations

from lab.verdict.evidence import Case

LONGEST = 86_400  # seconds: a day; no message is that long under way, whose timers are a hundred times faster


def elapsed(case: Case) -> tuple[float | None, str | None]:
    """Return the seconds from the submission to the last attempt, also in words; None of an open route."""
    seconds = case.evidence.elapsed if case.complete else None
    return seconds, None if seconds is None else f"{seconds:.3f} s"
