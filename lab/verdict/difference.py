"""One expectation that is not met."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Difference:
    """What was expected, and what was observed: None where there is no evidence for or against it."""

    path: str  # "attempts[1]", "accepted_by"
    expected: str
    observed: str | None
    lacking: str = ""  # of one without evidence: what there is, and what it does not tell

    def __str__(self) -> str:
        """Return it as a line of a report."""
        nothing = f"no evidence: {self.lacking}" if self.lacking else "no evidence"
        return f"{self.path}: expected {self.expected}, observed {self.observed or nothing}"
