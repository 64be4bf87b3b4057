"""One expectation that is not met."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Difference:
    """What was expected, and what was observed: None where there is no evidence for or against it."""

    path: str  # "attempts[1]", "accepted_by"
    expected: str
    observed: str | None

    def __str__(self) -> str:
        """Return it as a line of a report."""
        return f"{self.path}: expected {self.expected}, observed {self.observed or 'no evidence'}"
