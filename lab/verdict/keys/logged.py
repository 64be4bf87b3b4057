"""Lines that hosts have logged about the message, or about a run without one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from lab.verdict import regex
from lab.verdict.difference import Difference
from lab.verdict.evidence import Case, Evidence
from lab.verdict.key import RunKey
from lab.verdict.logs import BY_HOST, Logs, Patterns, nearest, places, read


class Logged(RunKey[Patterns]):
    """Host to regular expressions, each found in a line of its log."""

    help = (
        "Regular expressions by host, one or a list, each found in a line that the host has logged about the message. "
        "Waited for."
    )
    example: ClassVar[object] = {"direct": "status=deferred"}
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

    def judge(self, expected: Patterns, case: Case) -> Iterator[Difference]:
        """Compare with the lines about the message."""
        return self._differences(expected, case.evidence.logs, complete=case.complete)

    def judge_run(self, expected: Patterns, evidence: Evidence) -> Iterator[Difference]:
        """Compare with the lines about the run, which is at its end."""
        return self._differences(expected, evidence.logs, complete=True)

    @staticmethod
    def _differences(expected: Patterns, logs: Logs | None, *, complete: bool) -> Iterator[Difference]:
        """*complete*: nothing more will be logged; a host that is not in *logs* was not heard."""
        for path, host, pattern in places("logged", expected):
            lines = (logs or {}).get(host)
            if lines is None:
                yield Difference(path, pattern, None)
            elif not any(regex.found(pattern, line) for line in lines):
                yield Difference(path, pattern, nearest(pattern, lines) if complete else None)
