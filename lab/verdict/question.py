"""DNS questions as an expectation writes them: "MX dest.test"."""

from __future__ import annotations

import re

from lab.verdict.kinds import Matching

QUESTION = Matching(re.compile(r"[A-Z0-9]+ \S+"), 'a question such as "MX dest.test"')


def normal(text: str) -> str:
    """Return a question in one spelling: the DNS knows no case (RFC 4343), and a final dot adds nothing."""
    type_, _, name = text.partition(" ")
    return f"{type_.upper()} {name.strip().rstrip('.').lower()}"
