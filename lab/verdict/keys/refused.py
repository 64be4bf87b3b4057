"""The reply that refuses the message at its submission."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from lab.verdict.difference import Difference
from lab.verdict.evidence import Case
from lab.verdict.key import ExpectationKey
from lab.verdict.kinds import Matching

REFUSED = re.compile(r"[45]\d\d(?: [45]\.\d{1,3}\.\d{1,3})?")
LATER = ("attempts", "accepted_by", "delivered", "hops", "copies", "queue", "stored", "received")  # than the submission


class Refused(ExpectationKey[str]):
    """How the reply begins: its code, or code and enhanced status."""

    help = "How the reply at submission begins: its code, or code and status. The message is not queued."
    example = "554 5.7.1"
    kind = Matching(REFUSED, 'a code, or code and status, such as "554 5.7.1"')
    needs = frozenset({"refusal"})
    implies: ClassVar[Mapping[str, object]] = {"outcome": "rejected"}

    def contradictions(self, expected: str, others: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """Nothing becomes of a message that is not queued."""
        del expected
        for key in LATER:
            if others.get(key) is not None:
                yield key, "cannot be: the message is refused at submission"
        if others.get("outcome") != "rejected":
            yield "outcome", 'must be "rejected": the message is refused at submission'

    def judge(self, expected: str, case: Case) -> Iterator[Difference]:
        """Where the submission was not watched, nobody knows."""
        observed = case.evidence.refusal
        if observed is None or not observed.startswith(expected):
            yield Difference("refused", expected, "accepted" if observed == "" else observed)
