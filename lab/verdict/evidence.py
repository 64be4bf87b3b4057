"""What was observed beside a route, and a case to judge: a route and this."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lab.route.model import Route
from lab.verdict.align import NOTHING
from lab.verdict.difference import Difference


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was observed besides the route. None: not collected, so nothing can be said about it.

    A key of an expectation declares which of these it needs (:attr:`lab.verdict.key.ExpectationKey.needs`).
    """

    contacted: frozenset[str] | None = None  # hosts that saw a connection for this run
    questions: tuple[str, ...] | None = None  # "MX dest.test", in the order of the DNS log
    queues: Mapping[str, str] | None = None  # host to queue; "none" where the message has left
    elapsed: float | None = None  # seconds from the submission to the last attempt
    logs: Mapping[str, Sequence[str]] | None = None
    """Host to the lines of its log that are about the message (:mod:`lab.route.about`); a host whose log was not read
    to the end is not in it."""
    tls_logged: frozenset[str] | None = None  # hosts that log every TLS session that they begin
    copies: int | None = None  # how many the recipient's routes have together, where it stands for several
    refusal: str | None = None  # the reply at submission that refused it; "" where it was taken
    stored: tuple[bytes, ...] | None = None  # each copy in a mailbox, or at a scripted address
    notices: tuple[bytes, ...] | None = None  # each notification that it has caused


@dataclass(frozen=True, slots=True)
class Case:
    """What there is to judge an expectation by."""

    route: Route
    evidence: Evidence

    @property
    def complete(self) -> bool:
        """Whether the route has come to an end: what is not there yet will not come."""
        return self.route.outcome != "unknown"

    def absent(self, path: str, expected: str, observed: str = NOTHING) -> Difference:
        """Return the difference for something that is not there: final only when nothing can follow."""
        return Difference(path, expected, observed if self.complete else None)
