"""The fields of a delivery line of Postfix: ``to=<"odd, relay=x"@dest.test>, relay=none, ..., status=sent (ok)``.

Addresses are chosen by strangers and may imitate what follows them. Postfix quotes them (info_log_address_format, RFC
5322 3.2.4), and so does this grammar: what stands between quotes, or in an address literal, ends no field.
"""

from __future__ import annotations

import re
from typing import NamedTuple

QUOTED = r'"(?:[^"\\]|\\.){0,2000}+"'
ADDRESS = rf"(?:{QUOTED})?+[^>\[]{{0,2000}}+(?:\[[^\]]{{0,2000}}+\])?+[^>]{{0,2000}}+"
"""Local-part, and Domain or address-literal (RFC 5321 4.1.2); no longer than a log line."""

TO = re.compile(rf"to=<(?P<to>{ADDRESS})>, (?:orig_to=<(?P<original>{ADDRESS})>, )?+(?=relay=)", re.DOTALL)
UNQUOTED = re.compile(r"to=<(?P<to>.*?)>, (?:orig_to=<(?P<original>.*?)>, )?(?=relay=)", re.DOTALL)  # "internal" form
FIELD = re.compile(r"([a-z_]+)=")
NEXT = re.compile(r", (?=[a-z_]+=)")
STATUS = re.compile(r"status=(\w{1,30}) \((.*)", re.DOTALL)


class Fields(NamedTuple):
    """What a delivery line says (log_adhoc.c). ``values`` has the fields between the addresses and the status."""

    to: str
    original: str | None
    values: dict[str, str]
    status: str
    text: str


def read(line: str, *, cut: bool = False) -> Fields | None:
    """Return the fields of a delivery line; None for any other.

    A field that is not known is a field: Postfix 3.11 has "tls=" before "dsn=". *cut*: the end of the line is missing.
    """
    head = TO.match(line) or UNQUOTED.match(line)
    if head is None:
        return None
    values: dict[str, str] = {}
    at = head.end()
    while (field := FIELD.match(line, at)) and field[1] != "status":
        end = NEXT.search(line, field.end())
        if end is None:
            return None
        values.setdefault(field[1], line[field.end() : end.start()])
        at = end.end()
    status = STATUS.fullmatch(line, at)
    if status is None:
        return None
    text = status[2] if cut else status[2].removesuffix(")")
    return Fields(head["to"], head["original"], values, status[1], text)
