"""Lines that no host has logged about the message, or about a run without one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from lab.verdict import regex
from lab.verdict.difference import Difference
from lab.verdict.evidence import Case, Evidence
from lab.verdict.key import RunKey
from lab.verdict.logs import BY_HOST, Logs, Patterns, places, read


class NotLogged(RunKey[Patterns]):
    """Host to regular expressions, each found in no line of its log."""

    help = "Regular expressions by host, found in no such line by the time the message is at its end."
    example: ClassVar[object] = {"direct": "warning"}
    kind = BY_HOST
    needs = frozenset({"logs"})
    regular = True

    def read(self, written: Any) -> Patterns:  # noqa: ANN401  as TOML gives it
        """Return the expressions of each host."""
        return read(written)

    def hosts(self, expected: Patterns) -> Iterator[tuple[str, str]]:
        """Yield each."""
        for host in expected:
            yield f".{host}", host

    def contradictions(self, expected: Patterns, others: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """What is in the log is not missing there."""
        for host, patterns in expected.items():
            for pattern in set(patterns) & set((others.get("logged") or {}).get(host, ())):
                yield f"not_logged.{host}", f"{pattern!r} is expected in logged"

    def judge(self, expected: Patterns, case: Case) -> Iterator[Difference]:
        """Compare with the lines about the message."""
        return self._differences(expected, case.evidence.logs, complete=case.complete)

    def judge_run(self, expected: Patterns, evidence: Evidence) -> Iterator[Difference]:
        """Compare with the lines about the run, which is at its end."""
        return self._differences(expected, evidence.logs, complete=True)

    @staticmethod
    def _differences(expected: Patterns, logs: Logs | None, *, complete: bool) -> Iterator[Difference]:
        """*complete*: nothing more will be logged; a host that is not in *logs* was not heard."""
        for path, host, pattern in places("not_logged", expected):
            lines = (logs or {}).get(host)
            hit = next((line for line in lines or () if regex.found(pattern, line)), None)
            if hit is not None or lines is None or not complete:
                yield Difference(path, f"no line with {pattern}", hit)
