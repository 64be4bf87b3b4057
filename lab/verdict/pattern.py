"""Attempts as an expectation writes them: "mx1 250", "mx-a refused", "mx2 450 4.2.0 rcpt", "mx1|mx2 4xx ...".

    TARGET RESULT... [...]

TARGET is a lab name, several with | between them, or a pattern with *. RESULT is one or more of: an SMTP code
(250, 4xx, 5xx), an enhanced status code (4.2.0, 5.x.x), an outcome (accepted, rejected, deferred, failed), a
cause (refused, timeout, unreachable, lost), a stage of the dialogue (connect, banner, ..., end-of-data), the address
family (ipv4, ipv6), what became of TLS (tls:none, tls:untrusted, tls:!verified ...), who hands over (lmtp, pipe), or *
for any. A final ... stands for one or more such attempts in a row. Everything that is said must hold; what nobody has
logged is not known to.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from difflib import get_close_matches
from fnmatch import fnmatchcase

from lab.route.model import UNKNOWN, Attempt

CODE = re.compile(r"[2-5][0-9x]{2}")
STATUS = re.compile(r"[245x]\.(\d{1,3}|x)\.(\d{1,3}|x)")
STAGES = ("connect", "banner", "ehlo", "starttls", "auth", "xforward", "mail", "rcpt", "data", "end-of-data")
OUTCOMES = ("accepted", "rejected", "deferred", "failed")
CAUSES = ("refused", "timeout", "unreachable", "lost")  # of an attempt without a reply
FAMILIES = ("ipv4", "ipv6")
NO_TLS = "none"
BEFORE_TLS = ("connect", "banner", "ehlo")
TLS = tuple(f"tls:{state}" for state in (NO_TLS, "anonymous", "untrusted", "trusted", "verified"))
AGENTS = ("lmtp", "pipe")  # of hand-overs (lab.route.model.Handover)
COMMAND = "pipe:"  # and the name of a service of pipe(8): a target that is no host
VOCABULARY = (*STAGES, *OUTCOMES, *CAUSES, *FAMILIES, *TLS, *AGENTS)


@dataclass(frozen=True, slots=True)
class AttemptPattern:
    """One expected attempt: all of ``results`` must hold; ``repeated`` allows several such in a row."""

    target: str
    results: tuple[str, ...]
    repeated: bool = False

    def matches(self, attempt: Attempt) -> bool | None:
        """Return whether the attempt is at such a target and has such a result; None if that cannot be told."""
        found = [self.names(attempt.target), *(_holds(word, attempt) for word in self.results)]
        return False if False in found else None if None in found else True

    def names(self, target: str) -> bool:
        """Return whether *target* is one of those meant."""
        return names(self.target, target)

    def compared(self, attempt: Attempt) -> str:
        """Return an attempt in words of a pattern, with everything that this pattern says something about."""
        said = attempt.reply or attempt.reason
        more = []
        if any(STATUS.fullmatch(word) for word in self.results):
            status = _status(attempt) or "no status"
            more += [status] if status not in said else []
        if any(word.startswith("tls:") for word in self.results):
            more.append(f"tls:{attempt.trust or '?'}")
        return _words(attempt, *more)

    def __str__(self) -> str:
        """Return it as it was written."""
        return " ".join((self.target, *self.results, *(["..."] if self.repeated else [])))


def names(pattern: str, name: str) -> bool:
    """Return whether *name* is one of those that "mx1|mx-*" stands for."""
    return any(fnmatchcase(name, each) for each in pattern.split("|"))


def parse(text: str) -> AttemptPattern:
    """Return the pattern that *text* is.

    Raises ValueError with what is wrong and, where there is one, a suggestion.
    """
    words = text.split()
    repeated = words[-1:] == ["..."]
    if repeated:
        words.pop()
    if not words:
        raise ValueError(f'{text!r} names no host; write for example "mx1 250"')
    target, *results = words
    if not results:
        raise ValueError(f'{text!r} has no result; write for example "{target} 250", or "{target} *" for any')
    for word in results:
        plain = word.replace("tls:!", "tls:")
        if not (word == "*" or plain in VOCABULARY or CODE.fullmatch(word) or STATUS.fullmatch(word)):
            close = get_close_matches(word, VOCABULARY, n=1)
            hint = f"; did you mean {close[0]!r}?" if close else f"; a code, a status or one of {', '.join(VOCABULARY)}"
            raise ValueError(f"{word!r} in {text!r} is not a result{hint}")
    return AttemptPattern(target, tuple(results), repeated)


def describe(attempt: Attempt) -> str:
    """Return an attempt in words of a pattern, and what was said: "mx1 deferred rcpt: 450 4.2.0 wait".

    Of the families only IPv6 is named.
    """
    return _words(attempt)


def known(attempt: Attempt, tls_logged: Collection[str]) -> Attempt:
    """Return the attempt with "none" for its trust where it is known that there was no TLS.

    That is so before STARTTLS, and where the host is one of *tls_logged*, which would have logged a TLS session.
    """
    clear = attempt.tls is None and (attempt.stage in BEFORE_TLS or attempt.host in tls_logged)
    return replace(attempt, trust=NO_TLS) if clear else attempt


def like(pattern: str, code: str) -> bool:
    """Return whether "5.7.1" is such as "5.x.x" says; an x stands for any digits."""
    return re.fullmatch(re.escape(pattern).replace("x", r"\d+"), code) is not None


def _words(attempt: Attempt, *more: str) -> str:
    family = ["ipv6"] if _family(attempt) == "ipv6" else []
    agent = [attempt.agent] if attempt.agent == "lmtp" else []
    words = " ".join((attempt.target, *agent, *family, attempt.outcome, attempt.stage, *more))
    return f"{words}: {attempt.reply or attempt.reason}"


def _holds(word: str, attempt: Attempt) -> bool | None:
    if word in STAGES:
        return None if attempt.stage == UNKNOWN else word == attempt.stage
    if word in FAMILIES:
        family = _family(attempt)
        return None if family is None else word == family
    if word in CAUSES:
        return word == attempt.cause
    if STATUS.fullmatch(word):
        status = _status(attempt)
        return like(word, status) if status else None
    if word.startswith("tls:"):
        state = word.removeprefix("tls:").removeprefix("!")
        return None if attempt.trust is None else (attempt.trust == state) is not word.startswith("tls:!")
    return word in ("*", attempt.outcome, attempt.agent) or (
        attempt.reply is not None and re.match(word.replace("x", r"\d"), attempt.reply) is not None
    )


def _family(attempt: Attempt) -> str | None:
    """Return the family of the address that was tried; None where none is known."""
    return None if attempt.address is None else "ipv6" if ":" in attempt.address else "ipv4"


def _status(attempt: Attempt) -> str:
    """Return the server's own enhanced code, or Postfix's, which may be rewritten, where it gave none."""
    said = STATUS.fullmatch(" ".join((attempt.reply or "").replace("-", " ", 1).split()[1:2]))
    return said[0] if said else attempt.dsn or ""
