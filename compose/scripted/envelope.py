"""Reads the arguments of MAIL and RCPT (RFC 5321 4.1.1.2, 4.1.1.3) and says what is wrong with them.

Every function returns None or a :class:`Reply` with the refusal.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from scripted.reply import Reply

PATH = re.compile(
    r"(?P<word>FROM|TO): ?<(?:@[^:>]*:)?"  # a source route is dropped (RFC 5321 appendix C)
    r"(?P<mailbox>(?:\"(?:\\.|[^\"\\])*\"|[^\">\s])*)>(?:\s+(?P<parameters>.*))?",
    re.IGNORECASE | re.ASCII,  # other blanks may be part of a mailbox (RFC 6531 3.3)
)
BLANKS = " \t"  # WSP, the only ones of SMTP (RFC 5321 4.1.1)
# Keyword of a parameter: the extension that brings it, and the values it may have.
PARAMETERS: dict[str, dict[str, tuple[str, str]]] = {
    "MAIL": {
        "SIZE": ("SIZE", r"\d{1,20}"),  # RFC 1870 5
        "BODY": ("8BITMIME", r"7BIT|8BITMIME"),  # RFC 6152 2
        "SMTPUTF8": ("SMTPUTF8", r""),  # RFC 6531 3.4
        "RET": ("DSN", r"FULL|HDRS"),  # RFC 3461 4.3
        "ENVID": ("DSN", r"[!-~]{1,100}"),  # RFC 3461 4.4
        "AUTH": ("AUTH", r"[!-~]+"),  # RFC 4954 5
    },
    "RCPT": {
        "NOTIFY": ("DSN", r"NEVER|(?:SUCCESS|FAILURE|DELAY)(?:,(?:SUCCESS|FAILURE|DELAY))*"),  # RFC 3461 4.1
        "ORCPT": ("DSN", r"[A-Za-z0-9-]+;[!-~]+"),  # RFC 3461 4.2
    },
}


@dataclass(frozen=True, slots=True)
class Path:
    """A mailbox ("" for the null reverse-path) and its parameters; one without a value has ""."""

    mailbox: str
    parameters: dict[str, str]

    @property
    def size(self) -> int:
        """The announced size in bytes, 0 where there is none."""
        return int(self.parameters.get("SIZE") or 0)


def read_path(verb: Literal["MAIL", "RCPT"], argument: str) -> Path | None:
    """Return what *argument* of *verb* says, None for bad syntax."""
    found = PATH.fullmatch(argument.strip(BLANKS))
    if found is None or found["word"].upper() != ("FROM" if verb == "MAIL" else "TO"):
        return None
    parameters = {}
    for parameter in (found["parameters"] or "").replace("\t", " ").split(" "):
        if not parameter:
            continue
        keyword, _, value = parameter.partition("=")
        parameters[keyword.upper()] = value
    return Path(found["mailbox"], parameters)


def refuse(verb: Literal["MAIL", "RCPT"], path: Path, keywords: frozenset[str], *, utf8: bool) -> Reply | None:
    """Return why *path* cannot be accepted where *keywords* are offered; *utf8*: SMTPUTF8 was declared."""
    whose, code = ("sender", "5.1.7") if verb == "MAIL" else ("recipient", "5.1.3")  # RFC 3463 3.2
    local, at, domain = path.mailbox.rpartition("@")
    short = (verb == "MAIL" and not path.mailbox) or path.mailbox.lower() == "postmaster"  # RFC 5321 4.5.1
    if not short and not (local and at and domain):
        return Reply.of(f"501 {code} Bad {whose} address syntax")
    if not path.mailbox.isascii() and not utf8:
        return Reply.of("553 5.6.7 Must declare SMTPUTF8 to send unicode address")  # RFC 6531 3.5
    for keyword, value in path.parameters.items():
        known = PARAMETERS[verb].get(keyword)
        if keyword not in keywords and (known is None or known[0] not in keywords):
            return Reply.of(f"555 5.5.4 Unsupported option: {keyword}")  # RFC 5321 4.1.1.11
        brought = keyword == "BODY" and value.upper() in keywords  # by a script: BODY=BINARYMIME (RFC 3030 3)
        if known and not brought and not re.fullmatch(known[1], value, re.IGNORECASE | re.ASCII):
            return Reply.of(f"501 5.5.4 Bad value of {keyword}: {value}")
    return None
