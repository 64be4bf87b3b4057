"""A table for Postfix (socketmap_table(5)): which domains a host takes mail for, as the zones say.

The request "<host name> <domain>" gets "OK <domain>" if the host is a mail exchanger of the domain, else "NOTFOUND ".
Postfix asks for other keys as well, addresses for instance; they are not found. Faults do not change these answers.
"""

from __future__ import annotations

import asyncio

from dnszone.exchangers import is_exchanger
from dnszone.masterfile import absolute
from dnszone.problem import InvalidError
from dnszone.zones import Zones

LONGEST = 10_000  # bytes of a request; Postfix's own limit for replies is 100,000
DIGITS = 5


async def serve(zones: Zones, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer the requests of one connection, which lasts as long as Postfix keeps it."""
    while (request := await _read(reader)) is not None:
        writer.write(_netstring(answer(zones, request)))
        await writer.drain()
        await asyncio.sleep(0)  # one that asks without pause does not keep the others waiting


def answer(zones: Zones, request: str) -> str:
    """Return the reply to a request."""
    host, _, key = request.partition(" ")
    if not host or not key:
        return 'PERM the request is not "host domain"'
    try:
        found = is_exchanger(zones, absolute(host), absolute(key))
    except InvalidError:  # a key that is no domain
        found = False
    return f"OK {key}" if found else "NOTFOUND "


async def _read(reader: asyncio.StreamReader) -> str | None:
    """Return the next netstring; None at the end, or where the peer speaks something else."""
    try:
        length = await reader.readuntil(b":")
        if not length[:-1].isdigit() or len(length) > DIGITS + 1 or int(length[:-1]) > LONGEST:
            return None
        text = await reader.readexactly(int(length[:-1]) + 1)
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        return None
    return text[:-1].decode("utf-8", "replace") if text.endswith(b",") else None


def _netstring(text: str) -> bytes:
    data = text.encode()
    return f"{len(data)}:".encode() + data + b","
